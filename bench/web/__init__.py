"""How fast pages are with many codes, and their size."""
