"""Arguments and answers of the tools; their JSON schemas are generated from these models."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from kb.mcp.code_answers import Answer, CodeRef, Data, NoteRef, Range, one_of
from kb.models import Audience
from kb.models.changes import NOUNS, ChangeKind
from kb.models.notes import NoteState
from kb.queries.detection import MAX_TEXT

MAX_CODES = 20


def _as_text(code: Any) -> Any:
    # Like in the API. A boolean is an integer in Python, and no code.
    if isinstance(code, str) or (isinstance(code, int) and not isinstance(code, bool)):
        return str(code)
    raise PydanticCustomError("code_type", "no code")


def _readable(text: str) -> str:
    # No database accepts NUL.
    return text.replace("\x00", "")


Readable = AfterValidator(_readable)
Code = Annotated[
    str,
    Field(max_length=200, json_schema_extra={"type": ["string", "integer"]}),
    BeforeValidator(_as_text),
    Readable,
]
Slug = Annotated[str, Field(max_length=80, description="Short name of a table, such as zim-server."), Readable]
Skip = Annotated[int, Field(ge=0, le=100_000, description="Items of earlier answers to skip.")]


class Asked(BaseModel):
    """Base of a tool's arguments: an unknown argument is an error."""

    model_config = ConfigDict(extra="forbid")


class LookupCodes(Asked):
    """Arguments of lookup_codes."""

    codes: Annotated[list[Code], Field(min_length=1, max_length=MAX_CODES, description="Codes, in any spelling.")]
    table: Slug | None = None
    skip: Skip = 0


class ListTables(Asked):
    """Arguments of list_tables."""

    skip: Skip = 0


class ExplainText(Asked):
    """Arguments of explain_text."""

    text: Annotated[
        str, Field(min_length=1, max_length=MAX_TEXT, description="A log, a ticket, an error message."), Readable
    ]
    skip: Skip = 0


class SearchNotes(Asked):
    """Arguments of search_notes."""

    query: Annotated[
        str, Field(min_length=1, max_length=500, description="Words, such as: room does not exist."), Readable
    ]
    skip: Annotated[int, Field(ge=0, le=100)] = 0


class GetNote(Asked):
    """Arguments of get_note."""

    note_id: Annotated[int, Field(ge=1, lt=2**63)]
    skip: Skip = 0


class ChangesSince(Asked):
    """Arguments of changes_since."""

    since: Annotated[
        date | None, Field(ge=date(1970, 1, 1), description="First day, such as 2026-03-03. Default: 7 days ago.")
    ] = None
    after: Annotated[
        str | None,
        Field(pattern=r"^[0-9a-z]{1,20}-[0-9]{1,18}$", description="`last_place` of an earlier answer: later changes."),
    ] = None
    table: Slug | None = None


class Filled(BaseModel):
    """What the text has in a hole of a vendor's message."""

    name: Data
    text: Data


class FoundCode(BaseModel):
    """A known code in a text."""

    query: Data
    role: str
    is_likely: bool
    line: int
    column: int
    count: int
    why: Data
    meanings: list[CodeRef]
    more_meanings: int = 0
    anatomy: str = ""
    inner: list[CodeRef] = []
    message: Data | None = None
    filled: list[Filled] = []


class Strange(BaseModel):
    """Something that looks like a code and is in no table."""

    query: Data
    line: int
    column: int
    range: Range | None = None
    anatomy: str = ""
    inner: list[CodeRef] = []


class Explained(Answer):
    """Answer of explain_text."""

    codes: Annotated[list[FoundCode], Field(description="Causes come before the codes that wrap them.")]
    in_no_table: list[Strange] = []
    not_listed: Annotated[int, Field(description="How many more of these the text has.")] = 0
    read_to_line: Annotated[int | None, Field(description="The last line read, if the text was too long.")] = None


class TableItem(BaseModel):
    """A code table."""

    slug: str
    vendor: Data
    product: Data
    name: Data
    language: str
    audience: Annotated[str, one_of(Audience)]
    code_count: int
    retired_count: int
    url: str


class Tables(Answer):
    """Answer of list_tables."""

    tables: list[TableItem]


class SectionItem(BaseModel):
    """A section of a table."""

    name: Data
    slug: str
    code_count: int


class WholeTable(Answer):
    """A table with its sections."""

    table: TableItem
    sections: list[SectionItem]


class NotesFound(Answer):
    """Answer of search_notes."""

    notes: list[NoteRef]


class Part(BaseModel):
    """A text of a note, or a piece of it. Join consecutive pieces with the same name."""

    name: str
    text: Data


class Note(Answer):
    """Answer of get_note."""

    id: int
    state: Annotated[str, one_of(NoteState)]
    audience: Annotated[str, one_of(Audience)]
    title: Data
    updated_at: datetime
    url: str
    codes: list[CodeRef]
    more_codes: Annotated[bool, Field(description="Its page lists all codes.")] = False
    ranges: list[Range]
    parts: list[Part]


class Words(BaseModel):
    """A text that changed."""

    name: str
    before: Data
    after: Data


class ChangeMade(BaseModel):
    """One change."""

    sequence: int
    at: datetime
    noun: Annotated[str, one_of(NOUNS)]
    kind: Annotated[str, one_of(ChangeKind)]
    name: Data
    table: str | None = None
    url: str | None = None
    words: list[Words] = []
    other_fields: list[str] = []


class Changes(Answer):
    """Answer of changes_since."""

    changes: list[ChangeMade]
    last_place: Annotated[str | None, Field(description="The value of `after` for the next call.")] = None
