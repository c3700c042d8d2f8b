"""Keeping a site in order: whether it is fit to answer, what is wrong with it, and copies of it.

ready.py       what keeps a server from answering, in a few cheap queries
site.py        settings, database, permissions, disk
feed.py        what must hold of the feed; revisions.py of the histories, rows.py of the rows
examining.py   all of it, by area: `manage.py doctor`
copies.py      copies of the database and the way back, with what each database needs in copies_*.py
digest.py      what a database holds, in a few numbers
asking.py      plain SQL for all of these
"""
