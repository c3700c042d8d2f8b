"""A status and its sub status in two fields or columns, as IIS logs them: `404 13` stands for the code 404.13."""

import re
from collections.abc import Iterator

from kb.text.detection.kinds import STRENGTH, Candidate, CandidateKind

_NAMES = r"(?:sc[-_])?status(?:[-_]?code)?"
_SUB = r"(?:sc[-_])?sub[-_]?status(?:[-_]?code)?"
_FIELDS = re.compile(
    rf"(?<![a-z]){_NAMES}[\"']?\s?[=:]\s?[\"']?([1-5][0-9]{{2}}[\"']?(?:[,;]\s{{0,2}}|\s{{1,2}})[\"']?{_SUB}[\"']?\s?[=:]\s?[\"']?[0-9]{{1,3}})(?![0-9])",
    re.IGNORECASE,
)
_HEADER = re.compile(
    rf"^[^\n]{{0,1000}}(?<![a-z-]){_NAMES}([ \t,;|]{{1,3}}){_SUB}\b[^\n]{{0,1000}}$", re.IGNORECASE | re.MULTILINE
)
_STATUS = re.compile(r"[1-5][0-9]{2}\Z")
_ROW = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [^\n]{20,4000}$", re.MULTILINE)
_METHOD = re.compile(r" (?:GET|POST|HEAD|PUT|PATCH|DELETE|OPTIONS|PROPFIND) /")
_LAST = re.compile(r" ([1-5][0-9]{2} [0-9]{1,3}) [0-9]{1,10}(?: [0-9]{1,12}){0,3}\s{0,3}\Z")
_CELL = re.compile(r"[^\s,;|]+")
_MAX_ROWS, _MAX_LINE = 5_000, 5_000
_LABEL = "status and sub status"


def sub_statuses(text: str) -> Iterator[Candidate]:
    """Yield the statuses with their sub statuses, each as one candidate."""
    low = text.lower()
    if "substatus" in low.replace("-", "").replace("_", ""):
        for match in _FIELDS.finditer(text):
            yield _candidate(text, *match.span(1))
        for header in _HEADER.finditer(text):
            yield from _rows(text, header)
    elif " /" in text:
        # The fields that IIS logs by default end with status, sub status, result of Windows and time.
        for row in _ROW.finditer(text):
            if _METHOD.search(row[0]) and (last := _LAST.search(row[0][-80:])):
                offset = row.start() + max(0, len(row[0]) - 80)
                yield _candidate(text, offset + last.start(1), offset + last.end(1))


def _rows(text: str, header: re.Match[str]) -> Iterator[Candidate]:
    names = [name.lower() for name in _CELL.findall(header[0].removeprefix("#Fields:"))]
    at = next((n for n, name in enumerate(names[:-1]) if "sub" in names[n + 1] and "status" in name), None)
    end = header.end()
    for _ in range(_MAX_ROWS if at is not None else 0):
        start, end = end + 1, text.find("\n", end + 1)
        line = text[start : end if end >= 0 else len(text)]
        if not line.strip() or len(line) > _MAX_LINE or line[0] == "#":
            return
        cells = [cell.span() for cell in _CELL.finditer(line)]
        if at is not None and len(cells) == len(names) and _STATUS.match(line[slice(*cells[at])]):
            yield _candidate(text, start + cells[at][0], start + cells[at + 1][1])
        if end < 0:
            return


def _candidate(text: str, start: int, end: int) -> Candidate:
    return Candidate(start, end, text[start:end], _LABEL, CandidateKind.SUB_STATUS, STRENGTH[CandidateKind.SUB_STATUS])
