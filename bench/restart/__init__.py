"""Requests lost by a rolling restart."""
