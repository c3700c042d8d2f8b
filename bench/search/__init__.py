"""How quick search is."""
