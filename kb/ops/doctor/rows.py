"""Checks of the rows: references lead to existing rows, and derived columns match their source."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models

from kb.models import ReturnCode
from kb.models.guards import TRIGGERS
from kb.models.sql import is_postgres, rows, table_of
from kb.ops.doctor.findings import MAX_LISTED, first_rows, listing, sentence_about
from kb.text.codes import forms as text_code

_TRIGGERS = set(TRIGGERS)
_DERIVED = ("code", "identity", "canonical", "number", "sort_key")
# Revisions stay when the rows they refer to are deleted. Only these two references must lead to existing rows.
_OF_REVISIONS = {"history", "table_import"}


def orphans() -> Iterator[str]:
    """Yield the rows with a reference to a missing row. Not every reference has a constraint in the database."""
    for model in apps.get_models(include_auto_created=True):
        is_past = model.__name__.startswith("Historical")
        for field in model._meta.concrete_fields:
            if (field.many_to_one or field.one_to_one) and (not is_past or field.name in _OF_REVISIONS):
                yield from _missing_targets(model, field)


def _missing_targets(model: type[models.Model], field: Any) -> Iterator[str]:
    quote = connection.ops.quote_name
    column, key = quote(field.column), quote(str(model._meta.pk.column))
    target, pointed_at = table_of(field.related_model), quote(field.target_field.column)
    ids = first_rows(
        f"SELECT t.{key} FROM {table_of(model)} AS t WHERE t.{column} IS NOT NULL AND NOT EXISTS"
        f" (SELECT 1 FROM {target} AS o WHERE o.{pointed_at} = t.{column}) ORDER BY 1"
    )
    if ids:
        names = listing([pk for (pk,) in ids])
        yield f"{model._meta.db_table} {names}: its {field.name} does not exist."


def codes() -> Iterator[str]:
    """Yield the codes with wrong derived forms, or with a section of another table."""
    foreign = first_rows(
        "SELECT c.id FROM kb_returncode AS c JOIN kb_section AS s ON s.id = c.section_id"
        " WHERE s.table_id <> c.table_id ORDER BY 1"
    )
    if foreign:
        yield sentence_about("code", [pk for (pk,) in foreign], "is in a section of another table")
    wrong: list[int] = []
    for pk, *stored in ReturnCode.objects.published().order_by("pk").values_list("pk", *_DERIVED).iterator():
        forms = text_code.forms(stored[0])
        if [getattr(forms, name) for name in _DERIVED] != stored:
            wrong.append(pk)
        if len(wrong) > MAX_LISTED:
            break
    if wrong:
        yield sentence_about("code", wrong, "is stored with derived values that do not match the code")


def guards() -> Iterator[str]:
    """Yield missing or broken constraints, triggers and indexes of the database."""
    if is_postgres():
        unproved = first_rows("SELECT conname FROM pg_constraint WHERE NOT convalidated ORDER BY 1")
        invalid = first_rows("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
        if unproved:
            yield f"The database has constraints that are not validated: {listing([name for (name,) in unproved])}."
        if invalid:
            yield f"The database has broken indexes: {listing([name for (name,) in invalid])}."
        if not rows("SELECT 1 FROM pg_constraint WHERE conname = 'code_section_of_table'"):
            yield "The constraint code_section_of_table is missing."
        return
    there = {name for (name,) in rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    if _TRIGGERS - there:
        yield f"The database is missing triggers: {listing(sorted(_TRIGGERS - there))}."
    damage = [message for (message,) in rows("PRAGMA integrity_check(6)") if message != "ok"]
    if damage:
        yield f"SQLite reports a damaged file: {listing(damage)}."
