"""Imports in the admin: upload a file, review its plan, apply it or roll it back."""
