"""All checks of a site, by area. Each yields sentences about what is wrong."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import chain, islice

from django.db import DatabaseError, connection, transaction

from kb import answers, searching
from kb.models.sql import one_view
from kb.ops.doctor import revisions, rows, site
from kb.ops.doctor.changes import numbers, objects

MAX_SENTENCES = 20
"""Most sentences of one area, because one fault may affect thousands of rows."""

Check = Callable[[], Iterator[str]]


def _index() -> Iterator[str]:
    for difference in chain(searching.differences(), answers.differences()):
        yield f"The search index is out of date: {difference}. Run manage.py reindex."


QUICK: dict[str, Check] = {
    "settings": site.configured,
    "database": site.database,
    "index": site.index,
    "permissions": site.permissions,
    "sources": site.sources,
    "disk": site.disk,
}
NEEDS_NO_DATABASE = ("settings", "disk")
DEEP: dict[str, Check] = {
    "feed": numbers,
    "objects": objects,
    "histories": revisions.problems,
    "references": rows.orphans,
    "codes": rows.codes,
    "guards": rows.guards,
    "documents": _index,
}


def examine(checks: dict[str, Check]) -> Iterator[tuple[str, list[str]]]:
    """Yield each area with its problems, all as of one moment. Writers do not wait."""
    connection.ensure_connection()
    with one_view():
        for area, check in checks.items():
            yield area, _sentences(check)


def examine_without_database(checks: dict[str, Check], error: DatabaseError) -> dict[str, list[str]]:
    """Return the problems by area while the database is down: its error, and the checks that need no database."""
    sentences = {area: list(checks[area]()) for area in NEEDS_NO_DATABASE if area in checks}
    return {"database": [f"The database does not answer: {' '.join(str(error).split())}"]} | sentences


def _sentences(check: Check) -> list[str]:
    try:
        # On PostgreSQL, a failed statement would end the transaction of the other checks.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            sentences = list(islice(check(), MAX_SENTENCES + 1))
    except DatabaseError as error:
        return [f"This could not be checked: {type(error).__name__}. Are all migrations applied?"]
    if len(sentences) > MAX_SENTENCES:
        sentences[MAX_SENTENCES:] = ["... and more like this."]
    return sentences
