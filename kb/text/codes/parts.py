"""The parts of codes whose form is published, and the code of another family inside them.

`0x800706BA` is a failure (HRESULT) of facility 7, which wraps the Windows error 1722; `42P01` has the class 42.
Sources: MS-ERREF 2.1 and 2.3 (HRESULT, NTSTATUS); PostgreSQL, Appendix A, and the SQL standard; RFC 3463 and the
registry of IANA (enhanced status codes of mail); RFC 9110, section 15 (HTTP); the list of status codes of gRPC.

A number alone belongs to no family: without a form that only one family has, the names of the table or the words near
the code must say it. Otherwise there is no answer.
"""

import re

from kb.text.codes import forms
from kb.text.codes.part_kinds import (
    GRPC_STATUSES,
    HTTP_CLASSES,
    SMTP_CLASSES,
    SMTP_DETAILS,
    SMTP_SUBJECTS,
    SQLSTATE_CLASSES,
    CodePart,
    CodeParts,
    InnerCode,
    names_family,
)
from kb.text.codes.windows_parts import windows_parts

__all__ = ["CodePart", "CodeParts", "InnerCode", "take_apart"]

_NO_FAMILY = re.compile(r"(?:[0-9]{4}|[0-9]{6,7}|[0-9]{9}|[0-9]{11,18})\Z")
"""Numbers of a length that no family has: most codes of most tables."""

_SQLSTATE = re.compile(r"[0-9A-Z]{5}\Z")
_SQLSTATE_ALONE = re.compile(r"(?=[0-9]*[A-Z])(?:[0-9][0-9ABDFLPZ][0-9A-Z]{3}|(?:HY|HV|XX|P0|F0|IM)0[0-9][0-9A-Z])\Z")
"""The form of a SQLSTATE that few other codes have: with a letter, and a class of the standard or of PostgreSQL."""

_ENHANCED = re.compile(r"([245])\.([0-7])\.([0-9]{1,3})\Z")
_THREE_DIGITS = re.compile(r"[1-5][0-9]{2}\Z")
_SMALL = re.compile(r"[0-9]{1,2}\Z")


def take_apart(code: str, table: str = "", words: str = "") -> CodeParts | None:
    """Return the parts of a code; None if its family is not sure.

    `table` has the names of the table that lists the code: its families alone count. `words` stand near the code.
    """
    if _NO_FAMILY.match(code):
        return None
    text = forms.identity(forms.plain_text(code[: 2 * forms.MAX_LENGTH]))
    table, words = table.lower(), words.lower()
    return (
        windows_parts(text, table, words)
        or _sqlstate(text, table, words)
        or _enhanced(text, table)
        or _http(text, f"{table} {words}")
        or _grpc(text, f"{table} {words}")
    )


def _sqlstate(text: str, table: str, words: str) -> CodeParts | None:
    title = SQLSTATE_CLASSES.get(text[:2])
    if not title or not _SQLSTATE.match(text):
        return None
    is_told = names_family("sqlstate", table or words)
    if not is_told and (table or not _SQLSTATE_ALONE.match(text)):
        return None
    subclass = text[2:]
    if subclass == "000":
        meaning = "the class alone"
    elif subclass[0] in "01234ABCDEFGH":
        meaning = "one condition of the class"
    else:
        meaning = "a condition that the database's vendor defines"
    return CodeParts("SQLSTATE", (CodePart("class", text[:2], title), CodePart("subclass", subclass, meaning)))


def _enhanced(text: str, table: str) -> CodeParts | None:
    match = _ENHANCED.match(text)
    if not match or (table and not names_family("smtp", table)):
        return None
    kind, subject, detail = match.groups()
    meaning = SMTP_DETAILS.get(f"{subject}.{int(detail)}", "not in the registry of IANA")
    parts = (
        CodePart("class", kind, SMTP_CLASSES[kind]),
        CodePart("subject", subject, SMTP_SUBJECTS[subject]),
        CodePart("detail", detail, meaning),
    )
    return CodeParts("enhanced status code of mail", parts)


def _http(text: str, names: str) -> CodeParts | None:
    if not _THREE_DIGITS.match(text) or not names_family("http", names) or names_family("smtp", names):
        return None
    return CodeParts("HTTP status", (CodePart("class", f"{text[0]}xx", HTTP_CLASSES[text[0]]),))


def _grpc(text: str, names: str) -> CodeParts | None:
    if not _SMALL.match(text) or not names_family("grpc", names):
        return None
    meaning = GRPC_STATUSES.get(str(int(text)))
    return CodeParts("gRPC status", (CodePart("status", text, meaning),)) if meaning else None
