"""How quick the queue is."""
