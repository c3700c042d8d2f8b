"""Commands of `manage.py`: each translates between the command line and a service or query."""
