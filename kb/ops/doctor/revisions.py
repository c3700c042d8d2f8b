"""Checks of the histories: each version of a row has its revision, and the latest one matches the row."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, models

from kb.models.history import link_tables
from kb.models.sql import is_postgres, table_of
from kb.ops.doctor.changes import BORN_IN_MIGRATIONS
from kb.ops.doctor.findings import first_rows, sentence_about
from kb.services import journal

NO_REVISION = {"returncode": {"position"}}
"""Fields that change without a revision: an import that only reorders a table writes none."""


def problems() -> Iterator[str]:
    """Yield the problems of the histories."""
    for noun, model in journal.models_in_feed().items():
        if hasattr(model, "history"):
            yield from _numbers(noun, model)
            yield from _words(noun, model)
            yield from _links(noun, model)


def _numbers(noun: str, model: Any) -> Iterator[str]:
    row, revision = table_of(model), table_of(model.history.model)
    versions = f"""
        SELECT id, count(*) AS number, count(DISTINCT version) AS versions, min(version) AS first, max(version) AS last
        FROM {revision} WHERE history_type <> '-' GROUP BY id
    """
    first = "kept.first > 2" if noun in BORN_IN_MIGRATIONS else "kept.first <> 1"
    silent = " AND t.version > 1" if noun in BORN_IN_MIGRATIONS else ""
    ended = f"SELECT 1 FROM {revision} AS e WHERE e.id = {{}}.id AND e.history_type = '-'"
    sentences = {
        "has no revision of its current version": f"""
            SELECT t.id FROM {row} AS t LEFT JOIN ({versions}) AS kept ON kept.id = t.id
            WHERE (kept.last IS NULL OR kept.last <> t.version){silent} ORDER BY 1""",
        "has missing or duplicate revisions of earlier versions": f"""
            SELECT id FROM ({versions}) AS kept WHERE number <> versions OR number <> last - first + 1 OR {first}
            ORDER BY 1""",
        "has revisions but no row, and no revision of its deletion": f"""
            SELECT kept.id FROM ({versions}) AS kept LEFT JOIN {row} AS t ON t.id = kept.id
            WHERE t.id IS NULL AND NOT EXISTS ({ended.format("kept")}) ORDER BY 1""",
        "has a revision of its deletion, but its row exists": f"""
            SELECT t.id FROM {row} AS t WHERE EXISTS ({ended.format("t")}) ORDER BY 1""",
    }
    for sentence, sql in sentences.items():
        ids = [pk for (pk,) in first_rows(sql)]
        if ids:
            yield sentence_about(noun, ids, sentence)


def _words(noun: str, model: type[models.Model]) -> Iterator[str]:
    """Compare each row with the revision of its version, field by field, in the database."""
    exceptions = NO_REVISION.get(str(model._meta.model_name), set())
    row, revision = table_of(model), table_of(model.history.model)  # type: ignore[attr-defined]
    for field in model.history.model.tracked_fields:  # type: ignore[attr-defined]
        if field.primary_key or field.name in exceptions:
            continue
        ids = first_rows(
            f"SELECT t.id FROM {row} AS t JOIN {revision} AS h ON h.id = t.id AND h.version = t.version"
            f" AND h.history_type <> '-' WHERE {_differs(field)} ORDER BY 1"
        )
        if ids:
            yield sentence_about(noun, [pk for (pk,) in ids], f"differs from its revision in {field.name}")


def _differs(field: Any) -> str:
    column = connection.ops.quote_name(field.column)
    differs = f"t.{column} {'IS DISTINCT FROM' if is_postgres() else 'IS NOT'} h.{column}"
    if not field.many_to_one:
        return differs
    # The target, such as a user, may be deleted. The history still has its id.
    there = f"EXISTS (SELECT 1 FROM {table_of(field.related_model)} AS o WHERE o.id = h.{column})"
    return f"{differs} AND (t.{column} IS NOT NULL OR {there})"


def _links(noun: str, model: Any) -> Iterator[str]:
    """Compare the links of each row with those of the revision of its version."""
    history = model.history.model
    for name, past in link_tables(model).items():
        field = model._meta.get_field(name)
        now, mine, other = table_of(field.remote_field.through), field.m2m_column_name(), field.m2m_reverse_name()
        row, revision, then = table_of(model), table_of(history), table_of(past)
        joined = f"{row} AS t JOIN {revision} AS h ON h.id = t.id AND h.version = t.version AND h.history_type <> '-'"
        recorded = f"SELECT 1 FROM {then} AS p WHERE p.history_id = h.history_id AND p.{other} = n.{other}"
        present = f"SELECT 1 FROM {now} AS n WHERE n.{mine} = t.id AND n.{other} = p.{other}"
        target = table_of(field.related_model)
        ids = first_rows(
            f"SELECT t.id FROM {joined} JOIN {now} AS n ON n.{mine} = t.id WHERE NOT EXISTS ({recorded})"
            f" UNION SELECT t.id FROM {joined} JOIN {then} AS p ON p.history_id = h.history_id"
            # A range may have been deleted since, with its links.
            f" JOIN {target} AS o ON o.id = p.{other} WHERE NOT EXISTS ({present}) ORDER BY 1"
        )
        if ids:
            yield sentence_about(noun, [pk for (pk,) in ids], f"differs from its revision in {name}")
