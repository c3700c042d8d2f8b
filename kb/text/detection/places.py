"""Numbers that belong to something else than a code: a process behind its name, a port, a line of a file."""

import re
from pathlib import Path

from kb.text.word_lists import WordFile, one_of

_FILE = WordFile(Path(__file__).parent / "words" / "signs.toml")
_CLOSING = {"[": "]", "(": ")"}
_TIME = re.compile(r"(?<![0-9:])[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?![0-9:])|(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_NAME_OF_ERROR = re.compile(one_of(_FILE.words("names_of_errors")))
_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}\Z|localhost\Z|[0-9a-f:]{2,40}\]\Z")
_DOTTED = re.compile(r"(?=[\w.-]*[a-z])[\w-]+(?:\.[\w-]+)*\.[a-z][a-z0-9]{0,9}\Z")
_BEFORE_NAME = re.compile(r"[\s\"'`(\[<>=,;/@|]")
_LONGEST_LINE = 240


def is_part_of_a_place(text: str, start: int, end: int) -> bool:
    """Whether a number is the process in `sshd[3307]: ...`, the port in `10.0.0.9:8080`, or the line in `room.go:1204`.

    A name such as `ConnectionError` or `psycopg.errors` says that a code follows, not a process or a port.
    """
    sign = text[start - 1 : start]
    if sign == ":":
        return _is_port_or_line(_name_before(text, start - 1))
    return text[end : end + 1] == _CLOSING.get(sign, "none") and _is_process(text, start, sign)


def _is_port_or_line(name: str) -> bool:
    return bool(_ADDRESS.match(name) or (_DOTTED.match(name) and not _NAME_OF_ERROR.search(name.lower())))


def _is_process(text: str, start: int, sign: str) -> bool:
    """Whether a name stands right before: behind a time, or with dots as in `com.acme.Chat(301)`."""
    head = text[max(text.rfind("\n", 0, start) + 1, start - _LONGEST_LINE) : start - 1]
    if sign == "[" and text.startswith("]: [", text.find("]", start)) and _TIME.search(head):
        return True
    name = head[-1:].strip() and head.split()[-1]
    if not name or _NAME_OF_ERROR.search(name.lower()):
        return False
    if sign == "[":
        return _TIME.search(head) is not None
    return "." in name and name[0].islower()


def _name_before(text: str, end: int) -> str:
    return _BEFORE_NAME.split(text[max(0, end - 64) : end])[-1]
