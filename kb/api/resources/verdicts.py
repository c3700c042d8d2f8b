"""Verdicts on codes as the API answers them, with links and confidence."""

from typing import Any
from urllib.parse import urlencode

from django.urls import get_script_prefix, reverse
from rest_framework import serializers
from rest_framework.request import Request

from kb.models import Audience, CodeRange, ReturnCode
from kb.models.codes import card_address
from kb.models.incidents import IncidentState
from kb.models.notes import LIVE
from kb.queries.code_parts import MAX_INNER, CodeAnatomy
from kb.queries.lookup import Verdict
from kb.queries.lookup_many import CodeMeaning, CodeVerdict, audience_of
from kb.queries.surroundings import FirstNote
from kb.text.codes.disposition import DISPOSITIONS, FIXERS

MAX_MEANINGS = 20
"""Meanings that an answer lists for one code; real tables reach 11."""

MAX_INCIDENTS = 10
"""Incidents that an answer lists for one code."""

OPEN_STATES = [choice for choice in IncidentState.choices if choice[0] != IncidentState.RESOLVED]
DISPOSITION_CHOICES = list(DISPOSITIONS.items())
FIXER_CHOICES = list(FIXERS.items())
VERDICTS = [verdict.value for verdict in Verdict]
CONFIDENCES = [state.value for state in LIVE]
_CONFIDENCE = "Confidence in the note: its state. Null without a note."
_AUDIENCE = "`internal` if any part is internal: do not show it to customers."


class FirstNoteSerializer(serializers.Serializer[Any]):
    """The note to read first."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    permalink = serializers.URLField()
    version = serializers.IntegerField()
    confidence = serializers.ChoiceField(CONFIDENCES)
    audience = serializers.ChoiceField(Audience.choices)


class GoingOnSerializer(serializers.Serializer[Any]):
    """An open incident that affects the code."""

    id = serializers.IntegerField()
    url = serializers.URLField()
    reference = serializers.CharField(allow_blank=True)
    title = serializers.CharField()
    state = serializers.ChoiceField(OPEN_STATES)
    started_at = serializers.DateTimeField(allow_null=True)
    audience = serializers.ChoiceField(Audience.choices)


class MeaningSerializer(serializers.Serializer[Any]):
    """One of the codes that the query may mean."""

    open_incidents = GoingOnSerializer(many=True, help_text=f"Open incidents, at most {MAX_INCIDENTS}.")
    id = serializers.IntegerField()
    table = serializers.CharField()
    section = serializers.CharField()
    code = serializers.CharField()
    symbol = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    disposition = serializers.ChoiceField(DISPOSITION_CHOICES)
    fixer = serializers.ChoiceField(FIXER_CHOICES)
    retired_at = serializers.DateTimeField(allow_null=True)
    read = serializers.CharField(help_text="How the query was interpreted to get this code.")
    verdict = serializers.ChoiceField(VERDICTS)
    permalink = serializers.URLField()
    version = serializers.IntegerField()
    confidence = serializers.ChoiceField(CONFIDENCES, allow_null=True, help_text=_CONFIDENCE)
    audience = serializers.ChoiceField(Audience.choices, help_text=_AUDIENCE)
    note = FirstNoteSerializer(allow_null=True)


class AroundSerializer(serializers.Serializer[Any]):
    """A known range that contains the number."""

    table = serializers.CharField()
    name = serializers.CharField()
    first = serializers.IntegerField()
    last = serializers.IntegerField()
    pattern = serializers.CharField()


class PartSerializer(serializers.Serializer[Any]):
    """One part of a code, from left to right."""

    name = serializers.CharField(help_text="Such as severity, facility, class.")
    value = serializers.CharField()
    meaning = serializers.CharField(help_text="What the value means, for people.")


class InnerMeaningSerializer(serializers.Serializer[Any]):
    """A code of a table that the code wraps."""

    table = serializers.CharField()
    section = serializers.CharField()
    code = serializers.CharField()
    symbol = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    permalink = serializers.URLField()


class InnerCodeSerializer(serializers.Serializer[Any]):
    """The code of another family inside a code: the Windows error 1722 inside 0x800706BA."""

    family = serializers.CharField()
    code = serializers.CharField()
    meanings = InnerMeaningSerializer(many=True, help_text=f"What tables say about it, at most {MAX_INNER}.")


class AnatomySerializer(serializers.Serializer[Any]):
    """What the parts of a code mean, for families whose form is published."""

    family = serializers.CharField(help_text="Such as HRESULT, NTSTATUS, SQLSTATE.")
    parts = PartSerializer(many=True)
    inner = InnerCodeSerializer(allow_null=True)


class VerdictSerializer(serializers.Serializer[Any]):
    """The verdict on a query. Version and confidence are null unless there is exactly one meaning."""

    query = serializers.CharField(allow_blank=True)
    verdict = serializers.ChoiceField(VERDICTS)
    permalink = serializers.URLField(help_text="The code's page; the search for it unless there is exactly one code.")
    version = serializers.IntegerField(allow_null=True)
    confidence = serializers.ChoiceField(CONFIDENCES, allow_null=True, help_text=_CONFIDENCE)
    audience = serializers.ChoiceField(Audience.choices, help_text=_AUDIENCE)
    meanings = MeaningSerializer(many=True, help_text="Meanings, most likely first.")
    truncated = serializers.BooleanField(help_text=f"Whether there are more than {MAX_MEANINGS} meanings.")
    ranges = AroundSerializer(many=True, help_text="For an unknown code: ranges that contain it, narrowest first.")
    anatomy = AnatomySerializer(allow_null=True, help_text="The code taken apart; null if its family is not sure.")


_NO_MEANING = {"permalink": None, "version": None, "confidence": None}


class VerdictRenderer:
    """Turns verdicts into JSON with absolute URLs."""

    def __init__(self, root: str) -> None:
        """Store the scheme and host of the addresses."""
        self.root, self.prefix = root, get_script_prefix()

    @classmethod
    def of(cls, request: Request) -> "VerdictRenderer":
        """Return a renderer with addresses of the request's site."""
        return cls(request.build_absolute_uri("/")[:-1])

    def verdict(self, verdict: CodeVerdict) -> dict[str, Any]:
        """Return the members of a VerdictSerializer."""
        meanings = [self.meaning(meaning) for meaning in verdict.meanings[:MAX_MEANINGS]]
        only = meanings[0] if len(verdict.meanings) == 1 else _NO_MEANING
        parts = [meaning.audience for meaning in verdict.meanings[MAX_MEANINGS:]]
        parts += [meaning["audience"] for meaning in meanings] + [block.table.audience for block in verdict.ranges]
        parts += [code.table.audience for code in verdict.anatomy.inner] if verdict.anatomy else []
        return {
            "query": verdict.query,
            "verdict": verdict.verdict,
            "permalink": only["permalink"] or f"{self.root}{reverse('start')}?{urlencode({'q': verdict.query})}",
            "version": only["version"],
            "confidence": only["confidence"],
            "audience": audience_of(parts),
            "meanings": meanings,
            "truncated": len(verdict.meanings) > MAX_MEANINGS,
            "ranges": [_range(code_range) for code_range in verdict.ranges],
            "anatomy": self.anatomy(verdict.anatomy) if verdict.anatomy else None,
        }

    def anatomy(self, anatomy: CodeAnatomy) -> dict[str, Any]:
        """Return the members of an AnatomySerializer."""
        parts, inner = anatomy.parts, anatomy.parts.inner
        meanings = [self.inner(code) for code in anatomy.inner]
        return {
            "family": parts.family,
            "parts": [part._asdict() for part in parts.parts],
            "inner": {"family": inner.title, "code": inner.code, "meanings": meanings} if inner else None,
        }

    def inner(self, code: ReturnCode) -> dict[str, Any]:
        """Return the members of an InnerMeaningSerializer."""
        table, section = code.table.slug, code.section.slug
        return {
            "table": table,
            "section": section,
            "code": code.code,
            "symbol": code.symbol,
            "description": code.description,
            "permalink": f"{self.root}{card_address(table, section, code.code, self.prefix)}",
        }

    def meaning(self, meaning: CodeMeaning) -> dict[str, Any]:
        """Return the members of a MeaningSerializer."""
        code = meaning.code
        table, section = code.table.slug, code.section.slug
        return {
            "open_incidents": [incident._asdict() for incident in meaning.open_incidents[:MAX_INCIDENTS]],
            "id": code.pk,
            "table": table,
            "section": section,
            "code": code.code,
            "symbol": code.symbol,
            "description": code.description,
            "disposition": code.disposition,
            "fixer": code.fixer,
            "retired_at": code.retired_at,
            "read": meaning.how,
            "verdict": meaning.verdict,
            "permalink": f"{self.root}{card_address(table, section, code.code, self.prefix)}",
            "version": code.version,
            "confidence": meaning.confidence,
            "audience": meaning.audience,
            "note": self.note(meaning.note) if meaning.note else None,
        }

    def note(self, note: FirstNote) -> dict[str, Any]:
        """Return the members of a FirstNoteSerializer."""
        return {
            "id": note.id,
            "title": note.title,
            "permalink": f"{self.root}{note.get_absolute_url()}",
            "version": note.version,
            "confidence": note.state,
            "audience": note.audience,
        }


def _range(code_range: CodeRange) -> dict[str, Any]:
    return {
        "table": code_range.table.slug,
        "name": code_range.name,
        "first": code_range.first,
        "last": code_range.last,
        "pattern": code_range.pattern,
    }
