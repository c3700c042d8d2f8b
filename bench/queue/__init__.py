"""How quick the work queue is."""
