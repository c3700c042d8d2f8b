"""What a Tab in a shell offers: tables and codes, read without loading Django's apps, which would take too long."""

import re
import warnings

from django.db import connection

from kb.text.codes import forms as text_code

MAX_CODES = 50
KINDS = ("tables", "codes")

_HARMLESS = re.compile(r"[\w.+/%-]+")
"""Shells run what some codes hold, and break words at colons: only these come on a command line."""

_CODES = (
    "SELECT DISTINCT c.code FROM kb_returncode AS c WHERE c.canonical >= %s AND c.canonical < %s"
    " AND NOT EXISTS (SELECT 1 FROM kb_tombstone AS x WHERE x.code_id = c.id) ORDER BY c.code LIMIT %s"
)


def words(kind: str, beginning: str = "") -> list[str]:
    """Return the slugs of the tables, or codes, that begin with a text. [] for the beginning of no code."""
    if kind == "tables":
        column = _column("SELECT slug FROM kb_codetable ORDER BY slug")
    elif text_code.readings(beginning):
        canonical = text_code.canonical(beginning)
        column = _column(_CODES, canonical, canonical + "\U0010ffff", MAX_CODES)
    else:
        column = []
    return [word for word in column if word.startswith(beginning) and _HARMLESS.fullmatch(word)]


def _column(sql: str, *values: str | int) -> list[str]:
    with connection.cursor() as cursor, warnings.catch_warnings():
        # Django warns of queries before its apps are loaded. Here they never are.
        warnings.simplefilter("ignore", RuntimeWarning)
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
