"""Face: the Django admin, where support staff edit the knowledge base."""
