"""Return codes with their tables and sections, read by plain SQL.

For a look-up by a key, Django needs several times longer to write the SQL than the database needs to answer it.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db import connections, router

from kb.models.codes import PUBLISHED, ReturnCode
from kb.models.sections import Section
from kb.models.sql import MAX_VALUES, batches, is_postgres, marks, objects
from kb.models.tables import CodeTable
from kb.models.visibility import Person, Reader, condition, reader

_OF_SECTION = ("name", "slug", "position")
_OF_TABLE = ("slug", "vendor", "product", "name", "language", "source_url", "audience")
SOURCE = (
    "kb_returncode AS c JOIN kb_codetable AS t ON t.id = c.table_id + 0 JOIN kb_section AS s ON s.id = c.section_id + 0"
)
"""The tables `c`, `t` and `s` that conditions may name. `+ 0` makes databases start from the codes, not from tables."""
_LONG = {"possible_reasons", "suggested_actions", "extra", "created_at", "updated_at"}
_PLACES = [
    *(f"s.{name} AS section_{name}" for name in _OF_SECTION),
    *(f"t.{name} AS table_{name}" for name in _OF_TABLE),
]
_TABLE: Any = ReturnCode._meta.get_field("table")
_SECTION: Any = ReturnCode._meta.get_field("section")
_MANY = 10
_FIELDS = [str(field.column) for field in ReturnCode._meta.concrete_fields]
_WHOLE = ", ".join([*(f"c.{name}" for name in _FIELDS), *_PLACES])
_BRIEF = ", ".join(
    [*(f"c.{name}" for name in _FIELDS if name not in _LONG and not name.startswith("vendor_")), *_PLACES]
)


def codes_where(
    where: str,
    parameters: Sequence[Any],
    user: Person | None,
    ending: str = "",
    more: str = "",
    is_brief: bool = False,
) -> list[ReturnCode]:
    """Return the codes that a user may read and that meet a condition, in one query.

    `where`, `ending` (an order and a limit) and `more` (further columns) are SQL with the names of `SOURCE`. The values
    of `more` become attributes. `parameters` belong to the SQL in this order: more, where, ending. Brief codes lack
    what only a card shows: reading that later costs a query for each code.
    """
    visible = condition(reader(user), "t.audience")
    columns = f"{_BRIEF if is_brief else _WHOLE}{more}"
    sql = f"SELECT {columns} FROM {SOURCE} WHERE {where} AND {visible} AND {PUBLISHED} {ending}"  # noqa: S608
    return _with_places(objects(ReturnCode, sql, *parameters))


def codes_by_id(ids: Sequence[int], user: Person | None, is_brief: bool = False) -> dict[int, ReturnCode]:
    """Return those of some codes that a user may read, by id."""
    if not ids:
        return {}
    return {code.pk: code for code in codes_where(f"c.id IN ({marks(ids)})", ids, user, is_brief=is_brief)}


def codes_by_form(forms: Collection[str], user: Person | None, table: int | None = None) -> dict[str, list[ReturnCode]]:
    """Return the brief codes that a user may read, by canonical form: one query for every 10,000 forms."""
    by_form: dict[str, list[ReturnCode]] = {}
    for batch in _batches(forms):
        for code in _codes_with(*with_forms(batch), user, table):
            by_form.setdefault(code.canonical, []).append(code)
    return by_form


def codes_by_symbol(
    names: Collection[str], user: Person | None, table: int | None = None
) -> dict[str, list[ReturnCode]]:
    """Return the brief codes that a user may read, by their symbols in capitals, like `codes_by_form`."""
    by_symbol: dict[str, list[ReturnCode]] = {}
    for batch in _batches(names):
        for code in _codes_with(f"c.symbol > '' AND UPPER(c.symbol) IN ({marks(batch)})", batch, user, table):
            by_symbol.setdefault(code.symbol.upper(), []).append(code)
    return by_symbol


def _batches(keys: Collection[str]) -> Iterator[list[str]]:
    # PostgreSQL refuses a text with NUL, and no code has one.
    return batches(sorted(key for key in keys if "\x00" not in key), MAX_VALUES)


def _codes_with(condition: str, parameters: Sequence[Any], user: Person | None, table: int | None) -> list[ReturnCode]:
    if reader(user) == Reader.NOTHING:
        return []
    # `+ 0` makes SQLite use the index of the code instead of the index of the table, which has 100,000 codes.
    in_table, tables = ("", []) if table is None else (" AND c.table_id + 0 = %s", [table])
    return codes_where(f"{condition}{in_table}", [*parameters, *tables], user, is_brief=True)


def with_forms(forms: Sequence[str]) -> tuple[str, list[Any]]:
    """Return the condition, with its parameters, that a code `c` has one of some canonical forms.

    Without statistics, PostgreSQL thinks that forty forms are a fifth of all codes, and would read these one after the
    other. So it gets the ids, each form by the index.
    """
    if len(forms) < _MANY or not is_postgres(connections[router.db_for_read(ReturnCode)]):
        return f"c.canonical IN ({marks(forms)})", [*forms]
    return (
        "c.id = ANY (ARRAY(SELECT f.id FROM unnest(%s::text[]) AS form CROSS JOIN LATERAL"
        " (SELECT id FROM kb_returncode WHERE canonical = form OFFSET 0) AS f))"
    ), [[*forms]]


def _with_places(codes: list[Any]) -> list[ReturnCode]:
    """Give codes their tables and sections from the columns of the same query. Codes of a table share one object."""
    tables: dict[int, CodeTable] = {}
    sections: dict[int, Section] = {}
    for code in codes:
        table, section = tables.get(code.table_id), sections.get(code.section_id)
        if table is None:
            values = [code.table_id, *(getattr(code, f"table_{name}") for name in _OF_TABLE)]
            table = tables[code.table_id] = CodeTable.from_db(code._state.db, ("id", *_OF_TABLE), values)
        if section is None:
            values = [code.section_id, code.table_id, *(getattr(code, f"section_{name}") for name in _OF_SECTION)]
            section = Section.from_db(code._state.db, ("id", "table_id", *_OF_SECTION), values)
            sections[code.section_id] = section
            section.table = table
        # What an assignment does, without its checks, which take half of the time of a hundred codes.
        _TABLE.set_cached_value(code, table)
        _SECTION.set_cached_value(code, section)
    return codes
