"""Face: the pages that agents read."""
