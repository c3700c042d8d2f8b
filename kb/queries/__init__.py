"""Floor 2, reads: what a user may see, one noun a file."""
