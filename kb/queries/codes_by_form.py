"""Codes by their canonical forms or symbols, for look-ups of many: one statement, for any number of keys."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC
from typing import Any

from django.db import connections, router

from kb.models import CodeTable, ReturnCode, Section
from kb.models.sql import MAX_VALUES, batches, rows
from kb.models.visibility import Audience, Person, Reader, reader

# In the order of the models' fields, which `from_db` expects. Texts that only a card shows are left out.
_TABLE = ("id", "slug", "vendor", "product", "name", "language", "audience")
_SECTION = ("id", "table_id", "name", "slug", "position")
_CODE = (
    *("id", "table_id", "section_id", "code", "identity", "canonical", "number", "position", "symbol", "description"),
    *("disposition", "fixer", "retired_at", "version"),
)
_CODE_NAMES = frozenset(_CODE)
_RETIRED_AT = _CODE.index("retired_at")
_OF_TABLE = len(_CODE)
_OF_SECTION = _OF_TABLE + len(_TABLE)
_COLUMNS = [f"{alias}.{name}" for alias, names in (("c", _CODE), ("t", _TABLE), ("s", _SECTION)) for name in names]
_SQL = (
    f"SELECT {', '.join(_COLUMNS)} FROM kb_returncode AS c"  # noqa: S608
    " JOIN kb_codetable AS t ON t.id = c.table_id JOIN kb_section AS s ON s.id = c.section_id WHERE "
)
_HAS_FORM = "c.canonical IN "
_HAS_SYMBOL = "c.symbol > '' AND UPPER(c.symbol) IN "
# `+ 0` makes SQLite use the index of the code instead of the index of the table, which has 100,000 codes.
_IN_TABLE = " AND c.table_id + 0 = %s"
_IS_PUBLIC = " AND t.audience = %s"


def codes_by_form(forms: Collection[str], user: Person | None, table: int | None = None) -> dict[str, list[ReturnCode]]:
    """Return the codes that a user may read, by canonical form, without the texts of a card.

    Not by the ORM: it takes longer to write this query, and to make a table and a section for each code, than the
    database takes to answer. Here the codes of a table share one `CodeTable`.
    """
    by_form: dict[str, list[ReturnCode]] = {}
    for code in _codes(_HAS_FORM, forms, user, table):
        by_form.setdefault(code.canonical, []).append(code)
    return by_form


def codes_by_symbol(
    names: Collection[str], user: Person | None, table: int | None = None
) -> dict[str, list[ReturnCode]]:
    """Return the codes that a user may read, by their symbols in capitals, like `codes_by_form`."""
    by_symbol: dict[str, list[ReturnCode]] = {}
    for code in _codes(_HAS_SYMBOL, names, user, table):
        by_symbol.setdefault(code.symbol.upper(), []).append(code)
    return by_symbol


def _codes(has_key: str, keys: Collection[str], user: Person | None, table: int | None) -> Iterator[ReturnCode]:
    level = reader(user)
    if level == Reader.NOTHING:
        return
    conditions: list[tuple[str, Any]] = [(_IN_TABLE, table)] if table is not None else []
    conditions += [(_IS_PUBLIC, Audience.PUBLIC.value)] if level == Reader.PUBLIC else []
    database = connections[router.db_for_read(ReturnCode)]
    tables: dict[int, CodeTable] = {}
    sections: dict[int, Section] = {}
    # PostgreSQL refuses a text with NUL, and no code has one.
    for batch in batches(sorted(key for key in keys if "\x00" not in key), MAX_VALUES):
        sql = f"{_SQL}{has_key}({', '.join(['%s'] * len(batch))}){''.join(condition for condition, _ in conditions)}"
        for row in rows(sql, *batch, *(value for _, value in conditions), database=database):
            yield _code(row, tables, sections, database.alias)


def _code(row: Sequence[Any], tables: dict[int, CodeTable], sections: dict[int, Section], alias: str) -> ReturnCode:
    values, of_table, of_section = list(row[:_OF_TABLE]), row[_OF_TABLE:_OF_SECTION], row[_OF_SECTION:]
    if values[_RETIRED_AT] is not None and values[_RETIRED_AT].tzinfo is None:
        # SQLite's times have no zone. They are in UTC.
        values[_RETIRED_AT] = values[_RETIRED_AT].replace(tzinfo=UTC)
    code = ReturnCode.from_db(alias, _CODE_NAMES, values)
    table_id, section_id = of_table[0], of_section[0]
    if table_id not in tables:
        tables[table_id] = CodeTable.from_db(alias, _TABLE, of_table)
    if section_id not in sections:
        sections[section_id] = Section.from_db(alias, _SECTION, of_section)
    code.table, code.section = tables[table_id], sections[section_id]
    return code
