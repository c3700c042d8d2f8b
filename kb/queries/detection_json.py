"""The codes of a text as JSON: the verdict on each and where it stands, for the API and the shell."""

from collections.abc import Collection
from typing import Any

from kb.models import ReturnCode
from kb.models.visibility import Person
from kb.queries import lookup_many
from kb.queries.detection import Report
from kb.queries.lookup import Verdict
from kb.queries.lookup_many import CodeVerdict
from kb.queries.surroundings import surroundings
from kb.queries.verdict_json import VerdictRenderer
from kb.text.detection.judgement import CodeMatch, UnknownMatch

MAX_SPANS = 100
"""Positions that an answer lists for one code; `count` is their number."""

TableMatch = CodeMatch[tuple[ReturnCode, ...]]

_READ = "named in the text"
_NO_TABLE: dict[str, Any] = {
    "certainty": None,
    "is_likely": False,
    "role": None,
    "inside": "",
    "why": "",
    "message": "",
    "filled": [],
}
"""What is said of a code in no table."""


def report_json(report: Report, user: Person | None, site: str, include: Collection[str]) -> dict[str, Any]:
    """Return the codes of a text with a verdict on each. `site` is the address of the start page."""
    matches: list[TableMatch | UnknownMatch] = [*report.codes, *report.unknown]
    verdicts = lookup_many.with_near(_verdicts(report, user), user)
    renderer = VerdictRenderer.of(verdicts, user, site, include)
    codes = [renderer.verdict(one) | _place(match) for match, one in zip(matches, verdicts, strict=True)]
    return {"codes": codes, "read_to_line": report.read_to_line, "not_listed": report.not_listed}


def _verdicts(report: Report, user: Person | None) -> list[CodeVerdict]:
    """Return the verdicts on the codes of a text, then on those that are in no table."""
    context = surroundings((code for match in report.codes for code in match.id), user)
    verdicts = []
    for match in report.codes:
        meanings = lookup_many.meanings(((code, _READ) for code in match.id), context)
        verdicts.append(CodeVerdict(match.written, lookup_many.overall(meanings), meanings))
    for unknown in report.unknown:
        ranges = [unknown.range] if unknown.range is not None else []
        verdict = Verdict.IN_KNOWN_RANGE if ranges else Verdict.UNKNOWN
        verdicts.append(CodeVerdict(unknown.written, verdict, [], ranges))
    return [verdict._replace(anatomy=report.anatomies.get(verdict.query)) for verdict in verdicts]


def _place(match: TableMatch | UnknownMatch) -> dict[str, Any]:
    """Return where the text has a code, and why it looks like one."""
    spans = [{"start": start, "end": end} for start, end in match.spans[:MAX_SPANS]]
    place = {"spans": spans, "count": match.count, "line": match.line, "column": match.column}
    if isinstance(match, UnknownMatch):
        return place | _NO_TABLE | {"why": match.why}
    return place | {
        "certainty": match.confidence,
        "is_likely": match.is_likely,
        "role": match.role.value,
        "inside": match.inside,
        "why": match.why,
        "message": match.message,
        "filled": [{"name": name, "text": text} for name, text in match.filled],
    }
