"""Compare the rows of a file with their table, and store the plan."""
