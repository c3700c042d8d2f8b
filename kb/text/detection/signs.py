"""Signs around a short number or a hexadecimal number that make it a code."""

import re
from pathlib import Path

from kb.text.word_lists import WordFile, one_of

_FILE = WordFile(Path(__file__).parent / "words" / "signs.toml")
_OPENING = r"[\s\"'`\[({<#*:=|„«»‹›“‘「『【（：-]{0,6}"
_BEFORE = re.compile(
    rf"(?:(?<![^\W_]){one_of(_FILE.words('before'))}|{one_of(_FILE.words('before_joined'))}[了:：]?)"
    rf"(?:{_OPENING}(?:{one_of(_FILE.words('between'))})(?![^\W_])){{0,3}}{_OPENING}\Z"
)
_AFTER = re.compile(rf"[\s\"'`\])}}*]{{0,3}}{one_of(_FILE.words('after'))}(?![^\W_])")
_MSG, _LEVEL_AFTER = re.compile(r"(?<![a-z])msg[ ]\Z"), re.compile(r", ?Level [0-9]")
_LEVEL = re.compile(rf"(?<![^\W_]){one_of(_FILE.words('levels'))}[\] \t:|)>-]{{1,6}}\Z")
_MESSAGE = re.compile(r"[\s\"'`\])}*]{0,3}(?::|-|–|—)?[ \t]+[^\W\d_]{2,}[,]?[ \t]+[^\W\d_]{2,}")
_COLON_MESSAGE = re.compile(r"[\])]?\s?(?::|-|–|—|：)[ \t]*[^\W\d_]{2,}")
_TUPLE_MESSAGE = re.compile(r",\s?[bu]?[\"'](?:\(\s?[\"'])?[^\W\d_]{2,}")
_LINE_START = re.compile(r"(?:\A|\n)[\s>*•\-\[(]{0,6}\Z|[:\])][ \t]{1,2}\Z")
_BULLET = re.compile(r"\n[^\S\n]{0,8}(?:[-*•–+]|[0-9]{1,2}[.)])[^\S\n]{1,3}\Z")
_HEADING = re.compile(
    rf"(?<![^\W_]){one_of(_FILE.words('headings'))}[^\n:]{{0,40}}:[^\S\n]{{0,3}}\n\s{{0,8}}(?:[-*•–+]|[0-9]{{1,2}}[.)])\s{{1,3}}\Z"
)
_NUMBER_SIGN = re.compile(r"(?:\A|[\s(:,;])(?:n[°º]|№)\s?\Z|(?:\A|\n)[\s>]{0,4}#\s?\Z")
_NAME = re.compile(r"[A-Z][A-Za-z]*[a-z][A-Za-z]*\s?[(\[]\Z")
_TAG = re.compile(r"<(?:b|strong|code|kbd|em|span|h[1-6]|samp|mark)(?: [^<>]{0,60})?>\s{0,2}\Z")
_CELL = re.compile(rf"{one_of(_FILE.words('before'))}[^<>]{{0,12}}</t[dh]>\s{{0,4}}<td(?: [^<>]{{0,40}})?>\s{{0,2}}\Z")
_ERROR_FIELD = re.compile(
    r"(?<![a-z])(?:err|error|cause|reason)[\"']{0,2}\s?[=:]\s?[\"'](?:[a-z][a-z0-9 _-]{0,23}: ){1,2}\Z"
)
"""A message in quotes, in the field of an error: `err="chat: 660300001 room is gone"`."""
_WRAPPED = ("Some(", "Ok(", "Just(", "Optional(", "Int(", "Number(", "Value(", "Duration(")
"""What languages write around any value."""

_EMPHASIS = ("**", "`", "__")
_LABEL_LINE = re.compile(
    r"(?:^|[\n\r])[^\n\d;,|\t]{0,20}\b(?:code|error|err|fehler|errno|fehlercode|código|codigo|erro|错误码|エラーコード)[^\n\d;,|\t]{0,14}\n\s{0,8}\Z"
)
_TROUBLE = re.compile(rf"{one_of(_FILE.words('trouble'))}|(?<![^\W_]){one_of(_FILE.words('trouble_words'))}(?![^\W_])")
_ANNOUNCES = (":", "：", "=", ">", "*", '"', "`")
"""Signs at the end of a line that announce what the next line has."""
_DATA = re.compile(rf"(?<![a-z]){one_of(_FILE.words('data'))}[^()]*\Z")
_REPLY_BEFORE = re.compile(r"(?<![0-9])[245][0-9]{2}[ -]#?\Z|(?:^|\n)Status:[ ]\Z")
_ENHANCED_AFTER = re.compile(r"[ -]#?[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")
_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\Z")
_ARTICLE = re.compile(rf"(?:\A|[^\w]){one_of({*_FILE.words('articles'), *_FILE.words('articles_of_one')})}[ ]\Z")
_ONE_THING = re.compile(rf"(?:\A|[^\w]){one_of(_FILE.words('articles_of_one'))}[ ]\Z")
_OBJECT_END = re.compile(
    rf"[\"'`)\]]{{0,3}}(?:[.,;!?]?(?:\s{{0,9}}\Z|[ ]{{0,9}}\n)|[.,;!?][ ]|[ ]{one_of(_FILE.words('behind'))}\b)"
)
_PLURAL = re.compile(rf"[ ](?!{one_of(_FILE.words('not_counted'))}\b)[a-z]{{2,20}}s\b")
_NUMBER, _LONG_WORD = re.compile("[0-9]"), re.compile(r"[^\W\d_]{4}")
_WINDOW = 64
_LINE = 240


def is_data(text: str, start: int) -> bool:
    """Whether a number is a value in a statement of a database."""
    return bool(_DATA.search(text[max(0, start - 120) : start].lower()))


def says_code(text: str, start: int, end: int) -> bool:
    """Whether the words or signs right beside a text make it a code."""
    before, after = text[max(0, start - _WINDOW) : start], text[end : end + _WINDOW]
    lines = before.lower()
    low = _announcement(lines, after)
    level = _LEVEL.search(low)
    if level and (before[level.start() : level.start() + 4].isupper() or not _BEFORE.search(low)):
        # After a level of a log, a number is most often a process, unless a message follows.
        return bool(_MESSAGE.match(after) or _COLON_MESSAGE.match(after) or not after.strip())
    if _MSG.search(lines) and _LEVEL_AFTER.match(after):
        return True
    if _BEFORE.search(low) or _is_before_a_word(after) or _LABEL_LINE.search(lines):
        return True
    if _BULLET.search(before) and _HEADING.search(text[max(0, start - _LINE) : start].lower()):
        return True
    if _NUMBER_SIGN.search(low) and after[:1] != "]":
        return True
    if before[-1:] == "#" and not text[start:end].isdigit():
        return True
    return _is_reply(before, text[start:end], after) or _is_marked(text, start, end, before, after)


def _is_before_a_word(after: str) -> bool:
    """Whether a word such as "error" follows, or "Fehler"; ERROR is a level of a log."""
    match = _AFTER.match(after.lower())
    return match is not None and not after[: match.end()][-2:].isupper()


def _announcement(before: str, after: str) -> str:
    """Return the words before a text: of its own line, and of a line that announces it or stands above it alone."""
    above, line_end, own = before.rpartition("\n")
    is_alone = not after.partition("\n")[0].strip(" \t\r.,!?)]*`'\"")
    return before if not line_end or is_alone or above.rstrip().endswith(_ANNOUNCES) else own


def _is_reply(before: str, value: str, after: str) -> bool:
    """Whether a text is a part of the reply of a mail server: `550 5.1.1`."""
    if len(value) == 3:
        return bool(_ENHANCED_AFTER.match(after))
    return bool(_ENHANCED.match(value) and _REPLY_BEFORE.search(before))


def _is_marked(text: str, start: int, end: int, before: str, after: str) -> bool:
    """Whether a text is emphasised, in brackets behind a name or a message, or begins a message about a failure."""
    if after.lstrip()[:2] == "</" and (_TAG.search(before) or _CELL.search(text[max(0, start - 120) : start].lower())):
        return True
    if any(before.endswith(sign) and after.startswith(sign) for sign in _EMPHASIS):
        return True
    if (before.endswith("{{") and after.startswith("}}")) or _ERROR_FIELD.search(before.lower()):
        return True
    if after[:1] in (")", "]") and before[-1:] in ("(", "["):
        ends = after[1:].lstrip(" \t.")[:1]
        is_last = ends in ("", "\n", "\r", ":", ")", ";")
        return bool(_NAME.search(before) and not before.endswith(_WRAPPED)) or (
            is_last and has_trouble(text, start, end)
        )
    return bool(_LINE_START.search(before) and _COLON_MESSAGE.match(after) and has_trouble(text, start, end))


def begins_message(text: str, end: int) -> bool:
    """Whether a colon or a dash and words follow a text, or a quoted message in a tuple: `(1062, "Duplicate…`."""
    return bool(_COLON_MESSAGE.match(text, end) or _TUPLE_MESSAGE.match(text, end))


def begins_reply(text: str, end: int) -> bool:
    """Whether an enhanced code follows, as behind the 550 in the reply of a mail server: `550 5.1.1`."""
    return bool(_ENHANCED_AFTER.match(text, end))


def has_trouble(text: str, start: int, end: int) -> bool:
    """Whether the line of a text is about a failure."""
    return bool(_TROUBLE.search(line_around(text, start, end).lower()))


def is_object(text: str, start: int, end: int) -> bool:
    """Whether a number stands as a name does, behind "with" or an article, and counts nothing: "with a 30007"."""
    if is_data(text, start) or not _ARTICLE.search(text[max(0, start - 12) : start].lower()):
        return False
    return ends_a_clause(text, end)


def is_one_thing(text: str, start: int) -> bool:
    """Whether an article of one thing stands before a number: "un 30007"."""
    return _ONE_THING.search(text[max(0, start - 12) : start].lower()) is not None


def ends_a_clause(text: str, end: int) -> bool:
    """Whether nothing that a number counts follows it: a sign, the end of the line, or a word such as "for"."""
    return _OBJECT_END.match(text, end) is not None


def is_count(text: str, end: int) -> bool:
    """Whether a word in the plural follows a number: "30007 contacts"."""
    return _PLURAL.match(text, end) is not None


def is_one_of_many(text: str, start: int, end: int) -> bool:
    """Whether a number stands among others on a line of words, as in addresses and lists of processes."""
    line = line_around(text, start, end)
    return _NUMBER.search(line) is not None and _LONG_WORD.search(line) is not None


def line_around(text: str, start: int, end: int) -> str:
    """Return the line around a text, at most 240 characters on each side."""
    first = max(text.rfind("\n", max(0, start - _LINE), start) + 1, start - _LINE, 0)
    last = text.find("\n", end, end + _LINE)
    return text[first:start] + " " + text[end : last if last >= 0 else end + _LINE]
