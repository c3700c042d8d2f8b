"""Rows of a file to a stored plan; `plan.plan_import` is the entry."""
