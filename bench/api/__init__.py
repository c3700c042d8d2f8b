"""How fast the API answers, beside what one would use instead."""
