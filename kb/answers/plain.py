"""The answers about plain codes, which the database makes itself: in a tenth of the time that `build` takes.

A code is plain without notes, incidents, a successor, extra columns and texts of support's own, and if an address has
it unchanged: most codes of most tables. `build` makes the same texts, and a test compares them.
"""

from collections.abc import Sequence

import orjson
from django.urls import get_script_prefix

from kb.answers.build import EMPTY_CARD, address_of
from kb.models import Audience
from kb.models.codes import PUBLISHED
from kb.models.fields import VENDOR_TEXTS
from kb.models.finished_answers import SHAPE
from kb.models.sql import exactly, is_postgres, marks, rows, run

_MOST_PLACES = 100
"""With more sections, finding that of each code would take longer than `build`."""

_PLACES = """
    SELECT s.id, t.slug, t.audience, s.slug, s.name, EXISTS (SELECT 1 FROM kb_coderange AS r WHERE r.table_id = t.id)
    FROM kb_section AS s JOIN kb_codetable AS t ON t.id = s.table_id WHERE s.id IN ({})
"""
_NO_OWN_TEXTS = " AND ".join(f"c.vendor_{name} = c.{name}" for name in VENDOR_TEXTS)
_IN_NO_RANGE = """
    (NOT p.has_ranges OR NOT EXISTS (
        SELECT 1 FROM kb_coderange AS r JOIN kb_troubleshootingnote_ranges AS l ON l.coderange_id = r.id
        WHERE r.table_id = c.table_id AND r.first <= c.number AND r.last >= c.number
    ))
"""
_LINKED = "SELECT returncode_id FROM kb_{}_codes WHERE returncode_id BETWEEN %s AND %s"


def store(code_ids: Sequence[int]) -> list[int]:
    """Store the answers about the plain ones of some codes, which must have none; return the ids of the others.

    The ids are in order, and there is at least one.
    """
    among, pks = exactly("c.id", code_ids)
    places = _places(among, pks)
    if len(places) > _MOST_PLACES:
        return list(code_ids)
    if places:
        values = ", ".join([f"({marks(place)})" for place in places])
        run(_insert(values, among), *(value for place in places for value in place), *pks, *_ends(pks), *_ends(pks))
    others = "NOT EXISTS (SELECT 1 FROM kb_finishedanswer AS a WHERE a.code_id = c.id)"
    return [pk for (pk,) in rows(f"SELECT c.id FROM kb_returncode AS c WHERE {among} AND {others}", *pks)]  # noqa: S608


def _ends(pks: list[int]) -> tuple[int, int]:
    return pks[0], pks[-1]


def _insert(places: str, among: str) -> str:
    # CROSS JOIN and `+ 0` make SQLite start from the codes, in the order of their ids.
    return f"""
        WITH place (section_id, opening, folder, public, has_ranges) AS (VALUES {places})
        INSERT INTO kb_finishedanswer (code_id, row, card, public_row, public_card, shape)
        SELECT c.id, {_row()}, '{EMPTY_CARD}', p.public, '', {SHAPE}
        FROM kb_returncode AS c CROSS JOIN place AS p
        WHERE {among} AND {PUBLISHED} AND p.section_id = c.section_id
        AND c.extra = '{{}}' AND c.successor_id + 0 IS NULL
        AND {_NO_OWN_TEXTS} AND {_is_address()} AND {_IN_NO_RANGE}
        AND c.id NOT IN ({_LINKED.format("troubleshootingnote")}) AND c.id NOT IN ({_LINKED.format("incidentlink")})
    """  # noqa: S608


def _places(among: str, pks: list[int]) -> list[tuple[int, str, str, str | None, bool]]:
    """Return the sections of codes: id, table and section as JSON, how an address begins, the public's row, ranges."""
    found = rows(f"SELECT DISTINCT c.section_id FROM kb_returncode AS c WHERE {among}", *pks)  # noqa: S608
    sections = rows(_PLACES.format(marks(found)), *(pk for (pk,) in found)) if found else []
    prefix, places = get_script_prefix(), []
    for pk, table, audience, slug, name, has_ranges in sections:
        opening = orjson.dumps({"table": table, "section": {"id": pk, "name": name, "slug": slug}}).decode()
        folder = orjson.dumps(address_of({"table": table, "section": slug, "code": "0"}, prefix)).decode()
        public = "" if audience == Audience.PUBLIC else None
        places.append((pk, opening[1:-1], folder.removesuffix('0/"'), public, bool(has_ranges)))
    return places


def _row() -> str:
    """Return the SQL of a row: what `build` makes of a plain code."""
    texts = "".join(f',"{name}":%%s' for name in ("code", "number", *VENDOR_TEXTS))
    decided = "".join(f',"{name}":{{"value":"%%s","origin":"%%s"}}' for name in ("disposition", "fixer"))
    form = f"""{{"id":%%s,%%s{texts},"vendor":{{}},"extra":{{}}{decided},"retired_at":%%s,"successor":null,\
"has_notes":false,"has_open_incident":false,"version":%%s,"created_at":%%s,"updated_at":%%s,"url":%%s%%s/"}}"""
    values = [
        *("c.id", "p.opening", _text("c.code"), "coalesce(CAST(c.number AS text), 'null')"),
        *(_text(f"c.{name}") for name in VENDOR_TEXTS),
        *("c.disposition", "c.disposition_origin", "c.fixer", "c.fixer_origin"),
        f"coalesce({_time('c.retired_at')}, 'null')",
        *("c.version", _time("c.created_at"), _time("c.updated_at"), "p.folder", "c.code"),
    ]
    return f"{'format' if is_postgres() else 'printf'}('{form}', {', '.join(values)})"


def _text(column: str) -> str:
    return f"CAST(to_json({column}) AS text)" if is_postgres() else f"json_quote({column})"


def _time(column: str) -> str:
    """Return the SQL of a time in UTC; a whole second has no fraction."""
    if not is_postgres():
        return f"""'"' || replace({column}, ' ', 'T') || 'Z"'"""
    time = f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')"""
    return f"""'"' || replace({time}, '.000000', '') || 'Z"'"""


def _is_address() -> str:
    """Return the condition that an address has a code unchanged."""
    return "c.code ~ '^[A-Za-z0-9_-]+$'" if is_postgres() else "c.code NOT GLOB '*[^A-Za-z0-9_-]*'"
