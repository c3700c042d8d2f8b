"""Floor 1: rows, database constraints and chainable QuerySets, one noun a file."""

from kb.models.changes import Change, ChangeCounter
from kb.models.code_vectors import CodeVector
from kb.models.codes import ReturnCode
from kb.models.finished_answers import FinishedAnswer
from kb.models.flags import Flag
from kb.models.history import Door
from kb.models.import_rows import ImportRow
from kb.models.incidents import IncidentLink
from kb.models.notes import TroubleshootingNote
from kb.models.outcomes import NoteOutcome, Outcome
from kb.models.proposals import Proposal
from kb.models.quotas import Quota
from kb.models.ranges import CodeRange
from kb.models.sections import Section
from kb.models.synonyms import Synonym
from kb.models.table_imports import ImportState, Resolution, RowKind, TableImport
from kb.models.tables import CodeTable
from kb.models.tokens import ApiToken, Bearer, Scope
from kb.models.tombstones import Tombstone
from kb.models.uploads import Upload, UploadPiece
from kb.models.usage import CodeUse, IgnoredMiss, Miss
from kb.models.visibility import Audience
from kb.models.watched_sources import SourceKind, WatchedSource

__all__ = [
    "ApiToken",
    "Audience",
    "Bearer",
    "Change",
    "ChangeCounter",
    "CodeRange",
    "CodeTable",
    "CodeUse",
    "CodeVector",
    "Door",
    "FinishedAnswer",
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
    "SourceKind",
    "Synonym",
    "TableImport",
    "Tombstone",
    "TroubleshootingNote",
    "Upload",
    "UploadPiece",
    "WatchedSource",
]
