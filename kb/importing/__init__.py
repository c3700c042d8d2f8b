"""Updated tables: read a file, plan what it changes, apply the plan in one transaction, take it back."""
