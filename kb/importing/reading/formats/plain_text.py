"""Plain text: on each line a code, a sign such as a colon, and its text."""

import re
from collections.abc import Sequence

from kb.importing.reading.formats.entries import is_like_code, sheet_of, target_of
from kb.importing.reading.formats.grids import PAGE_LEFT_OUT, is_page, tell
from kb.importing.reading.formats.prose import HEADING, ITEM, TEXT, Block, code_and_text, entries_of
from kb.importing.reading.sheets import Sheet, unreadable
from kb.importing.reading.source_file import SourceFile

_SAMPLE_LINES = 200
_LEAST_NUMBERED = 3
_BULLET = re.compile(r"\A(?:[-*\u2022\u00b7\u00bb\u2013\u2014\u25aa\u25ba] {1,3}){1,2}")
_NUMBER = re.compile(r"\A(\d{1,9}(?:, ?\d{1,9}){0,20}) {1,3}(?=[^\W\d_])")
_WORDS_BEFORE = re.compile(r"[+*#]?[^\W\d_][^\d:]{2,30}[: ]{1,2}(?=[^ :]|\Z)")


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the table of the lines that begin with a code. Raises Unreadable where there are fewer than two."""
    blocks: list[Block] = []
    lines = source_file.text.split("\n")
    prefix = _prefix(lines)
    if prefix:
        tell(source_file, 1, f"Each line begins with {prefix.strip()}, which was left off.", prefix.strip())
    numbered, alternates = _is_numbered(lines), _alternates(lines)
    for number, line in enumerate(lines, 1):
        text = _item(line.removeprefix(prefix).strip(), numbered)
        if not text:
            continue
        if is_page(lines, number - 1) and not alternates:
            tell(source_file, number, PAGE_LEFT_OUT.format(text), text)
            continue
        if code_and_text(text, ITEM):
            blocks.append(Block(ITEM, 1, text, number))
        elif line[0].isspace() or target_of(text.partition(":")[0]) or _is_below_code(blocks, alternates):
            blocks.append(Block(TEXT, 2, text, number))
        else:
            blocks.append(Block(HEADING, 2, text.strip("=-:# "), number))
    headings = [block for block in blocks if block.kind == HEADING]
    if headings:
        message = f"{len(headings)} lines without a code were read as headings, such as {headings[0].text[:60]}."
        tell(source_file, headings[0].line, message)
    entries = entries_of(blocks)
    if not entries:
        raise unreadable("no_list", "This text has no lines with a code and a text.")
    lines_read = {entry.line for entry in entries}
    lost = [block for block in blocks if block.kind == ITEM and block.line not in lines_read]
    if lost:
        message = f"{len(lost)} lines with a single code below a heading were left out, such as {lost[0].text[:60]}."
        tell(source_file, lost[0].line, message)
    return [sheet_of(entries, source_file.limits)]


def begins(sample: str) -> bool:
    """Whether most lines of a text begin with a code and a sign."""
    prefix = _prefix(sample.split("\n")[:_SAMPLE_LINES])
    lines = [line.removeprefix(prefix).rstrip() for line in sample.split("\n")[:_SAMPLE_LINES] if line.strip()]
    # Where only some lines are indented, these go on with the one above.
    lines = [line for line in lines if not line[0].isspace()] or [line.strip() for line in lines]
    if lines and target_of(lines[0]) == "code":
        # A table of one column.
        return False
    if _alternates(sample.split("\n")[:_SAMPLE_LINES]):
        return True
    lines = [_item(line.strip(), _is_numbered(lines)) for line in lines]
    return len(lines) > 1 and sum(code_and_text(line, ITEM) is not None for line in lines) > 0.5 * len(lines)


def _item(text: str, numbered: bool) -> str:
    """Return a line without the sign of a list; with a colon behind its number or its list of codes."""
    text = _BULLET.sub("", text, count=1)
    if numbered:
        text = _NUMBER.sub(r"\1: ", text, count=1)
    return text


def _is_numbered(lines: Sequence[str]) -> bool:
    """Whether most items begin with a number of their own: `- 46 Delivery failed`."""
    items = [line.strip() for line in lines if line.strip()]
    bullets = [_BULLET.sub("", item, count=1) for item in items if _BULLET.match(item)] or items
    numbers = [match[1] for item in bullets if (match := _NUMBER.match(item))]
    return len(numbers) > _LEAST_NUMBERED and len(numbers) > 0.7 * len(bullets) and len(set(numbers)) == len(numbers)


def _alternates(lines: Sequence[str]) -> bool:
    """Whether codes stand alone, each above its text."""
    texts = [line.strip() for line in lines if line.strip()]
    codes = {n for n, text in enumerate(texts) if is_like_code(text) or text.isdigit()}
    with_text = sum(n + 1 < len(texts) and n + 1 not in codes for n in codes)
    return len(codes) > _LEAST_NUMBERED and with_text > 0.9 * len(codes) and 2 * len(codes) > 0.8 * len(texts)


def _is_below_code(blocks: Sequence[Block], alternates: bool) -> bool:
    return alternates and bool(blocks) and blocks[-1].kind == ITEM


def _prefix(lines: list[str]) -> str:
    """Return the words with which each line begins, such as `CME ERROR: `; "" unless numbers or codes follow them."""
    texts = [line for line in lines if line.strip()]
    if len(texts) < 3:
        return ""
    # What the first and the last one in order share, all of them do.
    ends = min(texts), max(texts)
    length = next((n for n, (a, b) in enumerate(zip(*ends, strict=False)) if a != b), min(map(len, ends)))
    words = _WORDS_BEFORE.match(ends[0][:length])
    return words[0] if words else ""
