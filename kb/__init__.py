"""Codebook: a support knowledge base for vendors' return codes.

One app on several floors, where every import goes down. docs/developing.md has the map, the words and the recipes.
"""

VERSION = "0.7.0"
"""The version of the product."""
