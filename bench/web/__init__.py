"""How fast pages are with many codes, and what they weigh."""
