"""Floor 0: pure functions on text. Nothing here imports Django's models or a database."""
