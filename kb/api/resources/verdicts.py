"""The members of verdicts, which `kb.queries.verdict_json` makes."""

from typing import Any

from rest_framework import serializers

from kb.answers.build import LISTS, MAX_ITEMS
from kb.api.resources.code_serializers import CodeMembersSerializer
from kb.api.resources.incidents import OpenIncidentSerializer
from kb.api.resources.notes import ShownNoteSerializer
from kb.api.resources.references import TRUNCATED, OtherCodeSerializer, RangeRefSerializer
from kb.models import Audience, ReturnCode
from kb.models.fields import CODE_MEMBERS
from kb.models.notes import LIVE
from kb.queries.code_parts import MAX_INNER
from kb.queries.lookup import Verdict
from kb.queries.near_codes import MAX_NEAR, MAX_TEXTS
from kb.queries.remedies import SOURCES
from kb.queries.verdict_json import INCLUDED, MAX_MEANINGS

VERDICTS = [verdict.value for verdict in Verdict]
CONFIDENCES = [state.value for state in LIVE]
INCLUDE: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string", "enum": [*INCLUDED]},
    "maxItems": len(INCLUDED),
    "description": "What to add to each meaning; the parameter `include` of the address does the same.",
}
"""The JSON schema of the member of a body."""

_CONFIDENCE = "Confidence in the note: its state. Null without a note."
_AUDIENCE = "`internal` if any part is internal: do not show it to customers."
_NEAR = (
    f"For an unknown code: at most {MAX_NEAR} codes one edit away. Each has another meaning: ask before you take one. "
    f"Null after the first {MAX_TEXTS} unknown codes of a request."
)


class FirstNoteSerializer(serializers.Serializer[Any]):
    """The note to read first."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    url = serializers.URLField(help_text="The note's page.")
    version = serializers.IntegerField()
    confidence = serializers.ChoiceField(CONFIDENCES)
    audience = serializers.ChoiceField(Audience.choices)


class ActionSerializer(serializers.Serializer[Any]):
    """Something to try."""

    source: Any = serializers.ChoiceField(
        SOURCES, help_text="`note`: the resolution of a note. `vendor`: what it suggests."
    )
    text = serializers.CharField()
    note = serializers.IntegerField(allow_null=True, help_text="The id of the note; null for the vendor's text.")


class ReplyNoteSerializer(serializers.Serializer[Any]):
    """The note whose customer reply it is."""

    note = serializers.IntegerField(help_text="The id of the note.")
    state = serializers.ChoiceField(
        CONFIDENCES, help_text="`validated`: a reviewer confirmed it. `not_validated`: nobody has."
    )
    audience = serializers.ChoiceField(Audience.choices, help_text="`internal`: do not send it to customers.")


class MeaningSerializer(CodeMembersSerializer):
    """One of the codes that the query may mean: the code, and what is known of it."""

    read = serializers.CharField(help_text="How the query was interpreted to get this code.")
    verdict = serializers.ChoiceField(VERDICTS)
    confidence = serializers.ChoiceField(CONFIDENCES, allow_null=True, help_text=_CONFIDENCE)
    audience = serializers.ChoiceField(Audience.choices, help_text=_AUDIENCE)
    note = FirstNoteSerializer(allow_null=True)
    open_incidents = OpenIncidentSerializer(many=True, help_text=f"Open incidents, at most {MAX_ITEMS}.")
    actions = ActionSerializer(
        many=True, required=False, help_text="With `include=actions`: what to try, most reliable first."
    )
    reply = serializers.CharField(
        allow_blank=True,
        required=False,
        help_text="With `include=reply`: the customer reply, filled in for this code and today. Empty without one.",
    )
    reply_from = ReplyNoteSerializer(
        allow_null=True, required=False, help_text="With `include=reply`: whose reply it is. Null without one."
    )
    notes = ShownNoteSerializer(
        many=True,
        required=False,
        help_text="With `include=notes`: notes about the code and about the ranges that contain it.",
    )
    past_incidents = OpenIncidentSerializer(
        many=True, required=False, help_text="With `include=incidents`: resolved incidents."
    )
    ranges = RangeRefSerializer(
        many=True, required=False, help_text="With `include=ranges`: known ranges that contain it, narrowest first."
    )
    truncated = serializers.ListField(child=serializers.ChoiceField(LISTS), help_text=TRUNCATED)

    class Meta:
        model = ReturnCode
        fields = [
            *(*CODE_MEMBERS, "read", "verdict", "confidence", "audience", "note", "open_incidents"),
            *("actions", "reply", "reply_from", "notes", "past_incidents", "ranges", "truncated"),
        ]
        read_only_fields = CODE_MEMBERS


class PartSerializer(serializers.Serializer[Any]):
    """One part of a code, from left to right."""

    name = serializers.CharField(help_text="Such as severity, facility, class.")
    value = serializers.CharField()
    meaning = serializers.CharField(help_text="What the value means, for people.")


class InnerCodeSerializer(serializers.Serializer[Any]):
    """The code of another family inside a code: the Windows error 1722 inside 0x800706BA."""

    family = serializers.CharField()
    code = serializers.CharField()
    meanings = OtherCodeSerializer(many=True, help_text=f"What tables say about it, at most {MAX_INNER}.")


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
    truncated = serializers.BooleanField(
        help_text=f"Whether there are more than {MAX_MEANINGS} meanings. In each meaning, it is the list of cut lists."
    )
    ranges = RangeRefSerializer(many=True, help_text="For an unknown code: ranges that contain it, narrowest first.")
    anatomy = AnatomySerializer(allow_null=True, help_text="The code taken apart; null if its family is not sure.")
    near: Any = OtherCodeSerializer(many=True, allow_null=True, help_text=_NEAR)
