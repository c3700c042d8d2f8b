"""The codes around a number that no table lists."""

from kb.models import ReturnCode
from kb.models.visibility import Person
from kb.queries.lookup import CodeAnswer, neighbours
from kb.text.codes import forms as text_code


def surrounding_codes(answer: CodeAnswer, user: Person | None) -> list[ReturnCode]:
    """Return the codes just below and above a number, in the table of its narrowest range.

    Return [] if the answer has codes one edit away or with the same beginning: those are better guesses.
    """
    if answer.near or answer.completions or not answer.ranges:
        return []
    number, key = text_code.number(answer.query), text_code.sort_key(answer.query)
    place = ReturnCode(table_id=answer.ranges[0].table_id, number=number, sort_key=key)
    return neighbours(place, user)
