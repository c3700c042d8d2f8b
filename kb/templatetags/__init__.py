"""Template tags that pages and the admin share."""
