"""Decide about a planned import, apply it, roll it back."""
