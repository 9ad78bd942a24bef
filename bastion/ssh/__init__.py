"""The SSH door: server, authentication, certificates, channels and the line editor."""
