"""A verdict as programs get it: one of the five, with what it takes to quote and to trust it."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from kb.models import Audience, CodeRange, IncidentLink, TroubleshootingNote
from kb.models.incidents import IncidentState
from kb.models.notes import LIVE
from kb.queries.lookup import Verdict
from kb.queries.lookup_many import CodeMeaning, CodeVerdict
from kb.text.codes.disposition import DISPOSITIONS, FIXERS

MAX_MEANINGS = 20
"""Meanings of one code that are listed; real tables reach 11."""

MAX_INCIDENTS = 10
"""Incidents that are listed with one code."""

GOING_ON = [choice for choice in IncidentState.choices if choice[0] != IncidentState.RESOLVED]
DISPOSITION_CHOICES = list(DISPOSITIONS.items())
FIXER_CHOICES = list(FIXERS.items())
VERDICTS = [one.value for one in Verdict]
CONFIDENCES = [one.value for one in LIVE]
_CONFIDENCE = "How far the note is to be trusted; null without one."
_AUDIENCE = "`internal` if any part of it is: keep it from customers."


class FirstNoteSerializer(serializers.Serializer):
    """The note to work with first."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    permalink = serializers.URLField()
    version = serializers.IntegerField()
    confidence = serializers.ChoiceField(CONFIDENCES)
    audience = serializers.ChoiceField(Audience.choices)


class GoingOnSerializer(serializers.Serializer):
    """An incident that goes on and hits the code."""

    id = serializers.IntegerField()
    url = serializers.URLField()
    reference = serializers.CharField(allow_blank=True)
    title = serializers.CharField()
    state = serializers.ChoiceField(GOING_ON)
    started_at = serializers.DateTimeField(allow_null=True)
    audience = serializers.ChoiceField(Audience.choices)


class MeaningSerializer(serializers.Serializer):
    """One of the codes that may be meant."""

    open_incidents = GoingOnSerializer(many=True, help_text=f"Incidents that go on, at most {MAX_INCIDENTS}.")
    id = serializers.IntegerField()
    table = serializers.CharField()
    section = serializers.CharField()
    code = serializers.CharField()
    symbol = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    disposition = serializers.ChoiceField(DISPOSITION_CHOICES)
    fixer = serializers.ChoiceField(FIXER_CHOICES)
    retired_at = serializers.DateTimeField(allow_null=True)
    read = serializers.CharField(help_text="How what was written was read to get here.")
    verdict = serializers.ChoiceField(VERDICTS)
    permalink = serializers.URLField()
    version = serializers.IntegerField()
    confidence = serializers.ChoiceField(CONFIDENCES, allow_null=True, help_text=_CONFIDENCE)
    audience = serializers.ChoiceField(Audience.choices, help_text=_AUDIENCE)
    note = FirstNoteSerializer(allow_null=True)


class AroundSerializer(serializers.Serializer):
    """A known range that the number lies in."""

    table = serializers.CharField()
    name = serializers.CharField()
    first = serializers.IntegerField()
    last = serializers.IntegerField()
    pattern = serializers.CharField()


class VerdictSerializer(serializers.Serializer):
    """The verdict on what somebody wrote. Version and confidence are null unless there is exactly one meaning."""

    query = serializers.CharField(allow_blank=True)
    verdict = serializers.ChoiceField(VERDICTS)
    permalink = serializers.URLField(help_text="The code's page, or where there is not exactly one, the search for it.")
    version = serializers.IntegerField(allow_null=True)
    confidence = serializers.ChoiceField(CONFIDENCES, allow_null=True, help_text=_CONFIDENCE)
    audience = serializers.ChoiceField(Audience.choices, help_text=_AUDIENCE)
    meanings = MeaningSerializer(many=True, help_text="The likeliest reading first.")
    truncated = serializers.BooleanField(help_text=f"Whether there are more than {MAX_MEANINGS} meanings.")
    ranges = AroundSerializer(many=True, help_text="For a code in no table: where it would belong, narrowest first.")


class Site:
    """Turns verdicts into answers with whole addresses."""

    def __init__(self, request: Request) -> None:
        self.root = request.build_absolute_uri("/")[:-1]

    def verdict(self, judged: CodeVerdict) -> dict[str, Any]:
        """Return the answer for a verdict."""
        one = judged.meanings[0] if len(judged.meanings) == 1 else None
        return {
            "query": judged.query,
            "verdict": judged.verdict.value,
            "permalink": self._address(one.code if one else None, judged.query),
            "version": one.code.version if one else None,
            "confidence": one.confidence if one else None,
            "audience": _audience(judged),
            "meanings": [self.meaning(found) for found in judged.meanings[:MAX_MEANINGS]],
            "truncated": len(judged.meanings) > MAX_MEANINGS,
            "ranges": [around(block) for block in judged.ranges],
        }

    def meaning(self, given: CodeMeaning) -> dict[str, Any]:
        """Return the answer for one meaning."""
        code = given.code
        return {
            "open_incidents": [_going_on(one) for one in given.open_incidents[:MAX_INCIDENTS]],
            "id": code.pk,
            "table": code.table.slug,
            "section": code.section.slug,
            "code": code.code,
            "symbol": code.symbol,
            "description": code.description,
            "disposition": code.disposition,
            "fixer": code.fixer,
            "retired_at": code.retired_at,
            "read": given.how,
            "verdict": given.verdict.value,
            "permalink": self._address(code),
            "version": code.version,
            "confidence": given.confidence,
            "audience": given.audience,
            "note": self._note(given.note) if given.note else None,
        }

    def _note(self, note: TroubleshootingNote) -> dict[str, Any]:
        return {
            "id": note.pk,
            "title": note.title,
            "permalink": self._address(note),
            "version": note.version,
            "confidence": note.state,
            "audience": note.audience,
        }

    def _address(self, thing: Any, query: str = "") -> str:
        path = thing.get_absolute_url() if thing else f"{reverse('start')}?{urlencode({'q': query})}"
        return f"{self.root}{path}"


def _going_on(incident: IncidentLink) -> dict[str, Any]:
    names = ("id", "url", "reference", "title", "state", "started_at", "audience")
    return {name: getattr(incident, name) for name in names}


def around(block: CodeRange) -> dict[str, Any]:
    """Return the answer for a range."""
    return {
        "table": block.table.slug,
        "name": block.name,
        "first": block.first,
        "last": block.last,
        "pattern": block.pattern,
    }


def _audience(judged: CodeVerdict) -> str:
    parts = {one.audience for one in judged.meanings} | {block.table.audience for block in judged.ranges}
    return (Audience.INTERNAL if Audience.INTERNAL in parts else Audience.PUBLIC).value
