"""English, the language of the product."""
