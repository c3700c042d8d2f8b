"""The Markdown representation of a card, for a ticket. All words of vendors and notes are escaped."""

from collections.abc import Callable, Iterator

from kb.models import CodeTable, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.fields import LABELS, VendorText, vendor_texts
from kb.models.visibility import Audience
from kb.queries.lookup import CodeAnswer, Verdict
from kb.text.codes import forms as text_code
from kb.text.safety.escape import markdown, quotation
from kb.web.codes import CardMeaning

Address = Callable[[str], str]

_VERDICTS = {
    Verdict.IN_KNOWN_RANGE: "In a known range, but not in the table.",
    Verdict.UNKNOWN: "Unknown: not in the table, and in no known range.",
    Verdict.KNOWN_WITHOUT_NOTE: "Known, no note yet.",
    Verdict.RETIRED: "Retired: the vendor no longer lists it.",
}


def answer(code_answer: CodeAnswer, table: CodeTable, meanings: list[CardMeaning], address: Address) -> str:
    """Return the answer as Markdown."""
    blocks = [_meaning(code_answer, meaning, address) for meaning in meanings] or [
        _unknown_code(code_answer, table, address)
    ]
    return "\n\n".join("\n\n".join(block) for block in blocks) + "\n"


def _unknown_code(code_answer: CodeAnswer, table: CodeTable, address: Address) -> Iterator[str]:
    yield f"## {markdown(text_code.clean(code_answer.query))} is not in {markdown(str(table))}"
    yield _VERDICTS[code_answer.verdict]
    if code_answer.ranges:
        yield "\n".join(
            f"- {markdown(code_range.pattern)} {markdown(code_range.name)}" for code_range in code_answer.ranges
        )
    if code_answer.near:
        yield "Codes that differ by one character; each is a different code with its own meaning:"
        yield "\n".join(
            f"- {_code_title(near.code)} <{address(near.code.get_absolute_url())}>" for near in code_answer.near
        )


def _meaning(code_answer: CodeAnswer, meaning: CardMeaning, address: Address) -> Iterator[str]:
    card, code = meaning.card, meaning.card.code
    yield f"## {_code_title(code)}"
    if code.identity != text_code.identity(code_answer.query):
        how = next((hit.how for hit in code_answer.hits if hit.code == code), "")
        yield f"Entered {markdown(text_code.clean(code_answer.query))}, read as {markdown(code.code)} ({how})."
    yield (
        markdown(f"{code.table}" + (f" / {code.section.name}" if code.section.name else ""))
        + "  \n"
        + (f"<{address(code.get_absolute_url())}>")
    )
    if card.verdict in _VERDICTS:
        yield f"**{_VERDICTS[card.verdict]}**" + (
            f" Replaced by: {_code_title(meaning.successor)}" if meaning.successor else ""
        )
    for incident in card.open_incidents:
        yield _incident(incident)
    yield f"**What to do:** {code.get_disposition_display()}  \n**Who can fix it:** {code.get_fixer_display()}"
    if meaning.reply:
        yield f"**What to tell the customer:**\n\n{quotation(meaning.reply)}"
    for text in vendor_texts(code):
        if text.label != LABELS["description"]:  # The heading has it.
            yield _text(text)
    if meaning.anatomy:
        yield f"**Its parts:** {markdown(meaning.anatomy.parts.summary)}"
    for note in card.notes:
        yield _note(note, address)


def _text(text: VendorText) -> str:
    words = f"\n\n{quotation(text.ours)}" if text.ours.strip() else " not provided by the vendor."
    return f"**{text.label}:**{words}"


def _code_title(code: ReturnCode) -> str:
    return f"{markdown(code.code)}: {markdown(code.description) or 'no description'}"


def _incident(incident: IncidentLink) -> str:
    lines = [f"**{incident.get_state_display()} incident{_internal(incident)}:** {markdown(str(incident))}"]
    lines += [f"**{label}:**\n\n{quotation(text)}" for label, text in _words(incident, ("impact", "workaround"))]
    return "\n\n".join(lines)


def _note(note: TroubleshootingNote, address: Address) -> str:
    state = note.get_state_display().lower()
    head = f"**Note{_internal(note)}, {state}:** {markdown(note.title)} <{address(note.get_absolute_url())}>"
    parts = [f"**{label}:**\n\n{quotation(text)}" for label, text in _words(note, ("cause", "resolution"))]
    return "\n\n".join([head, *parts])


def _words(thing: IncidentLink | TroubleshootingNote, names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name.capitalize(), getattr(thing, name)) for name in names if getattr(thing, name).strip()]


def _internal(thing: IncidentLink | TroubleshootingNote) -> str:
    """Return a mark for internal text, which must not reach customers."""
    return " (internal)" if thing.audience == Audience.INTERNAL else ""
