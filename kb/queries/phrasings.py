"""Which texts are phrasings of a code or note, and what a new phrasing may be about."""

from collections.abc import Iterable

from kb import searching
from kb.models import ReturnCode, TroubleshootingNote
from kb.models.visibility import Person
from kb.text.editing.phrasings import phrasings_of

PROPOSALS = 5


def phrased(texts: Iterable[str]) -> set[str]:
    """Return those of some texts that are phrasings of a code or note now."""
    stored = (
        phrasings
        for model in (ReturnCode, TroubleshootingNote)
        for phrasings in model._default_manager.filter(phrasings__gt="").order_by().values_list("phrasings", flat=True)
    )
    known = {line.casefold() for phrasings in stored for line in phrasings_of(phrasings)}
    return {text for text in texts if " ".join(text.split()).casefold() in known}


def proposals_for(text: str, user: Person | None) -> list[ReturnCode | TroubleshootingNote]:
    """Return the codes and the notes about no code that a text may be a phrasing of, the closest first."""
    ids = searching.closest(text, user, PROPOSALS)
    codes = ReturnCode.objects.visible_to(user).select_related("table", "section").in_bulk(ids)
    notes = searching.notes_about_no_code(text, user, limit=PROPOSALS)
    return [*(codes[pk] for pk in ids if pk in codes), *notes]
