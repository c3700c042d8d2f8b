"""Sources that are watched: fetch a vendor's table, and leave a plan waiting when its rows have changed.

asks.py            asks the sources that are due, one process at a time for each
network_guard.py   which addresses may be asked; fetcher.py asks them over HTTP, within limits
git_files.py, npm_packages.py, folders.py    the other kinds of sources
content.py         whether the rows of a file are new, and whether they still look like the table
"""
