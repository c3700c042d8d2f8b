"""Sources that are watched: fetch a vendor's table, and leave a plan waiting when its rows have changed.

asks.py            asks the sources that are due, one process at a time for each
network_guard.py   which addresses may be asked; fetcher.py asks them over HTTP, within limits
places.py          the file that a source has now; git_files.py, npm_packages.py and folders.py know the other kinds
content.py         whether the rows of a file are new, and whether they still look like the table
"""
