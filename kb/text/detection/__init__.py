"""Return codes in a pasted ticket or log."""
