"""Face: the command line."""
