"""Imports of updated code tables: read a file, plan what it changes, apply the plan in one transaction, roll it back.

reading/    files of any format to rows and problems
planning/   rows to a stored plan: compare them with the table, change nothing
applying/   decisions about a plan, the transaction that writes it, its roll-back
stage.py    the file's rows in temporary tables, where SQL compares them
uploads.py  uploaded files in the database, until their plan is closed
errors.py   why an import is refused
watched_sources/    where vendors publish tables, asked for new versions

The steps of an import:
1. `reading.sources.open_source` recognises format, encoding and columns, and yields rows and problems.
2. `planning.plan.plan_import` copies the rows into temporary tables; `matches` finds the code of each row in SQL.
3. `planning.row_store` stores each difference and problem as an ImportRow; a TableImport holds them together.
4. People decide about conflicts with `applying.decisions`, then `applying.transaction.apply_import` writes the plan.
5. `applying.rollback.roll_back` restores what an import changed, except codes that somebody edited since: `undo` finds
   what each code gets back, `order` restores the order of the table.
"""
