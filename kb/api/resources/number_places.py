"""Where the codes with some numbers are in the vendor's order.

No index has both orders. But most vendors list their codes by number, and an import notes that of each table: see
`kb.answers.number_order`. In such a table, the first and the last code by number are the first and the last by place.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connections, router

from kb.models import Audience, CodeTable
from kb.models.sql import rows
from kb.models.visibility import Reader
from kb.text.codes.forms import NO_NUMBER, sort_key

_PLACE = (
    "(SELECT c.position FROM kb_returncode AS c WHERE c.table_id = t.id AND c.sort_key >= %s AND c.sort_key <= %s"
    " ORDER BY c.sort_key {0}, c.id {0} LIMIT 1)"
)


class NumberPlaces(NamedTuple):
    """The positions of the first and of the last code with some numbers. Others without a number may be between."""

    first: int
    last: int


def number_places(values: Mapping[str, Any], level: Reader) -> NumberPlaces | None:
    """Return the places of the codes between `number_min` and `number_max` of a request for one table.

    Return None if the table has another order, if no code has such a number, or if the reader may not read the table.
    """
    least = sort_key(str(values["number_min"])) if "number_min" in values else ""
    most = sort_key(str(values["number_max"])) if "number_max" in values else NO_NUMBER
    audience = "" if level == Reader.INTERNAL else f" AND t.audience = '{Audience.PUBLIC}'"
    sql = (
        f"SELECT {_PLACE.format('ASC')}, {_PLACE.format('DESC')}"  # noqa: S608
        f" FROM kb_codetable AS t WHERE t.slug = %s AND t.is_in_number_order{audience}"
    )
    database = connections[router.db_for_read(CodeTable)]
    places = rows(sql, least, most, least, most, *values["table"], database=database)
    return NumberPlaces(*places[0]) if places and places[0][0] is not None else None
