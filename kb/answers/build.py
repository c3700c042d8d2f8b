r"""Build the answers about codes: their fields, notes and incidents as JSON, for each audience.

# Note [Addresses in answers]
An answer holds addresses without scheme, host and prefix of the site, which differ from request to request. Such an
address begins with `\/` in the stored JSON, which is another spelling of `/`. Nothing else in the JSON has a value
that begins like this, so that `reader.complete` can put the site in front by replacing bytes.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from django.urls import get_script_prefix, reverse

from kb.models import Audience, CodeRange, IncidentLink, TroubleshootingNote
from kb.models.codes import PUBLISHED, card_address
from kb.models.fields import VENDOR_TEXTS
from kb.models.finished_answers import SHAPE
from kb.models.incidents import IncidentState
from kb.models.notes import LIVE, NOTE_TEXTS, NoteState
from kb.models.sql import among, is_postgres, rows
from kb.searching import documents

LISTS = ("open_incidents", "notes", "past_incidents", "ranges")
"""The lists that an answer may have."""

MAX_ITEMS = 20
"""Items that each of these lists has."""

ADDRESS = b':"\\/'
"""How an address begins. See Note [Addresses in answers]."""

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
"""SQLite's times have no zone. They are in UTC."""
EMPTY_CARD = '{"open_incidents":[],"notes":[],"past_incidents":[],"truncated":[]}'
_NOTE_FIELDS = ("id", *NOTE_TEXTS, "state", "audience", "validated_at", "updated_at")
_INCIDENT_FIELDS = ("id", "url", "reference", "title", "state", "started_at", "impact", "workaround", "audience")
_COLUMNS = {
    **{name: f"c.{name}" for name in ("id", "table_id", "code", "number", *VENDOR_TEXTS)},
    # The vendor's text only where support's differs.
    **{f"vendor_{name}": f"nullif(c.vendor_{name}, c.{name})" for name in VENDOR_TEXTS},
    **{name: f"c.{name}" for name in ("extra", "disposition", "disposition_origin", "fixer", "fixer_origin")},
    **{name: f"c.{name}" for name in ("version", "successor_id")},
    "table": "t.slug",
    "audience": "t.audience",
    "section": "s.slug",
    "section_id": "s.id",
    "section_name": "s.name",
}
_TIMES = ("retired_at", "created_at", "updated_at")
_VENDOR = [(name, f"vendor_{name}") for name in VENDOR_TEXTS]
_FROM = "kb_returncode AS c JOIN kb_codetable AS t ON t.id = c.table_id JOIN kb_section AS s ON s.id = c.section_id"

Row = dict[str, Any]


class AnswerTexts(NamedTuple):
    """The columns of a `FinishedAnswer`."""

    code_id: int
    row: str
    card: str
    public_row: str | None = None
    public_card: str = ""
    shape: int = SHAPE


@dataclass(frozen=True, slots=True)
class ShownWith:
    """What is shown with codes: notes and incidents by the id of a code, successors by their own id.

    `prefix` is how the site's addresses begin.
    """

    prefix: str
    notes: dict[int, list[Row]]
    incidents: dict[int, list[Row]]
    successors: dict[int, Row]


def build(code_ids: Sequence[int]) -> list[AnswerTexts]:
    """Return the answers about codes. Ids without a code are left out."""
    codes = _codes(code_ids)
    successors = {row["id"]: row for row in _codes({row["successor_id"] for row in codes} - {None})}
    related = ShownWith(get_script_prefix(), _notes(codes), _incidents(codes), successors)
    return [_answer(code, related) for code in codes]


def _codes(ids: Collection[int]) -> list[Row]:
    """Return codes as rows of plain values. Not by the ORM, which takes longer than everything else together."""
    # SQLite's times are texts without a zone, in UTC. The driver would make an object of each.
    time = "c.{}" if is_postgres() else "replace(c.{}, ' ', 'T') || 'Z'"
    columns = {**_COLUMNS, **{name: time.format(name) for name in _TIMES}}
    condition, pks = among("c.id", list(ids))
    sql = f"SELECT {', '.join(columns.values())} FROM {_FROM} WHERE {condition} AND {PUBLISHED}"  # noqa: S608
    found = rows(sql, *pks) if ids else []
    wanted, names = set(ids), tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in found if row[0] in wanted]


def _answer(code: Row, related: ShownWith) -> AnswerTexts:
    notes, incidents = related.notes.get(code["id"], []), related.incidents.get(code["id"], [])
    successor = related.successors.get(code["successor_id"] or 0)
    row = _row(code, notes, incidents, successor, related.prefix)
    card = _card(notes, incidents, related.prefix) if notes or incidents else EMPTY_CARD
    if not _is_public(code):
        return AnswerTexts(code["id"], row, card)
    if not (notes or incidents or successor):
        return AnswerTexts(code["id"], row, card, "")
    notes = [note for note in notes if _is_public(note) and note["state"] == NoteState.VALIDATED]
    incidents = [incident for incident in incidents if _is_public(incident)]
    successor = successor if successor and _is_public(successor) else None
    public_row = _row(code, notes, incidents, successor, related.prefix)
    public_card = _card(notes, incidents, related.prefix)
    # Equal texts are stored once.
    return AnswerTexts(
        code["id"], row, card, "" if public_row == row else public_row, "" if public_card == card else public_card
    )


def _is_public(row: Row) -> bool:
    return bool(row["audience"] == Audience.PUBLIC)


def _row(code: Row, notes: list[Row], incidents: list[Row], successor: Row | None, prefix: str) -> str:
    values = {
        "id": code["id"],
        "table": code["table"],
        "section": _section(code),
        "code": code["code"],
        "number": code["number"],
        **{name: code[name] for name in VENDOR_TEXTS},
        "vendor": {name: code[theirs] for name, theirs in _VENDOR if code[theirs] is not None},
        "extra": _json(code["extra"]),
        "disposition": {"value": code["disposition"], "origin": code["disposition_origin"]},
        "fixer": {"value": code["fixer"], "origin": code["fixer_origin"]},
        "retired_at": code["retired_at"],
        "successor": _reference(successor, prefix) if successor else None,
        "has_notes": any(note["state"] in LIVE for note in notes),
        "has_open_incident": any(_is_open(incident) for incident in incidents),
        "version": code["version"],
        "created_at": code["created_at"],
        "updated_at": code["updated_at"],
        "url": address_of(code, prefix),
    }
    return orjson.dumps(values, option=OPTIONS).decode()


def _json(value: Any) -> Any:
    """Return a JSON column as orjson takes it: both databases return its text."""
    return {} if value == "{}" else orjson.loads(value)


def _section(code: Row) -> Row:
    return {"id": code["section_id"], "name": code["section_name"], "slug": code["section"]}


def _reference(code: Row, prefix: str) -> Row:
    return {
        "id": code["id"],
        "table": code["table"],
        "section": _section(code),
        "code": code["code"],
        "url": address_of(code, prefix),
    }


def _card(notes: list[Row], incidents: list[Row], prefix: str) -> str:
    lists = {
        "open_incidents": [_chosen(one, _INCIDENT_FIELDS) for one in incidents if _is_open(one)],
        "notes": [
            _chosen(one, _NOTE_FIELDS) | {"url": _without_site(reverse("note", args=[one["id"]]), prefix)}
            for one in notes
        ],
        "past_incidents": [_chosen(one, _INCIDENT_FIELDS) for one in incidents if not _is_open(one)],
    }
    truncated = [name for name, items in lists.items() if len(items) > MAX_ITEMS]
    shown = {name: items[:MAX_ITEMS] for name, items in lists.items()}
    return orjson.dumps({**shown, "truncated": truncated}, option=OPTIONS).decode()


def _chosen(row: Row, names: Iterable[str]) -> Row:
    return {name: row[name] for name in names}


def _is_open(incident: Row) -> bool:
    return bool(incident["state"] != IncidentState.RESOLVED)


def address_of(code: Row, prefix: str) -> orjson.Fragment:
    """Return the address of a code as the stored JSON has it. See Note [Addresses in answers]."""
    return _without_site(card_address(code["table"], code["section"], code["code"], prefix), prefix)


def _without_site(path: str, prefix: str) -> orjson.Fragment:
    return orjson.Fragment(b'"\\/' + orjson.dumps(path.removeprefix(prefix))[1:])


def _notes(codes: list[Row]) -> dict[int, list[Row]]:
    """Return the notes that are not archived by code: those on the code, then those on its ranges, narrowest first."""
    ids = [code["id"] for code in codes]
    ranges = _ranges(codes)
    through: Any = TroubleshootingNote.codes.through
    on_codes = _linked(through, "returncode_id", "troubleshootingnote_id", ids)
    range_through: Any = TroubleshootingNote.ranges.through
    on_ranges = _linked(range_through, "coderange_id", "troubleshootingnote_id", [block.pk for block in ranges])
    if not (on_codes or on_ranges):
        return {}
    wanted = {pk for links in (on_codes, on_ranges) for pks in links.values() for pk in pks}
    current = TroubleshootingNote.objects.current().filter(pk__in=wanted)
    ordered = current.order_by("-state", "-updated_at", "-id").values(*_NOTE_FIELDS)
    notes = {note["id"]: note for note in ordered}
    places = {pk: place for place, pk in enumerate(notes)}
    by_code: dict[int, list[Row]] = {}
    for code in codes:
        of_ranges = [sorted(on_ranges[block.pk], key=_place(places)) for block in ranges if _holds(block, code)]
        pks = dict.fromkeys([*sorted(on_codes[code["id"]], key=_place(places)), *(pk for of in of_ranges for pk in of)])
        if pks:
            by_code[code["id"]] = [notes[pk] for pk in pks if pk in notes]
    return by_code


def _place(places: dict[int, int]) -> Callable[[int], int]:
    return lambda pk: places.get(pk, 0)


def _ranges(codes: list[Row]) -> list[CodeRange]:
    """Return the ranges with notes in the tables of codes, narrowest first."""
    ranges = CodeRange.objects.with_notes({code["table_id"] for code in codes})
    return list(ranges.narrowest_first())


def _holds(block: CodeRange, code: Row) -> bool:
    number = code["number"]
    return bool(block.table_id == code["table_id"] and number is not None and block.first <= number <= block.last)


def _incidents(codes: list[Row]) -> dict[int, list[Row]]:
    """Return the incidents by code, in the order of a card."""
    through: Any = IncidentLink.codes.through
    links = _linked(through, "returncode_id", "incidentlink_id", [code["id"] for code in codes])
    wanted = {pk for pks in links.values() for pk in pks}
    ordered = IncidentLink.objects.filter(pk__in=wanted).open_first().values(*_INCIDENT_FIELDS) if wanted else []
    incidents = {incident["id"]: incident for incident in ordered}
    places = {pk: place for place, pk in enumerate(incidents)}
    return {code: [incidents[pk] for pk in sorted(pks, key=_place(places))] for code, pks in links.items()}


def _linked(through: Any, key: str, value: str, ids: list[int]) -> dict[int, list[int]]:
    """Return the ids on the other side of links, by the id on this side."""
    links: dict[int, list[int]] = defaultdict(list)
    if ids:
        for pk, other in through.objects.filter(documents.among(key, ids)).values_list(key, value):
            links[pk].append(other)
    return links
