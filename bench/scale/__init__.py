"""How times grow from ten thousand codes to a million."""
