"""The endpoints of the API, one noun per file."""
