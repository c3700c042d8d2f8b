"""Commands of `manage.py`; each only translates between the shell and a verb."""
