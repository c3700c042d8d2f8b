"""Floor 2, writes, one noun a file. Each service checks its precondition, writes, and records the change."""
