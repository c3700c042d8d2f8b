"""Read a vendor's file into rows."""
