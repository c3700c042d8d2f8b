"""The JSON representation of a card: the verdict as a look-up answers it, with everything that it can include."""

from typing import Any

import orjson

from kb import answers
from kb.models import CodeTable
from kb.models.visibility import Person
from kb.queries import lookup_many
from kb.queries.lookup import CodeAnswer
from kb.queries.lookup_many import CodeVerdict
from kb.queries.surroundings import surroundings
from kb.queries.verdict_json import INCLUDED, VerdictRenderer


def answer(code_answer: CodeAnswer, table: CodeTable, user: Person | None, site: str) -> bytes:
    """Return the answer: its verdict, meanings, ranges and near codes. `site` ends in a slash."""
    meanings = lookup_many.meanings(code_answer.hits, surroundings([hit.code for hit in code_answer.hits], user))
    near = [near.code for near in code_answer.near]
    verdict = CodeVerdict(code_answer.query, code_answer.verdict, meanings, code_answer.ranges, near=near)
    (whole,) = lookup_many.with_anatomies([verdict], user)
    renderer = VerdictRenderer.of([whole], user, site, INCLUDED)
    around = answers.ranges_around([meaning.code.pk for meaning in meanings])
    values: dict[str, Any] = {
        **renderer.verdict(whole),
        "table": {"slug": table.slug, "vendor": table.vendor, "product": table.product, "name": table.name},
        "meanings": [renderer.meaning(meaning, ranges=around.get(meaning.code.pk, [])) for meaning in meanings],
        "truncated": False,
    }
    return orjson.dumps(values)
