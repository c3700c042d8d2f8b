"""What a roll-back does to a table, in words."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from kb.models import RowKind, TableImport, TroubleshootingNote, sql

_MAX_NAMES = 20
"""Most ranges that a sentence names."""


@dataclass
class Effects:
    """The codes that roll-backs take away, retire and restore, and what else they change or leave as it is."""

    taken: int = 0
    retired: int = 0
    restored: int = 0
    lonely_notes: int = 0
    """Notes whose only codes are taken away."""
    has_moves: bool = False
    sections: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)
    """One sentence for each code, section or range that stays."""

    def sentences(self) -> list[str]:
        """Return what changes; [] where nothing does."""
        of_codes = (
            (self.taken, "taken away: no page will say that the vendor listed"),
            (self.retired, "retired, because another import listed"),
        )
        lines = [f"{_codes(n)} {words} {_it(n)}." for n, words in of_codes if n]
        if self.restored:
            lines.append(
                f"{_codes(self.restored)} restored to {'its' if self.restored == 1 else 'their'} former state."
            )
        if self.lonely_notes:
            notes = "1 note stays" if self.lonely_notes == 1 else f"{self.lonely_notes} notes stay"
            lines.append(f"{notes} without a code.")
        lines += [f"Section {change}." for change in self.sections]
        if self.ranges:
            more = len(self.ranges) - _MAX_NAMES
            names = ", ".join(self.ranges[:_MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
            lines.append(f"Known ranges of codes removed: {names}.")
        return lines + ["The table gets its former order back."] * self.has_moves


def effects_of(reversals: Iterable[TableImport]) -> Effects:
    """Return what roll-backs did together: what the last one did to each code, section and range counts."""
    result, latest = Effects(), {}
    for reversal in reversals:
        rows = reversal.rows.exclude(kind=RowKind.REORDERED).order_by("pk")
        names = ("return_code", "section", "code", "code_version", "kind", "message", "description")
        for code_id, section_id, code, *row in rows.values_list(*names).iterator():
            latest[(code_id, "") if code_id else (section_id, code)] = (bool(code_id), *row)
        result.has_moves |= bool(reversal.counts.get(RowKind.REORDERED))
    taken = {key[0] for key, (is_code, _, kind, *_) in latest.items() if is_code and kind == RowKind.TAKEN}
    result.lonely_notes = lonely_notes(taken)
    for is_code, version, kind, message, description in latest.values():
        if kind == RowKind.WARNING:
            result.stays.append(message)
        elif kind == RowKind.SECTION:
            result.sections.append(message.rstrip("."))
        elif kind == RowKind.RANGE:
            result.ranges.append(description)
        elif is_code:
            result.taken += kind == RowKind.TAKEN
            # No version to go back to: the import had brought the code.
            result.retired += kind == RowKind.RETIRED and version is None
            result.restored += kind != RowKind.TAKEN and (kind != RowKind.RETIRED or version is not None)
    return result


def lonely_notes(taken: Collection[int]) -> int:
    """Return how many notes have no other code or range, once some codes are taken away."""
    links = TroubleshootingNote.codes.through.objects
    notes: set[int] = set()
    for batch in sql.batches(taken, sql.MAX_VALUES):
        pairs = links.filter(returncode__in=batch)
        notes |= set(pairs.values_list("troubleshootingnote_id", flat=True))
    for batch in sql.batches(sorted(notes), sql.MAX_VALUES):
        others = links.filter(troubleshootingnote__in=batch, returncode__tombstone=None)
        notes -= {
            note for note, code in others.values_list("troubleshootingnote_id", "returncode_id") if code not in taken
        }
        ranges = TroubleshootingNote.ranges.through.objects.filter(troubleshootingnote__in=batch)
        notes -= set(ranges.values_list("troubleshootingnote_id", flat=True))
    return len(notes)


def _codes(number: int) -> str:
    return f"{number} code{'' if number == 1 else 's'}"


def _it(number: int) -> str:
    return "it" if number == 1 else "them"
