"""What must hold of the rows themselves: nothing points at what is not there, and derived columns are in step."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models

from kb.models import ReturnCode
from kb.models.guards import TRIGGERS
from kb.models.sql import SHOWN, few, is_postgres, named, rows, table_of
from kb.text.codes import forms as text_code

_TRIGGERS = set(TRIGGERS)
_DERIVED = ("code", "identity", "canonical", "number", "sort_key")
# Revisions outlive what they name, but not the revision that they belong to or the import that made them.
_OF_REVISIONS = {"history", "table_import"}


def orphans() -> Iterator[str]:
    """Yield the rows that point at a row that is not there. Not every reference has a constraint in the database."""
    for model in apps.get_models(include_auto_created=True):
        is_past = model.__name__.startswith("Historical")
        for field in model._meta.concrete_fields:
            if (field.many_to_one or field.one_to_one) and (not is_past or field.name in _OF_REVISIONS):
                yield from _pointing_nowhere(model, field)


def _pointing_nowhere(model: type[models.Model], field: Any) -> Iterator[str]:
    quote = connection.ops.quote_name
    column, key = quote(field.column), quote(str(model._meta.pk.column))
    target, pointed_at = table_of(field.related_model), quote(field.target_field.column)
    found = few(
        f"SELECT t.{key} FROM {table_of(model)} AS t WHERE t.{column} IS NOT NULL AND NOT EXISTS"
        f" (SELECT 1 FROM {target} AS o WHERE o.{pointed_at} = t.{column}) ORDER BY 1"
    )
    if found:
        which = named([pk for (pk,) in found])
        yield f"{model._meta.db_table} {which}: its {field.name} does not exist."


def codes() -> Iterator[str]:
    """Yield the codes whose derived forms are not those of the code, or whose section is another table's."""
    foreign = few(
        "SELECT c.id FROM kb_returncode AS c JOIN kb_section AS s ON s.id = c.section_id"
        " WHERE s.table_id <> c.table_id ORDER BY 1"
    )
    if foreign:
        yield f"Code {named([pk for (pk,) in foreign])} is in a section of another table."
    wrong: list[int] = []
    for pk, *stored in ReturnCode.objects.order_by("pk").values_list("pk", *_DERIVED).iterator():
        forms = text_code.forms(stored[0])
        if [getattr(forms, name) for name in _DERIVED] != stored:
            wrong.append(pk)
        if len(wrong) > SHOWN:
            break
    if wrong:
        yield f"Code {named(wrong)} is stored with derived values that do not match the code."


def guards() -> Iterator[str]:
    """Yield what the database itself should refuse and no longer would."""
    if is_postgres():
        unproved = few("SELECT conname FROM pg_constraint WHERE NOT convalidated ORDER BY 1")
        invalid = few("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
        if unproved:
            yield f"The database has constraints that are not validated: {named([name for (name,) in unproved])}."
        if invalid:
            yield f"The database has broken indexes: {named([name for (name,) in invalid])}."
        if not rows("SELECT 1 FROM pg_constraint WHERE conname = 'code_section_of_table'"):
            yield "The constraint code_section_of_table is missing."
        return
    there = {name for (name,) in rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    if _TRIGGERS - there:
        yield f"The database is missing triggers: {named(sorted(_TRIGGERS - there))}."
    damage = [said for (said,) in rows("PRAGMA integrity_check(6)") if said != "ok"]
    if damage:
        yield f"SQLite reports a damaged file: {named(damage)}."
