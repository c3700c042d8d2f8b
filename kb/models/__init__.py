"""Floor 1: rows, database constraints and chainable QuerySets; one noun a file."""

from kb.models.audience import Audience
from kb.models.change import Change, ChangeCounter
from kb.models.code import CodeRange, ReturnCode
from kb.models.history import Door
from kb.models.incident import IncidentLink
from kb.models.note import TroubleshootingNote
from kb.models.table import CodeTable, Section
from kb.models.table_import import ImportRow, ImportState, Resolution, RowKind, TableImport

__all__ = [
    "Audience",
    "Change",
    "ChangeCounter",
    "CodeRange",
    "CodeTable",
    "Door",
    "ImportRow",
    "ImportState",
    "IncidentLink",
    "Resolution",
    "ReturnCode",
    "RowKind",
    "Section",
    "TableImport",
    "TroubleshootingNote",
]
