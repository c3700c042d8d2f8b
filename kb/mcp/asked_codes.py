"""How the tools read what an assistant asks about: a code, a text that names codes, or words that describe them."""

from dataclasses import replace
from typing import NamedTuple

from kb.models import CodeTable, ReturnCode
from kb.models.visibility import Person
from kb.queries.detection import codes_in
from kb.queries.lookup import CodeAnswer, CodeHit, Verdict, find_code
from kb.queries.text_results import looks_like_a_code, text_results
from kb.services import usage

MAX_BY_WORDS = 5


class Looking(NamedTuple):
    """The answer to what was asked, and the codes that its words describe if it names no code."""

    answer: CodeAnswer
    by_words: list[ReturnCode]


def read(question: str, user: Person | None, table: CodeTable | None) -> Looking:
    """Return the codes that somebody may mean: by their spelling, named in a text, or described by words."""
    answer = find_code(question, user, table)
    if answer.verdict != Verdict.UNKNOWN:
        return Looking(answer, [])
    codes = [code for code in codes_in(question, user) if table is None or code.table_id == table.pk]
    if codes:
        return Looking(replace(answer, hits=[CodeHit(code, "named in the text") for code in codes]), [])
    if looks_like_a_code(question):
        return Looking(answer, [])
    results = text_results(question, user, MAX_BY_WORDS, [table.pk] if table else None)
    return Looking(answer, [result.code for result in results.hits])


def count(lookings: list[Looking], user: Person | None) -> None:
    """Count the look-ups of codes, and the questions without an answer."""
    usage.count_codes([hit.code.pk for looking in lookings for hit in looking.answer.hits])
    for looking in lookings:
        if not looking.answer.hits and not looking.by_words:
            usage.count_miss(looking.answer.query, user)
