"""Plain text: on each line a code, a sign such as a colon, and its text."""

import re

from kb.importing.reading.formats.entries import sheet_of, target_of
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.formats.prose import HEADING, ITEM, TEXT, Block, code_and_text, entries_of
from kb.importing.reading.sheets import Sheet, unreadable
from kb.importing.reading.source_file import SourceFile

_SAMPLE_LINES = 200
_WORDS_BEFORE = re.compile(r"[+*#]?[^\W\d_][^\d:]{2,30}[: ]{1,2}(?=[^ :]|\Z)")


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the table of the lines that begin with a code. Raises Unreadable where there are fewer than two."""
    blocks: list[Block] = []
    lines = source_file.text.split("\n")
    prefix = _prefix(lines)
    if prefix:
        tell(source_file, 1, f"Each line begins with {prefix.strip()}, which was left off.", prefix.strip())
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(prefix).strip()
        if not text:
            continue
        if code_and_text(text, ITEM):
            blocks.append(Block(ITEM, 1, text, number))
        elif line[0].isspace() or target_of(text.partition(":")[0]):
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
    return len(lines) > 1 and sum(code_and_text(line, ITEM) is not None for line in lines) > 0.5 * len(lines)


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
