"""Codes that a document has as headings, items of lists or terms, each followed by its text."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from kb.importing.reading.formats.entries import CODE, MESSAGE, NAME, SECTION, Entry, is_like_code, target_of
from kb.importing.reading.formats.grids import REMARK, unmark

HEADING, ITEM, TERM, TEXT = "heading", "item", "term", "text"
_PREFIX = re.compile(
    r"(?:(?:http|error|errors|err|status|exit|return|result|response|fault|alarm|event|warning|code|no\.|number|sqlstate)"
    r"[ \t]{1,3}){0,3}[#:]?[ \t]{0,3}|(?:错误码|返回码|状态码|错误代码|エラー|오류)[ \t]{0,3}[:：]?[ \t]{0,3}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\s,;:：=()（）\[\]]{1,64}(?::[^\s,;:：=()（）\[\]]{1,64}){0,3}")
_MARK = re.compile(
    r"\*\*([^*`]{1,100})\*\*|__([^_`]{1,100})__|`{1,2}([^`]{1,100})`{1,2}|\[([^\[\]]{1,100})\]\([^()]{0,300}\)"
)
_CODE_AND_COLON = re.compile(r"([^\W_]{0,12}[0-9][0-9A-Za-z_-]{0,12}):(?=[A-Z]?[a-z]{2}|[^\x00-\x7f])")
_CODE_LIST = re.compile(r"([A-Z]{0,4}\d{1,9}(?:, ?[A-Z]{0,4}\d{1,9}){1,20}) {0,3}[-\u2013\u2014:=]")
_NUMBER_IN_BRACKETS = re.compile(r"[ \t]{0,9}\((-?[0-9]{1,10}|0x[0-9A-Fa-f]{1,8})\)")
_BOLD_SPAN = re.compile(r"\*\*(`[^*`]{1,100}`)\*\*")
_CAPITALS = re.compile("[A-Z]{2,40}")
_GAP = " \t\n:：-–—=|."
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{1,40}(?:_[A-Z0-9]{1,40}){1,9}|[A-Z][a-z0-9]{1,30}(?:[A-Z][a-z0-9]{1,30}){1,9}")
_LABEL = re.compile(
    r"(?:\*\*|__|\*|_)([^*_:：]{1,40})[:：]?(?:\*\*|__|\*|_)[ \t]{0,9}[:：]?|([^*_:：.]{2,40})[:：](?=\s|\Z)"
)
_CODE_LABEL = re.compile(
    r"(?:\*\*|__)?([^\W\d_][^*_:：]{1,30})(?:\*\*|__)?(?::(?:\*\*(?!`)|__)?[ \t]{1,9}|：[ \t]{0,9})(?=\S)"
)
_NAMED_NUMBER = re.compile(
    r"(?!19\d\d|20\d\d)(\d{3,6})[ \t]{1,3}([^\W\d][^—–\n]{0,80}?)[ \t]{1,3}[—–-][ \t]{1,3}(\S.*)", re.DOTALL
)
"""A number, a name, a dash and a text: `404 Not Found — there is no such page`."""

_MAX_TEXT = 60_000
_OWN = {CODE, NAME, MESSAGE, SECTION, REMARK}


class Block(NamedTuple):
    """A piece of a document: a heading, an item of a list, a term with a definition, or text.

    `level` is the level of a heading or a list. A text belongs to the item above it if its level is greater.
    """

    kind: str
    level: int
    text: str
    line: int


class _CodeRun(NamedTuple):
    blocks: list[int]
    codes: dict[int, Entry]


def entries_of(blocks: Sequence[Block]) -> list[Entry]:
    """Return the codes of a document that has at least two of them in the same place: headings, or items of a list."""
    groups = [*_headings(blocks), *_items(blocks)]
    groups = [group for group in groups if len(group.codes) > 1 and len(group.codes) > 0.4 * len(group.blocks)]
    headings = [group for group in groups if blocks[group.blocks[0]].kind == HEADING]
    headings = [group for group in headings if not _are_chapters(group, blocks)]
    groups = [group for group in groups if blocks[group.blocks[0]].kind != HEADING]
    if headings:
        groups = [max(headings, key=lambda group: len(group.codes))]
    starts = {at: entry for group in groups for at, entry in group.codes.items()}
    labels = _labels(blocks, len(starts))
    entries = [_with_body(starts[at], blocks, at, starts, labels) for at in sorted(starts)]
    entries = _merged_labels(entries)
    return entries if any(len(entry.texts) > 2 or entry.texts.get(MESSAGE) for entry in entries) else []


def _are_chapters(group: _CodeRun, blocks: Sequence[Block]) -> bool:
    """Whether the numbers of headings count chapters or years: small ones, without labels such as "Cause:" below."""
    codes = [entry.texts[CODE] or "" for entry in group.codes.values()]
    years = all(len(code) == 4 and code[:2] in ("19", "20") for code in codes)
    if not years and not all(code.isdigit() and len(code) < 3 for code in codes):
        return False
    if any(_has_prefix(blocks[at].text) for at in group.codes):
        return False
    bodies = [_with_body(entry, blocks, at, group.codes) for at, entry in group.codes.items()]
    labels = sum(any(name not in _OWN and target_of(name) for name in body.texts) for body in bodies)
    return 2 * labels < len(bodies)


def _has_prefix(text: str) -> bool:
    """Whether a text begins with a word such as "Error"."""
    prefix = _PREFIX.match(text)
    return bool(prefix and prefix[0].strip())


def code_and_text(text: str, kind: str) -> dict[str, str] | None:
    """Return the code at the beginning of a heading or an item, with the text behind it; None without one."""
    text = _BOLD_SPAN.sub(r"\1", text.strip(), count=1)
    is_struck, text = text.startswith("~~"), text.removeprefix("~~") if text.startswith("~~") else text
    label = _CODE_LABEL.match(text)
    is_code_label = label and not any(map(str.isdigit, label[1])) and target_of(label[1].strip()) == "code"
    prefix = label if is_code_label else _PREFIX.match(text)
    start = prefix.end() if prefix else 0
    if kind == ITEM and not start and (named := _NAMED_NUMBER.fullmatch(text)):
        return {CODE: named[1], NAME: named[2], MESSAGE: named[3]}
    if kind == ITEM and (codes := _CODE_LIST.match(text, start)):
        return {CODE: codes[1], **_title(text[codes.end() :])}
    mark = _MARK.match(text, start) or (_MARK.match(text) if start else None)
    if mark:
        words, rest = next(filter(None, mark.groups())), text[mark.end() :]
        if (inner := _PREFIX.match(words)) and inner.end() < len(words):
            start, words = start + inner.end(), words[inner.end() :]
        word = _WORD.match(words)
        # More than the code may be marked: `**E101: Door is open**`.
        words, rest = (word[0], words[word.end() :] + rest) if word and word.end() < len(words) else (words, rest)
    elif word := _WORD.match(text, start):
        # A text may follow the colon at once: `0014:Encoder fault`.
        end = joined.end(1) if kind == ITEM and (joined := _CODE_AND_COLON.match(text, start)) else word.end()
        words, rest = text[start:end], text[end:]
    else:
        return None
    code, remark = unmark(words.strip().rstrip(":."))
    # A number with a full stop is the number of a chapter.
    is_name = kind == ITEM and text.startswith("`") and _CAPITALS.fullmatch(code) and _is_apart(rest, kind)
    if not (is_like_code(code) or code.isdigit() or is_name) or (words.rstrip("*").endswith(".") and code.isdigit()):
        return None
    if not mark and not start and not _is_apart(rest, kind):
        return None
    if (number := _NUMBER_IN_BRACKETS.fullmatch(rest)) and not any(map(str.isdigit, code)):
        return {CODE: number[1], NAME: code}
    texts = _title(rest.removeprefix("~~"))
    remark = ", ".join(filter(None, [remark, "struck out" if is_struck else ""]))
    return {CODE: code, **texts, **({REMARK: remark} if remark else {})}


def _is_apart(rest: str, kind: str) -> bool:
    """Whether a word without marks is a code: alone, or apart from its text by a sign or, in a heading, by a space."""
    if rest.startswith("\t"):
        return True
    rest = rest.lstrip(" \t")
    if not rest:
        return True
    return rest[0] in ":：-–—=|(（" or kind != ITEM


def _title(rest: str) -> dict[str, str]:
    title = rest.strip().removeprefix("**").strip(_GAP.replace(".", "")).strip()
    if title.startswith(("(", "（")) and title.endswith((")", "）")):
        title = title[1:-1].strip()
    if title.startswith("`") and title.endswith("`") and title.count("`") == 2:
        title = title.strip("`")
    return {NAME: title} if _SYMBOL.fullmatch(title) else {MESSAGE: title} if title else {}


def _headings(blocks: Sequence[Block]) -> Iterator[_CodeRun]:
    groups: dict[int, _CodeRun] = defaultdict(lambda: _CodeRun([], {}))
    path: dict[int, str] = {}
    tops = sum(block.kind == HEADING and block.level == 1 for block in blocks)
    for at, block in enumerate(blocks):
        if block.kind == HEADING:
            group = groups[block.level]
            group.blocks.append(at)
            texts = code_and_text(block.text, HEADING)
            path = {level: title for level, title in path.items() if level < block.level}
            above = {level: title for level, title in path.items() if level > 1 or tops > 1}
            if texts:
                group.codes[at] = Entry(block.line, {SECTION: above[max(above)] if above else "", **texts})
            else:
                path[block.level] = _plain(block.text)
    return iter(groups.values())


def _items(blocks: Sequence[Block]) -> Iterator[_CodeRun]:
    groups: dict[tuple[int, int, str], _CodeRun] = defaultdict(lambda: _CodeRun([], {}))
    heading, title, tops = 0, "", sum(block.kind == HEADING and block.level == 1 for block in blocks)
    for at, block in enumerate(blocks):
        if block.kind == HEADING:
            heading, title = at, _plain(block.text) if block.level > 1 or tops > 1 else ""
        elif block.kind in (ITEM, TERM):
            group = groups[heading, block.level, block.kind]
            group.blocks.append(at)
            if texts := code_and_text(block.text, block.kind):
                group.codes[at] = Entry(block.line, {SECTION: title, **texts})
    return iter(groups.values())


def _labels(blocks: Sequence[Block], count: int) -> set[str]:
    """Return the words before a colon that stand as often as most of the codes: they are labels in any language."""
    matches = (_LABEL.match(block.text) for block in blocks if block.kind == TEXT)
    counts = Counter(match[2].strip() for match in matches if match and match[2] and len(match[2].split()) < 4)
    return {label for label, number in counts.items() if number > 1 and 2 * number > count}


def _with_body(
    entry: Entry, blocks: Sequence[Block], at: int, starts: dict[int, Entry], labels: Collection[str] = ()
) -> Entry:
    """Return an entry with the texts below it, up to the next block that does not belong to it."""
    start, texts, label, size = blocks[at], {name: [text or ""] for name, text in entry.texts.items()}, MESSAGE, 0
    for below in range(at + 1, len(blocks)):
        block = blocks[below]
        ends = (
            block.kind == HEADING and block.level <= start.level
            if start.kind == HEADING
            else (block.kind == HEADING or block.level <= start.level)
        )
        if ends or below in starts or size > _MAX_TEXT:
            break
        size += len(block.text)
        name, text = _label_of(block, labels)
        if name:
            label = name
        if text:
            is_item = block.kind == ITEM and not name
            texts.setdefault(label, []).append(f"- {text}" if is_item else text)
    return Entry(entry.line, {name: "\n".join(filter(None, lines)) for name, lines in texts.items()})


def _label_of(block: Block, labels: Collection[str]) -> tuple[str, str]:
    """Return the label at the beginning of a text, such as "Cause:", and the text behind it; ("", text) without one."""
    if block.kind == HEADING:
        title = _plain(block.text)
        return (title, "") if target_of(title) not in ("", "code") else ("", title)
    match = _LABEL.match(block.text)
    if not match:
        return "", block.text
    label, rest = (match[1] or match[2]).strip(), block.text[match.end() :].strip()
    is_label = (
        label in labels
        or target_of(label) not in ("", "code")
        or (match[1] and ":" in match[0] and len(label.split()) < 4)
    )
    return (label, rest) if is_label else ("", block.text)


def _merged_labels(entries: list[Entry]) -> list[Entry]:
    """Return the entries without labels that only one of them has: such a label stays in the text."""
    counts = Counter(name for entry in entries for name in entry.texts)
    merged = []
    for entry in entries:
        texts: dict[str, str] = {}
        for name, text in entry.texts.items():
            if name in _OWN or target_of(name) or counts[name] > 1:
                texts[name] = text or ""
            else:
                texts[MESSAGE] = f"{texts.get(MESSAGE, '')}\n{name}: {text}".strip()
        merged.append(Entry(entry.line, texts))
    return merged


def _plain(text: str) -> str:
    return " ".join(text.replace("**", "").replace("`", "").split())
