"""Answers about return codes as finished JSON: one query for the codes and their stored answers.

The views use this, and so does the layer in front of Django. It returns None for a request that needs more than plain
conditions, and for one that finds nothing: the filters of the views answer those, and explain what is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from kb import answers
from kb.answers import build
from kb.api.framework.pagination import link
from kb.api.resources.code_queries import DEFAULT_ORDER, find_page
from kb.api.resources.code_serializers import CodeSerializer
from kb.models.visibility import Reader

FIELDS: list[str] = CodeSerializer.Meta.fields
RELATED = {
    "notes": ("notes", "truncated"),
    "incidents": ("open_incidents", "past_incidents", "truncated"),
    "ranges": ("ranges", "truncated"),
}
"""The fields that `include` adds, by its values."""

IN_DETAIL = ("open_incidents", "notes", "truncated")
"""The fields of these that a detail always has."""

ROW_FIELDS = {*FIELDS} - {field for fields in RELATED.values() for field in fields}
"""The fields that a list has unless the caller selects others."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a request gets: the fields of the answer, in order, for a kind of reader, with addresses of a site."""

    names: Sequence[str]
    level: Reader
    site: str

    @classmethod
    def of(cls, values: Mapping[str, Any], level: Reader, site: str, always: Sequence[str] = ()) -> "Selection":
        """Return the selection for the values of `fields` and `include`; `always` are optional fields to include."""
        chosen = {*values.get("fields", ROW_FIELDS.union(always))}
        chosen.update(field for name in values.get("include", ()) for field in RELATED[name])
        return cls([name for name in FIELDS if name in chosen], level, site)

    @property
    def is_plain(self) -> bool:
        """Whether the answer is the stored row as it is."""
        return len(self.names) == len(ROW_FIELDS) and not {*self.names} - ROW_FIELDS


def bodies(ids: Sequence[int], selection: Selection) -> dict[int, bytes]:
    """Return the answers about codes that the reader may read, as JSON, by id."""
    if selection.is_plain:
        stored = answers.rows_of(ids, selection.level)
        return {pk: answers.complete(row, selection.site) for pk, row in stored.items()}
    return _chosen(answers.whole(ids, selection.level), selection)


def page(values: Mapping[str, Any], level: Reader, url: str, site: str) -> bytes | None:
    """Return a page of codes as JSON; None if only the filters can answer.

    `values` are the parsed parameters, `url` is the request's address.
    """
    found = find_page(values, level)
    if found is None:
        return None
    selection = Selection.of(values, level, site)
    if selection.is_plain:
        results = [answers.complete(code.row.encode(), site) for code in found.codes]
    else:
        chosen = _chosen({code.pk: (code.row.encode(), code.card.encode()) for code in found.codes}, selection)
        results = [chosen[code.pk] for code in found.codes]
    ordering = values.get("ordering", DEFAULT_ORDER)
    following = orjson.dumps(link(url, "next", ordering, found.following))
    previous = orjson.dumps(link(url, "previous", ordering, found.previous))
    start = b'{"next":%b,"previous":%b,"results":[' % (following, previous)
    return b"".join((start, b",".join(results), b"]}"))


def _chosen(whole: Mapping[int, tuple[bytes, bytes]], selection: Selection) -> dict[int, bytes]:
    names, site = selection.names, selection.site
    ranges = answers.ranges_around(whole) if "ranges" in names else {}
    chosen = {}
    for pk, (row, card) in whole.items():
        values = orjson.loads(answers.complete(row, site)) | orjson.loads(answers.complete(card, site))
        around = ranges.get(pk, [])
        values["ranges"] = around[: build.MAX_ITEMS]
        cut = [*values["truncated"], *(["ranges"] if len(around) > build.MAX_ITEMS else [])]
        values["truncated"] = [name for name in build.LISTS if name in cut and name in names]
        chosen[pk] = orjson.dumps({name: values[name] for name in names})
    return chosen
