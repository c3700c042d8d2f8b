"""Codes of a file that a spreadsheet damaged: which stored codes, that the file otherwise lacks, they were.

`5` was `05`, `005` was `5` where all codes have three digits, `101.0` was `101`, `6.603E+08` was `660300001`, `1-Feb`
was `1-2`. Where exactly one stored code fits, the plan uses it, and nothing is applied until somebody has agreed. Where
several fit, the row is an error.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.db.models.functions import Length

from kb.importing import stage
from kb.importing.reading.choices import FileQuestion, ask
from kb.importing.reading.damage import (
    DATE,
    DIGITS,
    DOTS,
    EXACT_DIGITS,
    LOSSY,
    POINT_ZERO,
    TIME,
    Originals,
    without_point_zero,
)
from kb.importing.reading.sheets import Problem
from kb.models import CodeTable, sql
from kb.text.codes import forms

_EXAMPLES = 3
_LONGEST_DATE = 12
"""Most characters of a stored code that may have become a date."""

_UNMATCHED = "s.kind IS NULL AND s.code_id IS NULL"
_LACKING = "c.retired_at IS NULL AND NOT EXISTS (SELECT 1 FROM kb_staging AS o WHERE o.code_id = c.id)"
"""Condition on a stored code: the vendor listed it, and the file does not."""


class DamagedCodes:
    """Finds the stored codes of damaged ones. `damaged` has, by row, the code and the damage that the reader saw."""

    def __init__(self, table: CodeTable, damaged: Mapping[int, tuple[str, str]], answer: str, place: str) -> None:
        self.table = table
        self.damaged = damaged
        self.answer = answer
        self.place = place
        self.questions: list[FileQuestion] = []
        self.problems: list[Problem] = []

    def match(self) -> None:
        """Match damaged rows to stored codes, or mark them as errors; note the question or the warning about them."""
        if self.table.pk and sql.value(f"SELECT EXISTS (SELECT 1 FROM kb_staging AS s WHERE {_UNMATCHED})"):  # noqa: S608
            self._find_pairs()
            pairs = sql.rows(_EXAMPLE_PAIRS.format(_EXAMPLES))
            if pairs:
                self._tell(pairs)
        if self.answer != "keep":
            sql.run(_RESTORE)
            sql.run(_MARK_UNSURE)
            self._mark_lost()

    def mention(self) -> None:
        """Keep the stored codes that an error may mean from being retired."""
        sql.run(_MENTION)

    def _find_pairs(self) -> None:
        stage.fill("kb_damage", ("ord", "low", "high", "identity"), [*self._spans(), *self._dates()])
        sql.run(_FIND.format(lacking=_LACKING, unmatched=_UNMATCHED, place=self.place), *[self.table.pk] * 4)
        sql.run(_COUNT)

    def _spans(self) -> Iterator[tuple[int, str | None, str | None, str | None]]:
        """Yield the sort keys between which the number of a damaged row was."""
        for ord_, (code, kind) in self.damaged.items():
            first, last = _ends(code, kind) if kind not in (DATE, TIME) else (1, 0)
            if -forms.MAX_NUMBER <= first <= last <= forms.MAX_NUMBER:
                yield ord_, forms.sort_key(str(first)), forms.sort_key(str(last)), None

    def _dates(self) -> Iterator[tuple[int, str | None, str | None, str | None]]:
        """Yield the identities of the stored codes that may have become the date or time of a row."""
        dates = [(ord_, code) for ord_, (code, kind) in self.damaged.items() if kind in (DATE, TIME)]
        if dates:
            of_table = self.table.codes.current().filter(number=None)
            short = of_table.annotate(size=Length("code")).filter(size__lte=_LONGEST_DATE)
            originals = Originals(short.values_list("code", flat=True).iterator())
            for ord_, code in dates:
                yield from ((ord_, None, None, forms.identity(stored)) for stored in originals.of(code))

    def _tell(self, pairs: list[tuple[str, str]]) -> None:
        count = sql.value("SELECT count(*) FROM kb_pair WHERE rows = 1 AND codes = 1")
        examples = ", ".join(f"{code} for {stored}" for code, stored in pairs)
        more = f" and {count - len(pairs)} more" if count > len(pairs) else ""
        verb = "seems" if count == 1 else "seem"
        message = f"{_codes(count)} of the file {verb} damaged by a spreadsheet: {examples}{more}."
        if not self.answer:
            self.questions.append(ask("damage", message))
            return
        outcome = "They are new codes" if self.answer == "keep" else "The stored codes are used"
        self.problems.append(Problem(None, "damage", f"{message} {outcome}, as somebody chose.", severity="warning"))

    def _mark_lost(self) -> None:
        lost = [ord_ for ord_, (_, kind) in self.damaged.items() if kind in LOSSY]
        for batch in sql.batches(lost, 500):
            sql.run(_MARK_LOST.format(", ".join(map(str, batch))))


def place_sql(has_sections: bool, complete: bool) -> str:
    """Return the SQL condition on where the stored code of a damaged row is: in its section, or where that is new.

    A complete file shows which section has another name; in a file of a part, any may have.
    """
    if not has_sections:
        return "1 = 1"
    return "c.section_id = s.section_id" if complete else "(c.section_id = s.section_id OR s.section_id IS NULL)"


def _ends(code: str, kind: str) -> tuple[int, int]:
    """Return the least and the greatest number that a damaged code may have been."""
    if kind == POINT_ZERO:
        return (int(without_point_zero(code)),) * 2
    if kind == DOTS:
        return (int(code.replace(".", "")),) * 2
    if kind == DIGITS:
        return int(code), int(code) + 10 ** (len(code) - EXACT_DIGITS) - 1
    digits, _, exponent = code.replace(",", ".").upper().partition("E")
    if int(exponent) > len(str(forms.MAX_NUMBER)):
        return forms.MAX_NUMBER + 1, forms.MAX_NUMBER + 1
    half = Decimal(10) ** (int(exponent) - len(digits.partition(".")[2])) / 2
    value = Decimal(f"{digits}E{exponent}")
    return int(value - half), int(value + half)


def _codes(number: int) -> str:
    return f"{number} code{'' if number == 1 else 's'}"


_FIND = """
    INSERT INTO kb_pair (ord, code_id)
    SELECT s.ord, c.id FROM kb_staging AS s JOIN kb_returncode AS c ON c.sort_key = s.sort_key AND c.table_id = %s
    WHERE {unmatched} AND s.number IS NOT NULL AND {lacking} AND {place}
    AND length(c.identity) > length(s.identity) AND c.identity LIKE '0%%' AND c.identity NOT LIKE '0X%%'
    AND (s.identity = '0' OR s.identity NOT LIKE '0%%')
    UNION
    SELECT s.ord, c.id FROM kb_staging AS s JOIN kb_returncode AS c ON c.sort_key = s.sort_key AND c.table_id = %s
    WHERE {unmatched} AND s.number IS NOT NULL AND {lacking} AND {place}
    AND s.identity LIKE '0%%' AND s.identity NOT LIKE '0X%%' AND length(s.identity) > length(c.identity)
    AND length(s.identity) = (SELECT min(length(o.identity)) FROM kb_staging AS o WHERE o.number IS NOT NULL)
    UNION
    SELECT s.ord, c.id FROM kb_damage AS d JOIN kb_staging AS s ON s.ord = d.ord
        JOIN kb_returncode AS c ON c.sort_key >= d.low AND c.sort_key <= d.high AND c.table_id = %s
    WHERE {unmatched} AND {lacking} AND {place} AND c.identity NOT LIKE '0X%%'
    UNION
    SELECT s.ord, c.id FROM kb_damage AS d JOIN kb_staging AS s ON s.ord = d.ord
        JOIN kb_returncode AS c ON c.identity = d.identity AND c.table_id = %s
    WHERE {unmatched} AND {lacking} AND {place}
"""
_COUNT = """
    UPDATE kb_pair SET rows = n.rows, codes = n.codes FROM (
        SELECT ord, code_id, count(*) OVER (PARTITION BY code_id) AS rows, count(*) OVER (PARTITION BY ord) AS codes
        FROM kb_pair
    ) AS n WHERE n.ord = kb_pair.ord AND n.code_id = kb_pair.code_id
"""
_EXAMPLE_PAIRS = """
    SELECT s.code, c.code FROM kb_pair AS p JOIN kb_staging AS s ON s.ord = p.ord
        JOIN kb_returncode AS c ON c.id = p.code_id
    WHERE p.rows = 1 AND p.codes = 1 ORDER BY p.ord LIMIT {}
"""
_RESTORE = """
    UPDATE kb_staging SET code_id = c.id, section_id = c.section_id, code = c.code, identity = c.identity,
        canonical = c.canonical, number = c.number, sort_key = c.sort_key
    FROM kb_pair AS p JOIN kb_returncode AS c ON c.id = p.code_id
    WHERE p.ord = kb_staging.ord AND p.rows = 1 AND p.codes = 1
"""
_MARK_UNSURE = """
    UPDATE kb_staging SET kind = 'error',
        message = kb_staging.code || ' seems damaged by a spreadsheet, and several stored codes fit, such as '
            || p.code || '. Write the code as it is.'
    FROM (
        SELECT p.ord, min(c.code) AS code FROM kb_pair AS p JOIN kb_returncode AS c ON c.id = p.code_id
        WHERE p.rows > 1 OR p.codes > 1 GROUP BY p.ord
    ) AS p WHERE p.ord = kb_staging.ord
"""
_MARK_LOST = """
    UPDATE kb_staging SET kind = 'error',
        message = code || ' lost digits in a spreadsheet, and no stored code fits. Format the column as text.'
    WHERE kind IS NULL AND code_id IS NULL AND ord IN ({})
"""
_MENTION = """
    INSERT INTO kb_mentioned SELECT DISTINCT c.identity FROM kb_pair AS p
        JOIN kb_staging AS s ON s.ord = p.ord JOIN kb_returncode AS c ON c.id = p.code_id WHERE s.kind = 'error'
    ON CONFLICT DO NOTHING
"""
