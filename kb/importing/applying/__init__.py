"""Decide, apply and roll back a planned import."""
