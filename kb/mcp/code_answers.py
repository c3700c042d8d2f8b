"""What the tools say about a code, in the one shape that codes have everywhere. Texts of others are quoted."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from kb.models import Audience
from kb.models.incidents import IncidentState
from kb.models.notes import NoteState
from kb.models.origins import Origin
from kb.queries.lookup import Verdict
from kb.text.codes.disposition import DISPOSITIONS, FIXERS

Data = str
"""A text that somebody wrote, quoted between the marks: see Note [Data] in quotes.py."""


class ByWords(StrEnum):
    """The verdict of the tools on words that no code is written like, but that codes are described with."""

    FOUND_BY_WORDS = "found_by_words"


def one_of(values: Any) -> Any:
    """Return a field whose schema names the only values."""
    return Field(json_schema_extra={"enum": [str(value) for value in values]})


class Answer(BaseModel):
    """Base of a tool's answer."""

    partial: bool = False
    """Whether there is more than this answer contains. The instructions of the server tell assistants."""
    go_on: str | None = None
    """How to get the rest, or the full text of what was cut."""


class Range(BaseModel):
    """A range of code numbers in a table."""

    table: str
    pattern: str
    name: Data


class SectionRef(BaseModel):
    """A section of a table."""

    id: int
    name: Data
    slug: str


class CodeRef(BaseModel):
    """A reference to a code, with what it says."""

    id: int
    table: str
    section: SectionRef
    code: str
    description: Data
    url: str


class NoteRef(BaseModel):
    """A troubleshooting note with its cause and resolution."""

    id: int
    state: Annotated[str, one_of(NoteState)]
    audience: Annotated[str, one_of(Audience)]
    title: Data
    cause: Data = ""
    resolution: Data = ""
    url: str


class Incident(BaseModel):
    """An open incident that affects the code."""

    state: Annotated[str, one_of(IncidentState)]
    audience: Annotated[str, one_of(Audience)]
    title: Data
    workaround: Data = ""
    url: str


class ToDo(BaseModel):
    """What to do, and who decided it."""

    value: Annotated[str, one_of(DISPOSITIONS)]
    origin: Annotated[str, one_of(Origin)]


class CanFix(BaseModel):
    """Who can fix it, and who decided it."""

    value: Annotated[str, one_of(FIXERS)]
    origin: Annotated[str, one_of(Origin)]


class ReplySource(BaseModel):
    """The note whose reply it is."""

    note: int
    state: Annotated[str, one_of(NoteState)]
    audience: Annotated[str, one_of(Audience)]


class Meaning(BaseModel):
    """One meaning of a code. Like in the API, what a code does not have is null."""

    id: int
    table: str
    section: SectionRef
    code: str
    number: int | None = None
    symbol: Data
    description: Data
    possible_reasons: Data
    suggested_actions: Data
    vendor: Annotated[dict[str, Data], Field(description="The vendor's texts that support has edited.")]
    extra: dict[Data, Data]
    disposition: ToDo
    fixer: CanFix
    retired_at: datetime | None = None
    successor: CodeRef | None = None
    has_notes: bool
    has_open_incident: bool
    version: int
    created_at: datetime
    updated_at: datetime
    url: str
    read: Annotated[str, Field(description="How the spelling was interpreted.")]
    audience: Annotated[str, one_of(Audience)]
    reply: Annotated[Data, Field(description="What to tell the customer.")]
    reply_from: ReplySource | None = None
    notes: list[NoteRef]
    open_incidents: list[Incident]

    @model_serializer(mode="wrap")
    def _with_null(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the members, also where the answer leaves out what is None."""
        values: dict[str, Any] = serialize(self)
        return {name: values.get(name) for name in type(self).model_fields}


class Looked(BaseModel):
    """A query with one of its meanings, or none. Several items with the same `query` are several meanings."""

    query: Data
    verdict: Annotated[str, one_of([*Verdict, *ByWords])]
    meanings: Annotated[list[Meaning], Field(description="One, or none for an unknown code.")] = []
    ranges: Annotated[list[Range], Field(description="For an unknown code: the ranges that contain it.")] = []
    near: Annotated[list[CodeRef], Field(description="Codes one edit away. Each has another meaning.")] = []
    by_words: Annotated[list[CodeRef], Field(description="Codes that these words describe, likeliest first.")] = []
    anatomy: Annotated[str, Field(description="What the parts of the code mean.")] = ""
    inner: Annotated[list[CodeRef], Field(description="The code that it wraps.")] = []


class LookedUp(Answer):
    """Answer of lookup_codes."""

    verdicts: list[Looked]
