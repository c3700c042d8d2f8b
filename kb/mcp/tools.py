"""The tools: each returns what its caller may read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from kb import searching
from kb.mcp import asked_codes, meanings, shapes
from kb.mcp.answers import (
    Asked,
    Changes,
    ChangesSince,
    Explained,
    ExplainText,
    GetNote,
    ListTables,
    LookupCodes,
    Note,
    NotesFound,
    SearchNotes,
    Tables,
)
from kb.mcp.code_answers import Answer, LookedUp
from kb.mcp.quotes import MAX_BYTES, first_fitting, pieces, size
from kb.models import Bearer, CodeRange, CodeTable, TroubleshootingNote
from kb.models.notes import NOTE_TEXTS
from kb.models.tokens import READING, Scope
from kb.models.visibility import Person
from kb.queries import detection
from kb.queries import tables as table_queries
from kb.queries.changes import change_steps, recent_changes
from kb.queries.lookup import CodeHit, codes_visible_to
from kb.queries.replication import end_for
from kb.services import usage

MAX_IN_FULL = 3
"""Codes of one call up to which the note texts are included."""

MAX_CARDS = 30
MAX_NOTES = 50
MAX_UNKNOWN = 10
MAX_LISTED = 10
MAX_CHANGES = 40
DAYS = 7


class ToolRefused(Exception):
    """A tool cannot answer; the message tells the assistant why, and what is allowed."""


@dataclass(frozen=True)
class Caller:
    """Who calls a tool, and a function that returns the absolute URL of a path for them."""

    user: Person | None
    address: Callable[[str], str]


def may_call(caller: Caller, scopes: frozenset[str]) -> bool:
    """Return whether a caller without a token asks, or one with a token of one of these scopes."""
    return not isinstance(caller.user, Bearer) or bool(caller.user.scopes & scopes)


@dataclass(frozen=True)
class Tool:
    """A tool. The docstring of `run` is the description that assistants read."""

    title: str
    arguments: type[Asked]
    answers: type[Answer]
    run: Callable[[Any, Caller], Answer]
    scopes: frozenset[str] = READING

    @property
    def name(self) -> str:
        """The name that assistants call."""
        return self.run.__name__

    def answer(self, arguments: dict[str, Any], caller: Caller) -> Answer:
        """Return the answer. Raises ToolRefused, and pydantic's ValidationError for bad arguments."""
        if not may_call(caller, self.scopes):
            needed, scopes = " or ".join(sorted(self.scopes)), ", ".join(sorted(getattr(caller.user, "scopes", ())))
            raise ToolRefused(f"{self.name} needs a token with the scope {needed}. This token has: {scopes}.")
        return self.run(self.arguments.model_validate(arguments), caller)


def lookup_codes(arguments: LookupCodes, caller: Caller) -> LookedUp:
    """Look up return codes: what each means, who can fix it, what to do and what to tell the customer.

    A code may have several meanings, one per table or section; the answer lists all of them. A code that is in no
    table comes with the ranges that contain it and the codes one edit away; words come with the codes that they
    describe. For more than three codes the answer omits note texts: get_note returns them.
    """
    table = _table(arguments.table, caller) if arguments.table else None
    lookings = [asked_codes.read(code, caller.user, table) for code in arguments.codes]
    if not arguments.skip:
        asked_codes.count(lookings, caller.user)
    return looked_up(lookings, caller, arguments.skip)


def looked_up(lookings: Sequence[asked_codes.Looking], caller: Caller, skip: int = 0) -> LookedUp:
    """Return the meanings of what was asked, after those that an earlier answer had."""
    every: list[tuple[asked_codes.Looking, CodeHit | None]] = []
    for looking in lookings:
        every += [(looking, hit) for hit in looking.answer.hits] or [(looking, None)]
    rest, brief = every[skip:], len(lookings) > MAX_IN_FULL
    page = meanings.shown(rest[:MAX_CARDS], caller.user)
    builders = [partial(meanings.looked, one, caller.address, brief) for one in page]
    answer = LookedUp(verdicts=[])
    answer.verdicts = _fit(answer, builders, skip, len(rest))
    return answer


def list_tables(arguments: ListTables, caller: Caller) -> Tables:
    """List the code tables, with the number of codes in each."""
    rest = table_queries.with_counts(caller.user)[arguments.skip :]
    answer = Tables(tables=[])
    builders = [partial(shapes.table_item, table, caller.address) for table in rest]
    answer.tables = _fit(answer, builders, arguments.skip, len(rest))
    return answer


def explain_text(arguments: ExplainText, caller: Caller) -> Explained:
    """Find the known return codes in a log, a ticket or an error message; causes come before the codes that wrap them.

    The text is neither stored nor repeated. A meaning is a reference to a code with its description: to learn what to
    do about it, call lookup_codes.
    """
    try:
        report = detection.detect(arguments.text, caller.user)
    except detection.TooLong as error:
        raise ToolRefused(str(error)) from error
    if not arguments.skip:
        usage.count_codes({code.pk for match in report.codes if match.is_likely for code in match.id})
    parts, address = report.anatomies, caller.address
    unknown = [shapes.unknown_code(match, parts.get(match.written), address) for match in report.unknown[:MAX_UNKNOWN]]
    answer = Explained(codes=[], read_to_line=report.read_to_line)
    if not arguments.skip:
        answer.in_no_table = unknown
        answer.not_listed = len(report.unknown) - len(unknown) + report.not_listed
    page = report.codes[arguments.skip :][:100]
    builders = [partial(shapes.known_code, match, parts.get(match.written), address) for match in page]
    answer.codes = _fit(answer, builders, arguments.skip, len(report.codes) - arguments.skip)
    return answer


def search_notes(arguments: SearchNotes, caller: Caller) -> NotesFound:
    """Search troubleshooting notes by words. A reviewer has confirmed every note with the state `validated`."""
    notes = searching.search_notes(arguments.query, caller.user, MAX_NOTES)
    if not notes:
        usage.count_miss(arguments.query, caller.user)
    page = notes[arguments.skip :]
    builders = [partial(shapes.note_ref, note, caller.address) for note in page]
    answer = NotesFound(notes=[])
    answer.notes = _fit(answer, builders, arguments.skip, len(page))
    return answer


def get_note(arguments: GetNote, caller: Caller) -> Note:
    """Read a whole troubleshooting note by its `id` from another tool."""
    note = TroubleshootingNote.objects.visible_to(caller.user).filter(pk=arguments.note_id).first()
    if note is None:
        raise ToolRefused(f"There is no note {arguments.note_id}, or you may not read it. Call search_notes.")
    codes = codes_visible_to(caller.user).filter(notes=note).in_vendor_order()[: MAX_LISTED + 1]
    ranges = CodeRange.objects.visible_to(caller.user).filter(notes=note).select_related("table")[:MAX_LISTED]
    answer = shapes.note_item(note, ranges, caller.address)
    answer.codes = first_fitting([partial(shapes.code_ref, code, caller.address) for code in codes], MAX_BYTES // 4)
    answer.more_codes = len(answer.codes) < len(codes)
    texts = [(name, piece) for name in NOTE_TEXTS[1:] for piece in pieces(getattr(note, name).strip())]
    parts = texts[arguments.skip :]
    builders = [partial(shapes.part, name, piece) for name, piece in parts]
    answer.parts = _fit(answer, builders, arguments.skip, len(parts))
    return answer


def changes_since(arguments: ChangesSince, caller: Caller) -> Changes:
    """List changes to tables, codes, notes and incidents, oldest first, with the texts that changed."""
    table = _table(arguments.table, caller) if arguments.table else None
    since = None
    if arguments.since or arguments.after is None:
        day = arguments.since or timezone.localdate() - timedelta(days=DAYS)
        since = shapes.midnight(day)
    incarnation = end_for(caller.user).incarnation
    after = _sequence_after(arguments.after, incarnation)
    changes = recent_changes(caller.user, since, table).filter(sequence__gt=after).order_by("sequence")
    page = list(changes[: MAX_CHANGES + 1])
    steps = change_steps(page[:MAX_CHANGES], caller.user)
    answer = Changes(changes=[], last_place=arguments.after)
    builders = [partial(shapes.change_item, step, caller.address) for step in steps]
    answer.changes = first_fitting(builders, _bytes_left(answer))
    if answer.changes:
        answer.last_place = f"{incarnation}-{answer.changes[-1].sequence}"
    if len(answer.changes) < len(page):
        answer.partial, answer.go_on = True, f"Call changes_since again with after={answer.last_place}."
    return answer


def _sequence_after(place: str | None, incarnation: str) -> int:
    """Return the sequence of a place in the feed. Raises ToolRefused for one of another incarnation or reader."""
    name, _, sequence = (place or f"{incarnation}-0").rpartition("-")
    if name != incarnation:
        raise ToolRefused(
            f"The place {place} is not of the present database (it was restored or replaced, or the place is mistyped),"
            " or your rights to read have changed. What you know from before may be wrong. Call changes_since again"
            " with `since`, without `after`."
        )
    return int(sequence)


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("Look up return codes", LookupCodes, LookedUp, lookup_codes),
        Tool("List code tables", ListTables, Tables, list_tables),
        Tool("Find return codes in a text", ExplainText, Explained, explain_text, READING | {Scope.DETECT.value}),
        Tool("Search troubleshooting notes", SearchNotes, NotesFound, search_notes),
        Tool("Read a troubleshooting note", GetNote, Note, get_note),
        Tool("List changes", ChangesSince, Changes, changes_since),
    )
}


def _table(slug: str, caller: Caller) -> CodeTable:
    tables = CodeTable.objects.visible_to(caller.user)
    table = tables.filter(slug=slug).first()
    if table is None:
        slugs = ", ".join(tables.values_list("slug", flat=True)[:20]) or "none yet"
        raise ToolRefused(f"There is no table {slug}. Tables: {slugs}.")
    return table


def _bytes_left(answer: Answer) -> int:
    # 200 bytes are reserved for `go_on`.
    return MAX_BYTES - size(answer) - 200


def _fit(answer: Answer, builders: Sequence[Callable[[int], Any]], skip: int, total: int) -> list[Any]:
    """Return the items that fit; if there are more, the answer gets the call that continues."""
    items = first_fitting(builders, _bytes_left(answer))
    if len(items) < total:
        answer.partial, answer.go_on = True, f"Call again with the same arguments and skip={skip + len(items)}."
    return items
