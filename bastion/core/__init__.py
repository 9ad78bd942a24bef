"""What decides. Pure: no asyncio, time, os, logging, sockets or files."""
