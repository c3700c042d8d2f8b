"""Import a file: upload it, review its plan, apply it or roll it back."""
