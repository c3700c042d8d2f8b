"""SQLite with one fair queue of writers for all processes of a machine."""
