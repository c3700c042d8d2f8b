"""The meaning of a number without a label, from the words around it."""

import re
from pathlib import Path

from kb.text.word_lists import WordFile, one_of

_FILE = WordFile(Path(__file__).parent / "words" / "context.toml")

# Matched backwards from a number: its list, opening signs, a separator, then the name of its field.
_BACK_FIELD = re.compile(
    r"""(?:["'\\]{1,4}+\s{0,2}+\)[0-9]{1,3}+\(gnirts(?=\s))?+(?:(?:[\s"'\\]{0,4}+,[\s"'\\]{0,4}+[0-9]{1,19}+){1,4}+(?=[\s"'\\]{0,4}[\[(]))?+[\s"'\\\[({“]{0,8}+"""
    r"""(>-{1,2}+|(?!>-)[:=：>#]{1,3}+)[\s"'\\\])*\[]{0,6}+([\w.$-]{1,32}+)"""
)
_BACK_WORDS = re.compile(r"""[\s"'\\(#№\[“:*.°º]{0,8}+([^\W\d_]{1,24}+)?\.?(?:[\s\-/_:."']{1,4}+([^\W\d_]{1,24}+))?""")
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TAGS = frozenset("a b br code div em i kbd li p pre samp span strong td th tt u".split())
_NUMBERED = re.compile(r"([^\W\d_]{1,24})\s?(?:[#№]|n[°º])\s?\Z")
_IDS = frozenset(_FILE.words("ids"))
_ID_ENDINGS = _FILE.words("id_endings")
_NO_IDS = frozenset(_FILE.words("no_ids"))
_IDS_CJK = _FILE.exact("ids_cjk")
_NEUTRAL = frozenset(_FILE.words("neutral"))
_ERRORS = frozenset(_FILE.words("errors"))
_COPULAS = frozenset(_FILE.words("copulas"))
_NUMBER_WORDS = frozenset(_FILE.words("number_words"))
_NGINX_CONNECTION = re.compile(r"[0-9]#[0-9]{1,10}: \*\Z")
_CALL_ME = re.compile(
    rf"\b{one_of(_FILE.words('call_verbs'))} {one_of(_FILE.words('call_objects'))}\b[^.\n]{{0,16}}\Z", re.IGNORECASE
)
_DIALLED = re.compile(r"\+[0-9]{1,3}[0-9 ()/.-]{0,14}\Z")
_IS_YOURS = re.compile(
    rf"[ ]is your (?:[a-z-]{{1,16}} ){{0,3}}{one_of(_FILE.words('one_time_passwords'))}\b", re.IGNORECASE
)
_UNITS = re.compile(rf"[ ]?{one_of(_FILE.words('units'))}(?![A-Za-z])", re.IGNORECASE)
_ANSWER = re.compile(
    rf"{one_of(_FILE.words('answer_parts'))}|\b{one_of(_FILE.words('answer_starts'))}"
    rf"|\b{one_of(_FILE.words('answer_words'))}\b",
    re.IGNORECASE,
)
_JOINED = re.compile(rf"[0-9](?:[\s,/]{{1,3}}|[\s,]{{0,2}}{one_of(_FILE.words('conjunctions'))}\s?)\Z")


def confidence_limit(text: str, start: int, end: int) -> tuple[float, str] | None:
    """Return the highest confidence that the words around a bare number allow, and the reason ("" for none).

    None if the words around it call it something else.
    """
    before = text[max(0, start - 72) : start]
    if _UNITS.match(text, end) or before.rstrip().endswith(("$", "€", "£", "¥", "+")):
        return None
    if _IS_YOURS.match(text, end):
        return None
    if _NGINX_CONNECTION.search(before) or _CALL_ME.search(before) or _DIALLED.search(before):
        return None
    if re.sub(r"[\s:：#\"'（(是为為はが=「【\[]+\Z", "", before[-16:]).endswith(_IDS_CJK):
        return None
    back = before[::-1]
    field = _BACK_FIELD.match(back)
    if field:
        name = field[2][::-1]
        if field[1] == ">" and name in _TAGS:
            return 1.0, ""
        return _from_field(
            name, is_prose=field[1] != "=" and back[field.end() : field.end() + 1] not in ('"', "'", "\\")
        )
    return _from_words(back, before)


def _from_field(name: str, is_prose: bool) -> tuple[float, str] | None:
    if _is_id(name) and name.lower() not in _NEUTRAL:
        return None
    if _says_error(name) or name.lower() in _NEUTRAL or _humps(name)[-1] in _NEUTRAL:
        return 1.0, ""
    return 0.6 if is_prose else 0.4, f"It follows “{name}”, so it may not be a code."


def _humps(name: str) -> list[str]:
    return [hump.lower() for hump in _HUMP.findall(name)] or [name.lower()]


def _says_error(name: str) -> bool:
    return not _ERRORS.isdisjoint(_humps(name))


def _is_id(name: str) -> bool:
    last = _humps(name)[-1]
    if _says_error(name) or name.lower() in _NO_IDS or last in _NO_IDS:
        return False
    return last in _IDS or name.lower() in _IDS or last.endswith(_ID_ENDINGS)


def _from_words(back: str, before: str) -> tuple[float, str] | None:
    match = _BACK_WORDS.match(back)
    near, far = ((part or "")[::-1] for part in match.groups()) if match else ("", "")
    if near.lower() in _NUMBER_WORDS:
        # "error no. 660300001" is a code, "invoice no. 660300001" is not.
        return (1.0, "") if far.lower() in _NEUTRAL | _ERRORS else None
    if _is_id(near) or (near in _COPULAS and (_is_id(far) or far.lower() in _NUMBER_WORDS)):
        return None
    if far.lower() in _NUMBER_WORDS and near and not _says_error(near):
        return None  # "numer klienta 660300001"
    if re.search(r"/[\w-]{1,32}/\Z", before):
        path = before.rstrip("/").rsplit("/", 1)[-1].lower()
        return (1.0, "") if path.startswith(("err", "code")) else None
    return 1.0, ""


def is_numbered_id(text: str, start: int) -> bool:
    """Whether a number sign before a number belongs to the name of an id: "order #41007"."""
    match = _NUMBERED.search(text[max(0, start - 40) : start])
    return match is not None and _is_id(match[1])


def says_a_code(text: str, start: int, end: int) -> bool:
    """Whether the words around a bare number speak of a code, or the number is beside another one."""
    before = text[max(0, start - 28) : start]
    own = re.split(r"[0-9,;，；。]", before)[-1]
    return bool(
        _ANSWER.search(own)
        or _JOINED.search(before)
        or text[end : end + 2] in (": ", " (")
        or text[end : end + 1] == "："
    )
