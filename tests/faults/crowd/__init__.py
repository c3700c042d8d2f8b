"""Many at once: readers, editors, importers and copies, against a real server, each noting what they were told.

world.py    what they work with, made and imported by processes of the product
people.py   one thread a person, their requests counted; readers
desk.py     editors and reviewers, by the forms of the admin
copying.py  a copy that follows the feed
"""

MARK = "Hidden7421"
"""Stands in everything that is internal, and in nothing that is public."""
