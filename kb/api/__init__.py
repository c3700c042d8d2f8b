"""Face: the read API for programs."""
