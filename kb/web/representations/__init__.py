"""The same answers as Markdown and as JSON."""
