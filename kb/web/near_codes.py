"""What is listed around a number that no table lists."""

from kb.models import ReturnCode
from kb.models.visibility import Person
from kb.queries.lookup import CodeAnswer, neighbours
from kb.text.codes import forms as text_code


def around(answer: CodeAnswer, user: Person | None) -> list[ReturnCode]:
    """Return the codes just below and above, in the table of the narrowest range that holds the number.

    None where codes one edit away are offered, or such as begin so: those are the better guess.
    """
    if answer.near or answer.completions or not answer.ranges:
        return []
    place = ReturnCode(table_id=answer.ranges[0].table_id, number=text_code.number(answer.query))
    return neighbours(place, user)
