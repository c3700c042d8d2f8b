"""Keeping a site in order: whether it is fit to answer, what is wrong with it, and copies of it.

ready.py       what keeps a server from answering, in a few cheap queries
"""
