"""Breaks the product in small ways, one at a time, and asks which test sees it: `make mutants`.

A mutant is the product with one small change: a comparison flipped, a guard dropped, a condition forgotten. It is
caught when a test fails. One that survives is a rule that nobody tests, or a change that nobody can see: those are in
`equivalents.toml`, each with its reason.
"""
