"""Escape plain text for Markdown, so that it shows as it is. Code stays code: nothing is escaped inside of it.

Only signs that would be markup where they stand are escaped: `room_id`, `a.b` and `x < y` stay as they are.
"""

import re
from collections.abc import Iterator

# The ends of hosts that renderers make a link of without `http://` before them.
_HOST_END = "[a-z]{2}|biz|com|edu|gov|net|org|pro|web|xxx|aero|asia|coop|info|museum|name|shop|рф|xn--[a-z0-9-]{1,60}+"
_SIGNS = re.compile(
    # What is markup anywhere in a line.
    r"\\(?=[!-/:-@\[-`{-~]|\Z)|`|(?<!\s)\*|\*(?!\s)|_++|(?<!\s)~|~(?=~)|\$"
    r"|\[(?=\^)|\](?=[(\[:]|\Z)|<(?=[A-Za-z/!?])|&(?=#?\w{1,40};)|(?<!\S)#(?=#*+(?:\s|\Z))"
    # Plain addresses become links, so they lose a sign.
    rf"|@(?=\w)|(?<=/)/(?=[\w\[])|(?<=www)\.|(?<=\w)\.(?=(?:{_HOST_END})(?![^\W_]))"
    # What is markup at the beginning of a line: quotations, tables, lists, underlined headings.
    r"|\A(?:[>\[|]|:(?=-)|[-+=](?=[-+=\s|:]|\Z))",
    re.IGNORECASE,
)
_SIGNS_IN_LINK = re.compile(rf"{_SIGNS.pattern}|[\[\]]", re.IGNORECASE)
_NUMBER = re.compile(r"(\d{1,9})(?=[.)](?:\s|\Z))")
_TICKS = re.compile("`+")
_FENCE = re.compile(r"[ \t]{0,12}+(`{3,}+|~{3,}+)[ \t]{0,9}+([^`\n]*)\Z")
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}\Z")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def markdown(text: str, *, in_link: bool = False) -> str:
    """Return one line of Markdown that shows a text as it is: none of it becomes markup, a link or a picture.

    Only code between backticks stays code. With `in_link`, the line may be the text of a link.
    """
    line = _with_single_spaces(without_controls(text)).strip()
    number = _NUMBER.match(line)
    parts, end = ([f"{number[1]}\\"], number.end()) if number else ([], 0)
    spans = _code_spans(line)
    span = next(spans, None)
    for match in (_SIGNS_IN_LINK if in_link else _SIGNS).finditer(line, end):
        while span and span[1] <= match.start():
            span = next(spans, None)
        if (span is None or match.start() < span[0]) and _is_markup(match):
            parts += [line[end : match.start()], *(f"\\{sign}" for sign in match[0])]
            end = match.end()
    return "".join([*parts, line[end:]])


def quotation(text: str) -> str:
    """Return a Markdown quotation of a text, with its lines and its blocks of code."""
    lines = without_controls(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    quoted: list[str] = []
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence:
            end = _end_of_block(lines, at + 1, fence[1])
            quoted += _block(lines[at + 1 : end], _language(fence[2]), len(lines[at]) - len(lines[at].lstrip()))
            at = end + 1
        else:
            line = markdown(lines[at])
            # Two spaces at the end keep the line break.
            quoted.append(f"{line}  " if line else "")
            at += 1
    return "\n".join(f"> {line}" if line else ">" for line in quoted)


def without_controls(text: str) -> str:
    """Return a text without the control characters that XML and Markdown do not allow."""
    return _CONTROL.sub("", text)


def _is_markup(match: re.Match[str]) -> bool:
    sign, line = match[0][0], match.string
    if sign == "$":
        # A formula has two.
        return line.count("$", 0, 2_000) > 1
    if sign != "_":
        return True
    before, after = line[match.start() - 1 : match.start()], line[match.end() : match.end() + 1]
    return not (before.isalnum() and after.isalnum())


def _with_single_spaces(text: str) -> str:
    """Return a line without repeated blanks, except in code."""
    parts, end = [], 0
    for first, last in _code_spans(text):
        parts += [re.sub(r"\s+", " ", text[end:first]), re.sub(r"[\n\r]", " ", text[first:last])]
        end = last
    return "".join([*parts, re.sub(r"\s+", " ", text[end:])])


def _code_spans(line: str) -> Iterator[tuple[int, int]]:
    """Yield where code begins and ends: between two equally long runs of backticks."""
    runs = [run.span() for run in _TICKS.finditer(line)]
    nearest: dict[int, int] = {}
    closing: dict[int, int] = {}
    for at in reversed(range(len(runs))):
        length = runs[at][1] - runs[at][0]
        closing[at] = nearest.get(length, 0)
        nearest[length] = at
    at = 0
    while at < len(runs):
        if closing[at]:
            yield runs[at][0], runs[closing[at]][1]
        at = (closing[at] or at) + 1


def _end_of_block(lines: list[str], start: int, fence: str) -> int:
    """Return the line that closes a block of code; the end of the text for an open one."""
    for at in range(start, len(lines)):
        line = lines[at].strip()
        if len(line) >= len(fence) and not line.strip(fence[0]):
            return at
    return len(lines)


def _block(lines: list[str], language: str, indent: int) -> list[str]:
    """Return a block of code whose fence is longer than any in it, without the indent of its own fence."""
    longest = max((len(run) for line in lines for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *(line[min(indent, len(line) - len(line.lstrip())) :] for line in lines), fence]


def _language(words: str) -> str:
    first = words.strip().partition(" ")[0]
    return first if _LANGUAGE.match(first) else ""
