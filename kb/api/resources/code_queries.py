"""Lists of codes that one index finds in their order, as one SQL query.

Django takes longer to write such a query than the database needs to answer it. All other lists are found by
`kb.api.resources.code_filters`, which knows every filter. A test compares both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from django.db import connections, models, router

from kb.answers.reader import COLUMNS, CURRENT
from kb.api.framework.pagination import DEFAULT_SIZE, OrderTerm, read_cursor
from kb.api.resources.code_filters import CodeFilters
from kb.api.resources.number_places import NumberPlaces, number_places
from kb.models import Audience, ReturnCode
from kb.models.codes import PUBLISHED
from kb.models.sql import rows
from kb.models.visibility import Reader
from kb.text.codes.forms import NO_NUMBER, readings, sort_key

ORDERS = {
    "vendor": ("table", "position", "id"),
    "code": ("sort_key", "id"),
    # The natural order starts with numeric codes, by value: one index serves both.
    "number": ("sort_key", "id"),
    "updated_at": ("updated_at", "id"),
    "id": ("id",),
}
"""The fields by the name of an order."""

DEFAULT_ORDER = "vendor"
_IN_TWO_PARTS = {"-number"}
"""Orders that are not the order of an index. See KeysetPagination."""

_FILTERS: dict[str, Any] = cast(Any, CodeFilters).base_filters
_EXACT = {"code", "code__in"}
_BY_NUMBER = {"number_min", "number_max"}
_SERVED = {
    "vendor": {"table", "disposition", "fixer"},
    "code": {"table", "number_min", "number_max"},
    "number": {"table", "number_min", "number_max"},
    "updated_at": {"table", "updated_since", "updated_at__after", "updated_at__before"},
    "id": {"table", "id__gte", "id__lte"},
}
"""The filters that the index of each order serves, too."""

_LEAST: dict[str, Any] = {"position": 0, "sort_key": "", "updated_at": "1000-01-01 00:00:00+00:00", "id": 0}
"""A value that no row is below, by the first column of an order."""

_OPERATORS = {"gte": ">=", "lte": "<=", "lt": "<"}
_OF_THE_PAGE = {"ordering", "page_size", "cursor", "fields", "include"}

Values = Mapping[str, Any]
Condition = tuple[str, list[Any]]
"""SQL with `%s`, and its values."""


class ListedCode(NamedTuple):
    """A code on a page: its stored answer, and the values that it is ordered by."""

    pk: int
    row: str
    card: str
    order: list[Any]


@dataclass(frozen=True)
class FoundPage:
    """A page of codes, and the values of the rows where the pages around it start; None at the end of the list."""

    codes: list[ListedCode]
    following: list[Any] | None
    previous: list[Any] | None


def find_page(values: Values, level: Reader) -> FoundPage | None:
    """Return the page for the parsed parameters of a request.

    Return None if the request needs more than plain conditions, if it finds nothing, or if an answer is not stored.
    Raises BadParameters for a cursor of another order.
    """
    ordering, size = values.get("ordering", DEFAULT_ORDER), values.get("page_size", DEFAULT_SIZE)
    conditions = _conditions(values, level)
    if conditions is None or level == Reader.NOTHING or ordering in _IN_TWO_PARTS:
        return None
    descending = ordering.startswith("-")
    terms = [OrderTerm.for_field(ReturnCode, name, descending) for name in ORDERS[ordering.removeprefix("-")]]
    is_backwards, after = read_cursor(values.get("cursor"), ordering, terms)
    falls = descending != is_backwards
    if _is_by_place(values):
        places = number_places(values, level)
        if places is None:
            return None
        conditions += _between(places, falls, after is not None)
    sql, parameters = _select(conditions, terms, falls, after, values, level)
    page_rows = rows(sql, *parameters, size + 1, database=connections[router.db_for_read(ReturnCode)])
    page_rows.sort(key=lambda row: row[3:], reverse=falls)
    codes = [
        ListedCode(pk, row, card, [_plain(value) for value in order]) for pk, row, card, *order in page_rows[:size]
    ]
    if not codes or any(code.row is None for code in codes):
        return None
    if is_backwards:
        codes.reverse()
    more = len(page_rows) > size
    return FoundPage(
        codes,
        codes[-1].order if more or is_backwards else None,
        codes[0].order if (more if is_backwards else after is not None) else None,
    )


def _between(places: NumberPlaces, falls: bool, is_continued: bool) -> list[Condition]:
    """Return the conditions that codes are between two places. A page that continues has its own start."""
    ends = [("c.position >= %s", [places.first]), ("c.position <= %s", [places.last])]
    return ends if not is_continued else ends[:1] if falls else ends[1:]


def _select(
    conditions: list[Condition],
    terms: list[OrderTerm],
    falls: bool,
    after: list[Any] | None,
    values: Values,
    level: Reader,
) -> Condition:
    columns = [f"c.{term.field.attname}" for term in terms]
    # Within one table, the table is not a part of the order: SQLite would not see that its index has this order.
    first = 1 if columns[0] == "c.table_id" and "table" in values else 0
    if after is not None:
        marks = ", ".join("%s" for _ in columns[first:])
        places = [_adapted(term.field, value) for term, value in zip(terms, after, strict=True)]
        conditions.append((f"({', '.join(columns[first:])}) {'<' if falls else '>'} ({marks})", places[first:]))
    elif "table" in values:
        # Every row meets it. It tells the database which of the table's indexes has this order.
        conditions.append((f"{columns[first]} >= %s", [_LEAST[terms[first].field.attname]]))
    order = ", ".join(f"{column} {'DESC' if falls else 'ASC'}" for column in columns[first:])
    where = " AND ".join(condition for condition, _ in conditions) or "1 = 1"
    # The codes first: if the database sorts them, it must not carry the answers of all of them.
    inner = f"SELECT {', '.join({'c.id': 1, **dict.fromkeys(columns)})} FROM kb_returncode AS c"  # noqa: S608
    sql = (
        f"SELECT c.id, {', '.join(COLUMNS[level])}, {', '.join(columns)}"  # noqa: S608
        f" FROM ({inner} WHERE {where} ORDER BY {order} LIMIT %s) AS c"
        f" LEFT JOIN kb_finishedanswer AS a ON a.code_id = c.id AND {CURRENT}"
    )
    return sql, [value for _, places in conditions for value in places]


def _conditions(values: Values, level: Reader) -> list[Condition] | None:
    if not _is_served(values):
        return None
    conditions: list[Condition] = [(PUBLISHED, [])]
    for name, value in values.items():
        if name not in _OF_THE_PAGE:
            condition = _SPECIAL[name](value, values, level) if name in _SPECIAL else _plain_condition(name, value)
            if condition is None:
                return None
            conditions.append(condition)
    if level != Reader.INTERNAL and "table" not in values:
        # `IS TRUE` keeps both databases from reading whole tables, because the other conditions find less.
        public = f"SELECT id FROM kb_codetable WHERE audience = '{Audience.PUBLIC}'"  # noqa: S608
        conditions.append((f"(c.table_id IN ({public})) IS TRUE", []))
    return conditions


def _is_served(values: Values) -> bool:
    """Whether one index finds the codes in their order, or few codes: those with the same code."""
    filters = {*values} - _OF_THE_PAGE
    if filters & _EXACT:
        return True
    if _is_by_place(values):
        return filters - _BY_NUMBER == {"table"}
    decided = [name for name in ("disposition", "fixer") if name in filters]
    if len(decided) > 1 or any(len(values[name]) > 1 for name in decided):
        return False
    return filters <= _SERVED[_order(values)]


def _is_by_place(values: Values) -> bool:
    """Whether the codes with some numbers are wanted in the vendor's order: see `number_places`."""
    return _order(values) == "vendor" and not _BY_NUMBER.isdisjoint(values) and _EXACT.isdisjoint(values)


def _order(values: Values) -> str:
    return str(values.get("ordering", DEFAULT_ORDER)).removeprefix("-")


def _plain_condition(name: str, value: Any) -> Condition | None:
    """Return the condition of a filter that only compares a column; None for others."""
    parameter = _FILTERS.get(name)
    if parameter is None or parameter.method is not None:
        return None
    column, lookup = f"c.{parameter.field_name}", parameter.lookup_expr
    if lookup == "in":
        return _among(column, value)
    if lookup == "isnull":
        return f"{column} IS {'NULL' if value else 'NOT NULL'}", []
    if lookup in _OPERATORS:
        return f"{column} {_OPERATORS[lookup]} %s", [_adapted(ReturnCode._meta.get_field(parameter.field_name), value)]
    return None


def _among(column: str, values: list[Any]) -> Condition:
    return f"{column} IN ({', '.join('%s' for _ in values)})", values


def _by_table(slugs: list[str], values: Values, level: Reader) -> Condition | None:
    # A table that does not exist finds nothing, but with several tables, the filters must tell which one does not.
    if len(slugs) != 1:
        return None
    audience = "" if level == Reader.INTERNAL else f" AND audience = '{Audience.PUBLIC}'"
    return f"{_scope('table_id', values)} = (SELECT id FROM kb_codetable WHERE slug = %s{audience})", slugs  # noqa: S608


def _by_section(names: list[str], values: Values, level: Reader) -> Condition | None:
    if len(names) != 1:
        return None
    found = "SELECT id FROM kb_section WHERE name = %s OR slug = %s"
    return f"{_scope('section_id', values)} IN ({found})", [*names, *names]


def _scope(column: str, values: Values) -> str:
    """Return a column, in a form that keeps SQLite from reading a whole table where the code finds a few rows."""
    return f"c.{column} + 0" if "code" in values or "code__in" in values else f"c.{column}"


def _by_codes(spellings: list[str], values: Values, level: Reader) -> Condition | None:
    forms = {reading.canonical for spelling in spellings for reading in readings(spelling)}
    return _among("c.canonical", sorted(forms)) if forms else None


def _from_number(number: int, values: Values, level: Reader) -> Condition:
    if _is_by_place(values):
        return "c.number >= %s", [number]
    # The key as well, because it has an index. Codes without a number come last.
    return "c.number >= %s AND c.sort_key >= %s AND c.sort_key < %s", [number, sort_key(str(number)), NO_NUMBER]


def _to_number(number: int, values: Values, level: Reader) -> Condition:
    if _is_by_place(values):
        return "c.number <= %s", [number]
    return "c.number <= %s AND c.sort_key <= %s", [number, sort_key(str(number))]


def _by_retired(retired: bool, values: Values, level: Reader) -> Condition:
    return f"c.retired_at IS {'NOT NULL' if retired else 'NULL'}", []


_SPECIAL: dict[str, Callable[[Any, Values, Reader], Condition | None]] = {
    "table": _by_table,
    "section": _by_section,
    "code": _by_codes,
    "code__in": _by_codes,
    "number_min": _from_number,
    "number_max": _to_number,
    "retired": _by_retired,
}
"""The conditions of filters that do more than compare a column."""


def _adapted(field: Any, value: Any) -> Any:
    """Return a value as the database's driver takes it."""
    if not isinstance(field, models.DateTimeField):
        return value
    return connections[router.db_for_read(ReturnCode)].ops.adapt_datetimefield_value(value)


def _plain(value: Any) -> Any:
    """Return a value of an order as a cursor has it. SQLite's times have no zone. They are in UTC."""
    if not isinstance(value, datetime):
        return value
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
