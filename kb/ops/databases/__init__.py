"""Django's database backends, bounded: nobody waits for PostgreSQL without end, and SQLite's writers take turns."""
