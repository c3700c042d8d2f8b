"""Face: the shell."""
