"""Floor 0: pure functions on text. Nothing here imports Django or uses a database."""
