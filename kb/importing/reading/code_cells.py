"""The cell with the code of each row: take the code out, refuse what is none, and tell what looks damaged."""

import re
from collections import defaultdict
from collections.abc import Container, Sequence
from typing import NamedTuple

from kb.importing.reading.damage import (
    DATE,
    DIGITS,
    DOTS,
    EXACT_DIGITS,
    POINT_ZERO,
    SCIENTIFIC,
    TIME,
    damage_of,
    is_joined,
    joint,
    without_point_zero,
)
from kb.importing.reading.sheets import Date, Logical, Number, Problem, Report, Sheet, Widths
from kb.text.codes.cells import EMPTY, ERROR_CELLS, error_of, fit, several_codes, shorten, tidy, unwrap
from kb.text.codes.code_ranges import code_span
from kb.text.codes.forms import MAX_LENGTH, clean

WILDCARD, GROUPS, LOGICAL, POINTED = "wildcard", "groups", "logical", "pointed"
RANGE, CONDITION, LOOK_ALIKE, SENTENCE = "range", "condition", "look_alike", "sentence"
_COMMON = re.compile(r"-[0-9]{1,15}|[A-Z_]{2,20}-?[0-9]{3,12}|[A-Z]{2,10}(?:_[A-Z]{2,20}){1,6}")
"""Codes such as `-5`, `ORA-00001` and `ERR_NO_SPACE`, which are neither dates nor lists."""

_WILDCARD = re.compile(r"[A-Za-z]{0,4}[0-9]{1,5}(?:[xX]{2,5}|[*?]{1,5})")
_LOOK_ALIKES = frozenset("АВЕЅІЈКМНОРСТУХаеорсухіѕјΑΒΕΖΗΙΚΜΝΟΡΤΥΧο")
_GROUPS = re.compile("[0-9]{1,3}(?:[,\u00a0\u2009\u202f][0-9]{3}){1,5}")
_SPACED_GROUPS = re.compile(r"[0-9]{1,2}(?: [0-9]{3}){1,5}|[0-9]{3}(?: [0-9]{3}){0,4} 0[0-9]{2}(?: [0-9]{3}){0,4}")
"""Numbers in groups of three digits, rather than several codes of three digits."""

_BETWEEN_GROUPS = re.compile("[, \u00a0\u2009\u202f]")
_FOOTER = re.compile(
    r"(?i)(?:\u00a9|\(c\) ?[0-9]{4}|copyright(?=[ :])|all rights reserved|stand: ?[0-9]|page [0-9]{1,5}(?: of|/)"
    r"|seite [0-9]{1,5}(?: von|/)|printed (?:on|at|by)\b|last (?:updated|modified|changed)\b).{0,200}"
)
_LEAST_SPACES = 3
_SENTENCE = re.compile(r"[^\W\d_]{1,30}(?: [^\W\d_]{1,30}){2}")
_TELL = {
    POINT_ZERO: "end in .0, as pandas or a spreadsheet writes numbers",
    SCIENTIFIC: "are numbers in scientific notation (E+), which lost digits",
    DATE: "look like dates that a spreadsheet made of other codes",
    TIME: "look like times that a spreadsheet made of other codes",
    DOTS: "may be numbers in groups of three digits; they are read with the dots",
    DIGITS: f"may have lost digits: a spreadsheet keeps {EXACT_DIGITS} digits of a number",
    WILDCARD: "have wildcards and stand for several codes; each is read as one code",
    RANGE: "look like ranges of several codes; each is read as one code",
    CONDITION: "are conditions that several codes meet, a range without an end; each is read as one code",
    GROUPS: "are numbers in groups of three digits; they are read without what separates these",
    LOGICAL: "are TRUE or FALSE, which a spreadsheet may have made of other words",
    LOOK_ALIKE: "have Cyrillic or Greek letters that look like Latin ones; a search for Latin ones may miss them",
    SENTENCE: "are sentences, while most codes of this table are not; each is read as one code",
    POINTED: "have other decimals than .0, so that taking .0 off the others may be wrong",
}
"""What is told once for a sheet about codes of a kind."""


class CodeCells:
    """Reads the codes of one sheet.

    `damage` is that of the latest code. `without_zero` says that every code loses its `.0`; `intact` that somebody
    looked at the codes and found them right. `stored` has codes that are right, because the table has them. `single`
    says that no cell is a list, `joints` what joins the parts of a single code.
    """

    def __init__(
        self, sheet: Sheet, report: Report, *, without_zero: bool, intact: bool, stored: Container[str]
    ) -> None:
        self.sheet = sheet
        self.report = report
        self.without_zero = without_zero
        self.intact = intact
        self.stored = stored
        self.damage = ""
        self.joints: set[str] = set()
        self.single = False
        self._widths = Widths()
        self._examples: dict[str, list[tuple[int, str]]] = defaultdict(list)

    def read(self, line: int, cell: str | None, cells: Sequence[str | None] = ()) -> str | None:
        """Return the code of a record, whose cell it is; None, with a problem, unless it has exactly one."""
        self.damage = ""
        if (
            type(cell) is str
            and ((cell.isalnum() and len(cell) <= EXACT_DIGITS) or _COMMON.fullmatch(cell))
            and cell not in EMPTY
        ):
            # Most codes are like this; they need no cleaning and no check.
            self._widths.add_text(line, cell)
            if not cell.isascii() and _is_look_alike(cell):
                self._examples[LOOK_ALIKE].append((line, cell))
            if cell[-1] in "xX" and _WILDCARD.fullmatch(cell):
                self._examples[WILDCARD].append((line, cell))
            return cell
        # An apostrophe is taken off here and not in the end: an export adds one to a code that begins with one.
        text = unwrap(cell or "") if self.sheet.spreadsheet else cell or ""
        code, kind = clean(tidy(text, self.sheet.spreadsheet)), type(cell)
        code = code if kind in (Date, Number) else self._undamaged(line, code)
        self._widths.add(line, code, number=kind is Number)
        single = self.single or is_joined(code, self.joints)
        flaw = _flaw_of(code, kind, single)
        if flaw is _FOOTER_FLAW:
            message = f"This line has no code and was left out: {shorten(code)}"
            self.report(Problem(self.sheet.place(line), "note_left_out", message, shorten(code), "warning"))
            return None
        if flaw and not code:
            words = shorten(" | ".join(text.strip() for text in cells if text and text.strip()))
            flaw = flaw._replace(message=f"This row has no code: {words}") if words else flaw
        if flaw:
            # The planner finds the codes of broken rows in `value`, so a list of codes is kept in full.
            value = fit(code) if flaw.suggestion else shorten(code)
            self.report(Problem(self.sheet.place(line), flaw.kind, flaw.message, value, suggestion=flaw.suggestion))
            return None
        if kind is Number and len(code) > EXACT_DIGITS and self.sheet.spreadsheet:
            message = f"The spreadsheet keeps {EXACT_DIGITS} digits of a number. Check the last digits of {code}."
            self.report(Problem(self.sheet.place(line), "digits_lost", message, code, "warning"))
        elif doubt := LOGICAL if kind is Logical else _doubt_of(code, single):
            self._examples[doubt].append((line, code))
        return code

    def report_doubts(self) -> None:
        """Report what all codes of the sheet show: lost zeros, and one warning for each kind of damage."""
        if 2 * len(self._examples.get(DOTS, ())) <= self._widths.total:
            # `500.100` beside `500.13` is a code and what is below it.
            self._examples.pop(DOTS, None)
        if 2 * len(self._examples.get(SENTENCE, ())) > self._widths.total:
            # Some vendors name each of their codes by a sentence.
            self._examples.pop(SENTENCE)
        for kind, places in self._examples.items():
            line, example = places[0]
            others = f" and {len(places) - 1} more" if len(places) > 1 else ""
            message = f"Codes such as {shorten(example)}{others} {_TELL[kind]}."
            self.report(Problem(self.sheet.place(line), f"{kind}_codes", message, shorten(example), "warning"))
        kept, short = self._widths.digits_without_zeros()
        if short and not self.intact:
            names = ", ".join(code for _, code in short[:5])
            message = (
                f"Codes such as {names} may have lost leading zeros: others here have {len(kept)} characters ({kept})."
            )
            self.report(Problem(self.sheet.place(short[0][0]), "zeros_lost", message, short[0][1], "warning"))
        width, narrow = self._widths.narrow_codes()
        for line, code in narrow:
            where = "spreadsheet" if self.sheet.spreadsheet else "file"
            message = f"The {where} stores {code} as a number, but codes here have {width} characters."
            message += f" Did it lose zeros, as in {code.zfill(width)}?"
            self.report(Problem(self.sheet.place(line), "zeros_lost", message, code, "warning", (code.zfill(width),)))

    def _undamaged(self, line: int, code: str) -> str:
        """Return a code without groups and `.0`, as far as that is sure; note the damage that it has."""
        self.joints.add(joint(code))
        if ((not code.isascii() or "," in self.joints) and _GROUPS.fullmatch(code)) or is_grouped(code):
            self._examples[GROUPS].append((line, code))
            return _BETWEEN_GROUPS.sub("", code)
        damage = "" if self.intact or code in self.stored else damage_of(code)
        if damage == POINT_ZERO and self.without_zero:
            return without_point_zero(code)
        if self.without_zero and code.replace(".", "", 1).isdecimal() and "." in code:
            damage = POINTED
        if damage:
            self._examples[damage].append((line, code))
        self.damage = damage if damage != POINTED else ""
        return code


def is_grouped(code: str) -> bool:
    """Whether a code is a number such as `4 000`, with plain spaces."""
    return " " in code and bool(_SPACED_GROUPS.fullmatch(code))


def is_footer(text: str) -> bool:
    """Whether a line is what stands below or between the pages of a document: its owner, date, or page."""
    return bool(_FOOTER.fullmatch(text))


def _doubt_of(code: str, single: bool) -> str:
    """Return what a code may be besides a single code; "" for nothing."""
    if not code.isascii() and _is_look_alike(code):
        return LOOK_ALIKE
    if code[-1] in "xX*?" and _WILDCARD.fullmatch(code):
        return WILDCARD
    if code[0] in "<>=\u2264\u2265" and any(map(str.isdigit, code)):
        return CONDITION
    if code.count(" ") >= _LEAST_SPACES and _SENTENCE.match(code):
        return SENTENCE
    return RANGE if not single and code_span(code) else ""


def _is_look_alike(code: str) -> bool:
    """Whether all letters of a code that are not Latin look as if they were."""
    others = {sign for sign in code if not sign.isascii()}
    return bool(others) and others <= _LOOK_ALIKES


class _Flaw(NamedTuple):
    kind: str
    message: str
    suggestion: tuple[str, ...] = ()


_FOOTER_FLAW = _Flaw("note_left_out", "")


def _flaw_of(code: str, kind: type, single: bool) -> _Flaw | None:
    """Return what is wrong with a code; None for a good one."""
    if not code:
        return _Flaw("missing_code", "This row has no code.")
    if code in ERROR_CELLS:
        return _Flaw("error_cell", f"{code} is {error_of(code)}, not a code. Mend it there.")
    if kind is Date:
        return _Flaw("date_code", f"The spreadsheet turned this code into a date ({code}). Format the column as text.")
    if is_footer(code):
        return _FOOTER_FLAW
    suggestion = () if single else several_codes(fit(code))
    if suggestion:
        message = f"This cell has several codes: {shorten(code)}. Put each one in its own row."
        return _Flaw("several_codes", message, suggestion)
    if len(code) > MAX_LENGTH:
        message = f"The code {shorten(code)} has {len(code)} characters; at most {MAX_LENGTH} are allowed."
        return _Flaw("too_long", message)
    return None
