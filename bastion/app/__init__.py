"""The command line, the configuration and the wiring; the only place that knows every room."""
