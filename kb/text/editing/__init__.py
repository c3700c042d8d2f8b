"""Differences between texts, and merges of them."""
