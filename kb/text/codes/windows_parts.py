"""HRESULT and NTSTATUS taken apart, after MS-ERREF 2.1 and 2.3: severity, facility, and the code that they wrap."""

import re

from kb.text.codes import forms
from kb.text.codes.part_kinds import (
    HRESULT_FACILITIES,
    HRESULT_SEVERITIES,
    NTSTATUS_FACILITIES,
    NTSTATUS_SEVERITIES,
    CodePart,
    CodeParts,
    InnerCode,
    names_family,
)

_HEXADECIMAL = re.compile(r"0X(?:F{8})?[0-9A-F]{8}\Z")
_BARE_HEXADECIMAL = re.compile(r"(?:8[0-9A-F]|C0)[0-9A-F]{6}\Z")
_SIGNED = re.compile(r"-[0-9]{9,10}\Z")
_UNSIGNED = re.compile(r"[234][0-9]{9}\Z")

_CUSTOMER, _NT = 0x2000_0000, 0x1000_0000
_WIN32, _HTTP = 7, 25
_NUMBER = "the number within the facility"
_FIRST_OF_COM = 0x4000
"""The first code of HRESULT's facility 0: E_NOTIMPL has 0x4001. Warnings of NTSTATUS are below."""


def windows_parts(text: str, table: str, words: str) -> CodeParts | None:
    """Return the parts of a result of Windows in any of its spellings; None if it is none, or may be another."""
    value = _value(text, table, words)
    if value is None:
        return None
    if value & _NT:
        return _wrapped_status(value)
    if value >> 30 == 3 or names_family("ntstatus", table):
        return _status(value)
    return _result(value, table, words)


def _value(text: str, table: str, words: str) -> int | None:
    """Return the 32 bits of a text that has the form of a failure of Windows."""
    is_told = names_family("windows", f"{table} {words}")
    if _BARE_HEXADECIMAL.match(text) and (is_told or not text.isdigit()):
        text = f"0X{text}"
    if not (_HEXADECIMAL.match(text) or _SIGNED.match(text) or (_UNSIGNED.match(text) and (is_told or not table))):
        return None
    value = forms.number(text)
    if value is None or not -(2**31) <= value < 2**32:
        return None
    value &= 0xFFFF_FFFF
    if value >> 31 or (is_told and value & _NT):
        # Of another vendor's table, only what wraps an error of Windows is sure.
        return value if is_told or not table or (value >> 16) & 0xFFF == _WIN32 else None
    return None


def _result(value: int, table: str, words: str) -> CodeParts | None:
    facility, code = (value >> 16) & 0x7FF, value & 0xFFFF
    meaning = HRESULT_FACILITIES.get(str(facility))
    if not facility and code < _FIRST_OF_COM and not names_family("hresult", table or words):
        # A warning of NTSTATUS has the same form.
        return _status(value) if names_family("ntstatus", words) else None
    if value & _CUSTOMER or not meaning:
        return None
    parts = (
        CodePart("severity", str(value >> 31), HRESULT_SEVERITIES[str(value >> 31)]),
        CodePart("facility", str(facility), meaning),
        CodePart("code", str(code), _code_meaning(facility)),
    )
    return CodeParts("HRESULT", parts, _inner(facility, code))


def _code_meaning(facility: int) -> str:
    if facility == _WIN32:
        return "the number of the Windows error"
    return "the HTTP status" if facility == _HTTP else _NUMBER


def _inner(facility: int, code: int) -> InnerCode | None:
    if facility == _WIN32 and code:
        return InnerCode("win32", str(code))
    return InnerCode("http", str(code)) if facility == _HTTP and 100 <= code <= 599 else None


def _status(value: int) -> CodeParts | None:
    facility, code = (value >> 16) & 0xFFF, value & 0xFFFF
    severity = CodePart("severity", str(value >> 30), NTSTATUS_SEVERITIES[str(value >> 30)])
    if value & _CUSTOMER:
        return CodeParts("NTSTATUS", (severity, CodePart("customer", "1", "a program defines it, not Windows")))
    meaning = NTSTATUS_FACILITIES.get(str(facility))
    if not meaning:
        return None
    parts = (
        severity,
        CodePart("facility", str(facility), meaning),
        CodePart("code", str(code), _code_meaning(facility) if facility == _WIN32 else _NUMBER),
    )
    return CodeParts("NTSTATUS", parts, InnerCode("win32", str(code)) if facility == _WIN32 and code else None)


def _wrapped_status(value: int) -> CodeParts | None:
    """An HRESULT whose bit 28 says that its other bits are an NTSTATUS: HRESULT_FROM_NT."""
    status = _status(value & ~_NT)
    if status is None or value & _CUSTOMER:
        return None
    inner = InnerCode("ntstatus", f"0x{value & ~_NT:08X}")
    return CodeParts("HRESULT", (CodePart("NT bit", "1", "it wraps an NTSTATUS"), *status.parts), inner)
