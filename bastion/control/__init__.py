"""The local control socket and its JSON-lines protocol."""
