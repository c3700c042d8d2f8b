"""Floor 1: rows, database constraints and chainable QuerySets; one noun a file."""

from kb.models.audience import Audience
from kb.models.change import Change, ChangeCounter
from kb.models.code import CodeRange, ReturnCode
from kb.models.feedback import Flag, NoteOutcome, Outcome
from kb.models.history import Door
from kb.models.incident import IncidentLink
from kb.models.note import TroubleshootingNote
from kb.models.proposal import Proposal
from kb.models.quota import Quota
from kb.models.synonym import Synonym
from kb.models.table import CodeTable, Section
from kb.models.table_import import ImportRow, ImportState, Resolution, RowKind, TableImport
from kb.models.token import ApiToken, Bearer, Scope
from kb.models.usage import CodeUse, IgnoredMiss, Miss

__all__ = [
    "ApiToken",
    "Audience",
    "Bearer",
    "Change",
    "ChangeCounter",
    "CodeRange",
    "CodeTable",
    "CodeUse",
    "Door",
    "Flag",
    "IgnoredMiss",
    "ImportRow",
    "ImportState",
    "IncidentLink",
    "Miss",
    "NoteOutcome",
    "Outcome",
    "Proposal",
    "Quota",
    "Resolution",
    "ReturnCode",
    "RowKind",
    "Scope",
    "Section",
    "Synonym",
    "TableImport",
    "TroubleshootingNote",
]
