"""Face: the Django admin, where support staff curate."""
