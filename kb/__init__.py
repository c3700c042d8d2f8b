"""Codebook: a support knowledge base for vendors' return codes.

One app, four floors; every import goes down, and `import-linter` holds it (see pyproject.toml).

floor 0  text/       pure functions on text: canonical codes, dispositions, Markdown; no Django models
floor 1  models/     rows, constraints and chainable QuerySets; one noun a file
floor 2  verbs       journal.py (every write passes through it), curating.py, publishing.py, proposing/,
                     importing/, snapshot/, searching/, and lookup.py, the one read door of every face
floor 3  faces       admin/ api/ web/ mcp/ management/commands/; no rule of the domain lives here
"""
