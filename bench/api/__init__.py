"""How fast the API answers, and how fast its peers do."""
