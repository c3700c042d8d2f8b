"""The tools: each takes its arguments and the caller, and reads what the caller may read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from kb import searching
from kb.mcp import shapes
from kb.mcp.answers import (
    Answer,
    Asked,
    Changes,
    ChangesSince,
    Explained,
    ExplainText,
    GetNote,
    LookedUp,
    LookupCodes,
    Note,
    NotesFound,
    SearchNotes,
)
from kb.mcp.quotes import MAX_BYTES, fitting, pieces, size
from kb.models import Bearer, CodeRange, CodeTable, TroubleshootingNote
from kb.models.notes import NOTE_TEXTS
from kb.models.tokens import READING, Scope
from kb.models.visibility import Person
from kb.queries import cards as card_queries
from kb.queries import detection
from kb.queries.changes import change_steps, recent_changes
from kb.queries.lookup import CodeAnswer, CodeHit, codes_visible_to, find_code
from kb.services import usage

MAX_IN_FULL = 3
"""Codes of one call whose notes are told; for more, notes are named."""

MAX_CARDS = 30
MAX_FOUND_NOTES = 50
MAX_STRANGE = 10
MAX_LISTED = 10
MAX_CHANGES = 40
DAYS = 7


class ToolRefused(Exception):
    """A tool cannot answer; the message says why, and what is allowed, for the assistant to read."""


@dataclass(frozen=True)
class Caller:
    """Who asks, and how a path becomes an address for them."""

    user: Person | None
    address: Callable[[str], str]


@dataclass(frozen=True)
class Tool:
    """A tool: what it takes, what it gives, and the function; its docstring is what assistants read."""

    title: str
    takes: type[Asked]
    gives: type[Answer]
    run: Callable[[Any, Caller], Answer]
    scopes: frozenset[str] = READING

    @property
    def name(self) -> str:
        """Return the name that assistants call."""
        return self.run.__name__

    def answer(self, arguments: dict[str, Any], caller: Caller) -> Answer:
        """Return the answer. Raises Refused, and pydantic's ValidationError for arguments that mean nothing."""
        user = caller.user
        if isinstance(user, Bearer) and not user.scopes & self.scopes:
            raise ToolRefused(f"{self.name} needs a token with the scope {' or '.join(sorted(self.scopes))}.")
        return self.run(self.takes.model_validate(arguments), caller)


def lookup_codes(given: LookupCodes, caller: Caller) -> LookedUp:
    """Look return codes up: what each means, who can fix it, what to do and what to tell the customer.

    A code may have several meanings, one for each table or section; none of them is chosen for you. Codes that are in
    no table come with the range they would belong to and with codes one edit away. For more than three codes
    the words of notes are left out: get_note has them.
    """
    table = _table(given.table, caller) if given.table else None
    found = [find_code(code, caller.user, table) for code in given.codes]
    if not given.skip:
        _count(found, caller.user)
    asked: list[tuple[CodeAnswer, CodeHit | None]] = []
    for answer in found:
        asked += [(answer, hit) for hit in answer.hits] or [(answer, None)]
    asked = asked[given.skip :]
    cards = iter(card_queries.cards([hit.code for _, hit in asked[:MAX_CARDS] if hit], caller.user))
    brief = len(given.codes) > MAX_IN_FULL
    makers = [
        partial(shapes.looked, answer, hit, next(cards) if hit else None, caller.address, brief)
        for answer, hit in asked[:MAX_CARDS]
    ]
    looked = LookedUp(answers=[])
    looked.answers = _fit(looked, makers, given.skip, len(asked))
    return looked


def explain_text(given: ExplainText, caller: Caller) -> Explained:
    """Find the known return codes in a log, a ticket or an error message, the cause before what wraps it.

    The text is neither stored nor repeated. Look a code up for what to do about it.
    """
    try:
        report = detection.detect(given.text, caller.user)
    except detection.TooLong as error:
        raise ToolRefused(str(error)) from error
    if not given.skip:
        usage.count_codes({code.pk for found in report.codes if found.is_likely for code in found.id})
    strange = [shapes.strange(one) for one in report.unknown[:MAX_STRANGE]]
    answer = Explained(codes=[], in_no_table=[] if given.skip else strange, read_to_line=report.read_to_line)
    makers = [partial(shapes.found, one, caller.address) for one in report.codes[given.skip :][:100]]
    answer.codes = _fit(answer, makers, given.skip, len(report.codes) - given.skip)
    return answer


def search_notes(given: SearchNotes, caller: Caller) -> NotesFound:
    """Search the troubleshooting notes by words; a validated note is one that a reviewer stands behind."""
    every = searching.search_notes(given.query, caller.user, MAX_FOUND_NOTES)
    if not every:
        usage.count_miss(given.query, caller.user)
    found = every[given.skip :]
    makers = [partial(shapes.note_ref, note, caller.address) for note in found]
    answer = NotesFound(notes=[])
    answer.notes = _fit(answer, makers, given.skip, len(found))
    return answer


def get_note(given: GetNote, caller: Caller) -> Note:
    """Read a troubleshooting note in full, by the `note_id` that another tool gave."""
    note = TroubleshootingNote.objects.visible_to(caller.user).filter(pk=given.note_id).first()
    if note is None:
        raise ToolRefused(f"There is no note {given.note_id}, or it is not for you to read. search_notes finds notes.")
    codes = codes_visible_to(caller.user).filter(notes=note).in_vendor_order()[: MAX_LISTED + 1]
    ranges = CodeRange.objects.visible_to(caller.user).filter(notes=note).select_related("table")[:MAX_LISTED]
    answer = shapes.note(note, ranges, caller.address)
    answer.codes = fitting([partial(shapes.code_ref, code, caller.address) for code in codes], MAX_BYTES // 4)
    answer.more_codes = len(answer.codes) < len(codes)
    parts = [(name, piece) for name in NOTE_TEXTS[1:] for piece in pieces(getattr(note, name).strip())][given.skip :]
    makers = [partial(shapes.part, name, piece) for name, piece in parts]
    answer.parts = _fit(answer, makers, given.skip, len(parts))
    return answer


def changes_since(given: ChangesSince, caller: Caller) -> Changes:
    """Read what changed in tables, codes, notes and incidents, the oldest first, with the words that moved."""
    table = _table(given.table, caller) if given.table else None
    since = None
    if given.since or given.after is None:
        day = given.since or timezone.localdate() - timedelta(days=DAYS)
        since = shapes.midnight(day)
    changes = recent_changes(caller.user, since, table).filter(sequence__gt=given.after or 0).order_by("sequence")
    page = list(changes[: MAX_CHANGES + 1])
    steps = change_steps(page[:MAX_CHANGES], caller.user)
    answer = Changes(changes=[], last_sequence=given.after)
    answer.changes = fitting([partial(shapes.change, step, caller.address) for step in steps], _room(answer))
    if answer.changes:
        answer.last_sequence = answer.changes[-1].sequence
    if len(answer.changes) < len(page):
        answer.partial, answer.go_on = True, f"Call changes_since again with after={answer.last_sequence}."
    return answer


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("Look up return codes", LookupCodes, LookedUp, lookup_codes),
        Tool("Find return codes in a text", ExplainText, Explained, explain_text, READING | {Scope.DETECT.value}),
        Tool("Search troubleshooting notes", SearchNotes, NotesFound, search_notes),
        Tool("Read a troubleshooting note", GetNote, Note, get_note),
        Tool("Read what changed", ChangesSince, Changes, changes_since),
    )
}


def _table(slug: str, caller: Caller) -> CodeTable:
    tables = CodeTable.objects.visible_to(caller.user)
    found = tables.filter(slug=slug).first()
    if found is None:
        known = ", ".join(tables.values_list("slug", flat=True)[:20]) or "none yet"
        raise ToolRefused(f"There is no table {slug}. Tables: {known}.")
    return found


def _count(found: list[CodeAnswer], user: Person | None) -> None:
    usage.count_codes([hit.code.pk for answer in found for hit in answer.hits])
    for answer in found:
        if not answer.hits:
            usage.count_miss(answer.query, user)


def _room(answer: Answer) -> int:
    # Room for `go_on`, too.
    return MAX_BYTES - size(answer) - 200


def _fit(answer: Answer, makers: Sequence[Callable[[int], Any]], skip: int, there: int) -> list[Any]:
    """Return the items that fit, and say on the answer how to go on where there are more."""
    items = fitting(makers, _room(answer))
    if len(items) < there:
        answer.partial, answer.go_on = True, f"Call again with the same arguments and skip={skip + len(items)}."
    return items
