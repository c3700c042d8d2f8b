"""Codes taken apart, with the codes of tables that they wrap: the Windows error 1722 inside 0x800706BA."""

from collections.abc import Sequence
from typing import NamedTuple

from kb.models import CodeTable, ReturnCode
from kb.models.code_rows import codes_by_form
from kb.models.visibility import Person
from kb.text.codes import forms
from kb.text.codes.part_kinds import CodeParts, InnerCode, names_family
from kb.text.codes.parts import take_apart

MAX_INNER = 5
"""Most codes of tables that are shown for the code inside another."""


class CodeText(NamedTuple):
    """A code as written, the table that lists it, if one does, and the words near it."""

    code: str
    table: CodeTable | None = None
    words: str = ""


class CodeAnatomy(NamedTuple):
    """The parts of a code, and what the code inside it means in the tables that the reader may read."""

    parts: CodeParts
    inner: Sequence[ReturnCode] = ()


def anatomies(codes: Sequence[CodeText], user: Person | None) -> list[CodeAnatomy | None]:
    """Return what is known of the parts of each code, in the same order; None if its family is not sure.

    One query for all codes inside them, and none if there are none.
    """
    of_codes = [take_apart(text.code, _names(text.table) if text.table else "", text.words) for text in codes]
    inner_forms = {forms.canonical(parts.inner.code) for parts in of_codes if parts and parts.inner}
    by_form = codes_by_form(inner_forms, user) if inner_forms else {}
    return [CodeAnatomy(parts, _inner(parts.inner, by_form)) if parts else None for parts in of_codes]


def anatomy(code: str, user: Person | None, table: CodeTable | None = None, words: str = "") -> CodeAnatomy | None:
    """Return what is known of the parts of one code."""
    return anatomies([CodeText(code, table, words)], user)[0]


def _inner(inner: InnerCode | None, by_form: dict[str, list[ReturnCode]]) -> list[ReturnCode]:
    """Return the codes of tables of the inner code's family, current ones first: many tables have a code 5."""
    codes = by_form.get(forms.canonical(inner.code), []) if inner else []
    kin = [code for code in codes if inner and _is_of_family(inner.family, _names(code.table))]
    return sorted(kin, key=lambda code: (code.is_retired, code.table_id, code.position))[:MAX_INNER]


def _is_of_family(family: str, names: str) -> bool:
    if family == "win32":
        return names_family("win32", names) and not names_family("not_win32", names)
    return names_family(family, names) or (family == "ntstatus" and names_family("windows", names))


def _names(table: CodeTable) -> str:
    return table.names.lower().replace("-", " ").replace("_", " ")
