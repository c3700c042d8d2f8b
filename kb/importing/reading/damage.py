"""What a spreadsheet or pandas does to codes, and which stored codes a damaged one may have been.

    damage_of("101.0")                             -> "point_zero"
    Originals(["101", "00942", "1-2"]).of("101.0") -> ["101"]
    Originals(["101", "00942", "1-2"]).of("942")   -> ["00942"]
    Originals(["101", "00942", "1-2"]).of("1-Feb") -> ["1-2"]

`TableRow.damage` has the kind of a code that looks damaged. Only the stored codes show lost zeros, so such a row has no
kind; `Originals` finds them too. A planner asks `Originals` of the stored codes that a file lacks about each code that
is new. A code with a kind in LOSSY for which it returns no single code is an error, because what it was is unknown.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from kb.importing.reading.choices import FileQuestion, Offer
from kb.text.word_lists import WordFile, one_of

POINT_ZERO, SCIENTIFIC, DATE, TIME, DIGITS, DOTS = "point_zero", "scientific", "date", "time", "digits", "dots"
"""`101` became `101.0`; `660300001` became `6.603E+08`; `1-2` became `1-Feb`; `1:30` became `01:30:00`; digits behind
the 15th became zeros; `3000` became `3.000`.
"""

LOSSY = frozenset({SCIENTIFIC, DIGITS})
"""Kinds that lose digits: without the stored codes, nobody knows what such a code was."""

EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""

_NAMES = WordFile(Path(__file__).with_name("damage.toml")).groups("months")
_MONTHS = {name: int(month) for month, names in _NAMES.items() for name in names}
_MONTH = one_of(_MONTHS)
_FIRST = re.compile(r"-?[0-9]|[A-Za-zà-ÿ][a-zà-ÿ]")
"""How numbers and dates begin, and few other codes: most need one look."""

_MONTH_NAME = re.compile(r"[A-Z]?[a-zà-ÿ]{2,9}")
_POINT_ZERO = re.compile(r"(-?[0-9]{1,18})\.0")
_SCIENTIFIC = re.compile(r"-?[0-9](?:[.,][0-9]{1,16})?[Ee]\+[0-9]{1,3}")
_DAY_MONTH = re.compile(r"([0-9]{1,2})(?:-|/|\. ?| )([A-Za-zà-ÿ]{3,10})\.?")
_MONTH_DAY = re.compile(r"([A-Za-zà-ÿ]{3,10})\.?(?:-|/| )([0-9]{1,2})")
_EASTERN = re.compile(r"([0-9]{1,2})(?:月|월) ?([0-9]{1,2})(?:日|일)")
_FULL_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]00:00(?::00)?)?")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2})(?::00(?:\.0{1,3})?)?(?: ?[AaPp][Mm])?")
_DOTS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,5}")
_COMMAS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,5}")
_SLASHES = re.compile(r"[0-9]{1,4}(?:/[0-9]{1,4}){1,2}")
_HYPHEN = re.compile(r"([0-9]{1,4})-([0-9]{1,4})")
_PARTS = re.compile(r"([0-9]{1,4})([-/.])([0-9]{1,2})(?:\2([0-9]{1,4}))?")
_MONTH_CODE = re.compile(rf"({_MONTH})[- ]?([0-9]{{1,2}})", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]{1,64}(?:[Ee][0-9]{1,2})?")


def damage_of(code: str) -> str:
    """Return what a spreadsheet seems to have done to a code; "" for one that looks intact."""
    if not _FIRST.match(code):
        return ""
    if _POINT_ZERO.fullmatch(code):
        return POINT_ZERO
    if _SCIENTIFIC.fullmatch(code):
        return SCIENTIFIC
    if len(code) > EXACT_DIGITS and code.isdecimal() and code[0] != "0" and not code[EXACT_DIGITS:].strip("0"):
        return DIGITS
    if _DOTS.fullmatch(code):
        return DOTS
    if code.count(":") == 2 and _TIME.fullmatch(code):
        return TIME
    return DATE if _date_parts(code) else ""


def without_point_zero(code: str) -> str:
    """Return `101` for `101.0`, and any other code as it is."""
    match = _POINT_ZERO.fullmatch(code)
    return match[1] if match else code


def joint(code: str) -> str:
    """Return the sign that joins the parts of a single code: `,` of `3,000`, `/` of `3/4/2031`, `1-1` of `2-1`.

    A hyphen stands with the digits on both sides, because codes of another width may be ranges beside it.
    """
    if hyphen := _HYPHEN.fullmatch(code):
        return _hyphen(code) if int(hyphen[1]) >= int(hyphen[2]) else ""
    if "/" in code and _date_parts(code):
        return "/"
    return "," if _COMMAS.fullmatch(code) and code.find(",") < 3 else ""


def is_joined(code: str, joints: Container[str]) -> bool:
    """Whether a code is no list in a column where others have such joints: `7/40` beside `3/4/2031`."""
    if _HYPHEN.fullmatch(code):
        return _hyphen(code) in joints
    return bool(("/" in joints and _SLASHES.fullmatch(code)) or ("," in joints and _COMMAS.fullmatch(code)))


def _hyphen(code: str) -> str:
    first, _, last = code.partition("-")
    return f"{len(first)}-{len(last)}"


def point_zero_question(codes: Sequence[str], known: Container[str] = ()) -> FileQuestion | None:
    """Return a question where all codes of a table end in `.0`, unless it stores them like this."""
    if not codes or not all(_POINT_ZERO.fullmatch(code) for code in codes) or codes[0] in known:
        return None
    examples = ", ".join(without_point_zero(code) for code in codes[:3])
    message = f"All codes end in .0, such as {codes[0]}, as after pandas or a spreadsheet. They are read without it."
    offers = (
        Offer(f"Take .0 off: {examples}", {"answers": {"damage": "restore"}}),
        Offer(f"Keep it: {codes[0]}", {"answers": {"damage": "keep"}}),
    )
    return FileQuestion("damage", message, offers, offers[0].label)


class Originals:
    """Finds the stored codes that a spreadsheet turns into a damaged one."""

    def __init__(self, codes: Iterable[str]) -> None:
        self._codes: dict[str, list[str]] = defaultdict(list)
        for code in dict.fromkeys(codes):
            for key in _stored_keys(code):
                self._codes[key].append(code)

    def of(self, code: str) -> list[str]:
        """Return the stored codes that may have become this one, itself excepted; [] for none."""
        originals = dict.fromkeys(stored for key in _damaged_keys(code) for stored in self._codes.get(key, ()))
        return [stored for stored in originals if stored != code]


def _stored_keys(code: str) -> Iterator[str]:
    """Yield a key for each way in which a spreadsheet might show a code."""
    if _NUMBER.fullmatch(code):
        value = Decimal(code)
        if "e" not in code.lower():
            yield f"number {value:f}"
        if len(code) > EXACT_DIGITS:
            yield f"digits {len(code)} {code[:EXACT_DIGITS]}"
        if len(code) > 3:
            yield from {f"scientific {value:.{places}E}" for places in range(EXACT_DIGITS + 3)}
        return
    clock = _TIME.fullmatch(code)
    if clock:
        yield f"time {int(clock[1])} {int(clock[2])}"
    parts = _PARTS.fullmatch(code)
    if parts:
        yield _date_key(int(part) for part in (parts[1], parts[3], parts[4]) if part)
    month = _MONTH_CODE.fullmatch(code)
    if month:
        yield _date_key((_MONTHS[month[1].lower()], int(month[2])))


def _damaged_keys(code: str) -> Iterator[str]:
    kind = damage_of(code)
    if kind == SCIENTIFIC:
        value = code.replace(",", ".")
        places = len(value.lower().partition("e")[0].partition(".")[2])
        yield f"scientific {Decimal(value):.{places}E}"
    elif kind == DATE:
        parts = _date_parts(code)
        yield _date_key(parts)
        # A date whose year nobody typed is of the current year.
        yield _date_key(parts[1:])
    elif kind == TIME and (clock := _TIME.fullmatch(code)):
        yield f"time {int(clock[1])} {int(clock[2])}"
    elif kind == DIGITS:
        yield f"digits {len(code)} {code[:EXACT_DIGITS]}"
    elif kind == DOTS:
        yield f"number {Decimal(code.replace('.', '')):f}"
    elif without_point_zero(code).lstrip("-").isdecimal():
        yield f"number {Decimal(without_point_zero(code)):f}"


def _date_key(parts: Iterable[int]) -> str:
    return "date " + " ".join(str(part) for part in sorted(part % 100 for part in parts))


def _date_parts(code: str) -> list[int]:
    """Return the numbers of a date as a spreadsheet shows it, a year first; [] for another text."""
    if match := _FULL_DATE.fullmatch(code):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        return [year, month, day] if 1900 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31 else []
    if match := _PARTS.fullmatch(code):
        return _parts_with_year(match[1], match[3], match[4] or "")
    if match := _EASTERN.fullmatch(code):
        return [0, int(match[1]), int(match[2])] if int(match[1]) <= 12 else []
    if match := _DAY_MONTH.fullmatch(code):
        number, name = match[1], match[2]
    elif match := _MONTH_DAY.fullmatch(code):
        name, number = match[1], match[2]
    else:
        return []
    # Spreadsheets write `Feb`; FEB-01 is a vendor's own code.
    month = _MONTHS.get(name.lower(), 0) if _MONTH_NAME.fullmatch(name) else 0
    return [0, month, int(number)] if month else []


def _parts_with_year(first: str, second: str, last: str) -> list[int]:
    """Return the numbers of `3/4/2031`, `03.04.2031` or `2031/4/3`, the year first; [] for one that is no date."""
    year, one, other = (first, second, last) if len(first) == 4 else (last, first, second)
    if len(year) != 4 or not 1900 <= int(year) < 2100 or not 0 < len(other) <= 2 or len(one) > 2:
        return []
    low, high = sorted((int(one), int(other)))
    return [int(year), int(one), int(other)] if 1 <= low <= 12 and high <= 31 else []
