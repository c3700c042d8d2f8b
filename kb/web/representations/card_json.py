"""The JSON representation of a card: the verdict as a look-up answers it, with everything that it can include."""

import orjson

from kb.models.visibility import Person
from kb.queries import lookup_many
from kb.queries.lookup import CodeAnswer
from kb.queries.lookup_many import CodeVerdict
from kb.queries.surroundings import surroundings
from kb.queries.verdict_json import INCLUDED, VerdictRenderer


def answer(code_answer: CodeAnswer, user: Person | None, site: str) -> bytes:
    """Return the verdict as JSON. `site` ends in a slash."""
    meanings = lookup_many.meanings(code_answer.hits, surroundings([hit.code for hit in code_answer.hits], user))
    near = [near.code for near in code_answer.near]
    verdict = CodeVerdict(code_answer.query, code_answer.verdict, meanings, code_answer.ranges, near=near)
    (whole,) = lookup_many.with_anatomies([verdict], user)
    return orjson.dumps(VerdictRenderer.of([whole], user, site, INCLUDED).verdict(whole))
