"""The first records of a sheet, and what is known about its columns before they are read."""

from dataclasses import dataclass, field

from kb.importing.reading.choices import ReadingChoices
from kb.importing.reading.columns import ColumnMap
from kb.importing.reading.evidence import sample_of
from kb.importing.reading.precedent import Precedent
from kb.importing.reading.sheets import Limits, Record, Sheet


@dataclass
class SheetLook:
    """The first records of a sheet, and what is known about its header before they are read."""

    sheet: Sheet
    choices: ReadingChoices
    limits: Limits
    precedent: Precedent = field(default_factory=Precedent)
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records = sample_of(self.sheet)

    @property
    def column_map(self) -> ColumnMap:
        """The targets of headers that somebody chose, now or for the last file."""
        return ColumnMap({**self.precedent.choices.columns, **self.choices.columns})
