"""PostgreSQL with a bound on every wait, also if the server is frozen and says nothing."""
