"""The answers about plain codes, which the database makes itself: in a tenth of the time that `build` takes.

A code is plain without notes, incidents, a successor, extra columns and texts of support's own, and if an address has
it unchanged: most codes of most tables. `build` makes the same texts, and a test compares them.
"""

from collections.abc import Iterator, Sequence

import orjson
from django.urls import get_script_prefix

from kb.answers.build import EMPTY_CARD, address_of
from kb.models import Audience
from kb.models.fields import VENDOR_TEXTS
from kb.models.sql import exactly, is_postgres, rows, run

_PLACES = """
    SELECT s.id, t.slug, t.audience, s.slug, s.name FROM kb_section AS s JOIN kb_codetable AS t ON t.id = s.table_id
    WHERE s.id IN (SELECT c.section_id FROM kb_returncode AS c WHERE {})
"""
_IS_PLAIN = f"""
    c.extra = '{{}}' AND c.successor_id IS NULL
    AND {" AND ".join(f"c.vendor_{name} = c.{name}" for name in VENDOR_TEXTS)}
    AND NOT EXISTS (SELECT 1 FROM kb_troubleshootingnote_codes AS l WHERE l.returncode_id = c.id)
    AND NOT EXISTS (SELECT 1 FROM kb_incidentlink_codes AS l WHERE l.returncode_id = c.id)
    AND NOT EXISTS (
        SELECT 1 FROM kb_coderange AS r JOIN kb_troubleshootingnote_ranges AS l ON l.coderange_id = r.id
        WHERE r.table_id = c.table_id AND r.first <= c.number AND r.last >= c.number
    )
"""


def store(code_ids: Sequence[int]) -> list[int]:
    """Store the answers about the plain ones of some codes, which must have none; return the ids of the others."""
    condition, pks = exactly("c.id", code_ids)
    places = list(_places(condition, pks))
    if not places:
        return []
    marks = ", ".join(["(%s, %s, %s, %s)"] * len(places))
    run(
        f"""
        WITH place (section_id, opening, folder, public) AS (VALUES {marks})
        INSERT INTO kb_finishedanswer (code_id, row, card, public_row, public_card)
        SELECT c.id, {_row()}, '{EMPTY_CARD}', p.public, '' FROM kb_returncode AS c
        JOIN place AS p ON p.section_id = c.section_id WHERE {condition} AND {_is_address()} AND {_IS_PLAIN}
        """,  # noqa: S608
        *(value for place in places for value in place),
        *pks,
    )
    others = "NOT EXISTS (SELECT 1 FROM kb_finishedanswer AS a WHERE a.code_id = c.id)"
    return [pk for (pk,) in rows(f"SELECT c.id FROM kb_returncode AS c WHERE {condition} AND {others}", *pks)]  # noqa: S608


def _places(condition: str, pks: list[int]) -> Iterator[tuple[int, str, str, str | None]]:
    """Yield the sections of codes: id, table and section as JSON, how an address begins, and the public's row."""
    prefix = get_script_prefix()
    for pk, table, audience, slug, name in rows(_PLACES.format(condition), *pks):
        opening = orjson.dumps({"table": table, "section": {"name": name, "slug": slug}}).decode()
        folder = orjson.dumps(address_of({"table": table, "section": slug, "code": "0"}, prefix)).decode()
        yield pk, opening[1:-1], folder.removesuffix('0/"'), "" if audience == Audience.PUBLIC else None


def _row() -> str:
    """Return the SQL of a row: what `build` makes of a plain code."""
    parts = [
        ("id", "c.id"),
        ("code", _text("c.code")),
        ("number", "coalesce(CAST(c.number AS text), 'null')"),
        *((name, _text(f"c.{name}")) for name in VENDOR_TEXTS),
        ("vendor", "'{}'"),
        ("extra", "'{}'"),
        *((name, _decided(name)) for name in ("disposition", "fixer")),
        ("retired_at", f"coalesce({_time('c.retired_at')}, 'null')"),
        *((name, value) for name, value in (("successor", "'null'"), ("has_notes", "'false'"))),
        ("has_open_incident", "'false'"),
        ("version", "c.version"),
        ("created_at", _time("c.created_at")),
        ("updated_at", _time("c.updated_at")),
        ("url", "p.folder || c.code || '/\"'"),
    ]
    named = [f"'\"{name}\":' || {value}" for name, value in parts]
    return " || ',' || ".join([f"'{{' || {named[0]}", "p.opening", *named[1:]]) + " || '}'"


def _text(column: str) -> str:
    return f"CAST(to_json({column}) AS text)" if is_postgres() else f"json_quote({column})"


def _decided(name: str) -> str:
    return f"""'{{"value":"' || c.{name} || '","origin":"' || c.{name}_origin || '"}}'"""


def _time(column: str) -> str:
    """Return the SQL of a time in UTC; a whole second has no fraction."""
    if not is_postgres():
        return f"""'"' || replace({column}, ' ', 'T') || 'Z"'"""
    words = f"""to_char({column} AT TIME ZONE 'UTC', '"""  # noqa: S608
    return f"""'"' || replace({words}YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '') || 'Z"'"""


def _is_address() -> str:
    """Return the condition that an address has a code unchanged."""
    return "c.code ~ '^[A-Za-z0-9_-]+$'" if is_postgres() else "c.code NOT GLOB '*[^A-Za-z0-9_-]*'"
