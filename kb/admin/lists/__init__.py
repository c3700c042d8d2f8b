"""Parts of the admin's lists: filters, strict addresses, actions on many rows, and tags."""
