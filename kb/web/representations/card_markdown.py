"""A card's answer as Markdown, to be pasted into a ticket. Every word of a vendor or a note is escaped."""

from collections.abc import Callable, Iterator

from kb.models import CodeTable, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.visibility import Audience
from kb.queries.lookup import CodeAnswer, Verdict
from kb.text.codes import forms as text_code
from kb.text.safety.escape import markdown, quotation
from kb.web.codes import CardMeaning

Address = Callable[[str], str]

_SAID = {
    Verdict.IN_KNOWN_RANGE: "In a known range: not in the table, but its number lies in a block that we know.",
    Verdict.UNKNOWN: "Unknown: not in the table, and in no block that we know.",
    Verdict.KNOWN_WITHOUT_NOTE: "Known, no note yet.",
    Verdict.RETIRED: "Retired: the vendor no longer lists it.",
}


def answer(given: CodeAnswer, table: CodeTable, meanings: list[CardMeaning], address: Address) -> str:
    """Return the whole answer."""
    blocks = [_meaning(given, meaning, address) for meaning in meanings] or [_unlisted(given, table, address)]
    return "\n\n".join("\n\n".join(block) for block in blocks) + "\n"


def _unlisted(given: CodeAnswer, table: CodeTable, address: Address) -> Iterator[str]:
    yield f"## {markdown(text_code.clean(given.query))} is not in {markdown(str(table))}"
    yield _SAID[given.verdict]
    if given.ranges:
        yield "\n".join(f"- {markdown(found.pattern)} {markdown(found.name)}" for found in given.ranges)
    if given.near:
        yield "Codes that differ by one character; each means something else:"
        yield "\n".join(f"- {_named(near.code)} <{address(near.code.get_absolute_url())}>" for near in given.near)


def _meaning(given: CodeAnswer, meaning: CardMeaning, address: Address) -> Iterator[str]:
    card, code = meaning.card, meaning.card.code
    yield f"## {_named(code)}"
    if code.identity != text_code.identity(given.query):
        how = next((hit.how for hit in given.hits if hit.code == code), "")
        yield f"Written {markdown(text_code.clean(given.query))}, read as {markdown(code.code)} ({how})."
    yield (
        markdown(f"{code.table}" + (f" / {code.section.name}" if code.section.name else ""))
        + "  \n"
        + (f"<{address(code.get_absolute_url())}>")
    )
    if card.verdict in _SAID:
        yield f"**{_SAID[card.verdict]}**" + (
            f" In its place: {_named(meaning.successor)}" if meaning.successor else ""
        )
    for incident in card.open_incidents:
        yield _incident(incident)
    yield f"**What to do:** {code.get_disposition_display()}  \n**Who can fix it:** {code.get_fixer_display()}"
    if meaning.reply:
        yield f"**What to tell the customer:**\n\n{quotation(meaning.reply)}"
    for label, text in (("Possible reasons", code.possible_reasons), ("Suggested actions", code.suggested_actions)):
        yield f"**{label}:**\n\n{quotation(text)}" if text.strip() else f"**{label}:** the vendor gives none."
    for note in card.notes:
        yield _note(note, address)


def _named(code: ReturnCode) -> str:
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
    """Mark what must not be pasted to where a customer reads."""
    return " (internal)" if thing.audience == Audience.INTERNAL else ""
