"""The stored answers about a code have the fields that the serializers describe, in the same order."""

import pytest

from kb.api.resources.code_serializers import CodeSerializer
from kb.models.fields import VENDOR_TEXTS
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db


def fields_of(serializer):
    """Return the fields of a serializer, of one for each item, or of one of the other kind; () for no serializer."""
    return tuple(getattr(getattr(serializer, "child", serializer), "fields", ()))


def test_the_answers_about_a_code_have_the_fields_of_their_description(client):
    code = make.code(
        "660300001",
        retired_at=LAST_YEAR,
        successor=make.code("2"),
        **{f"vendor_{name}": "Theirs" for name in VENDOR_TEXTS},
    )
    make.code_range()
    make.note("About it", code)
    make.incident("Open", code)
    make.incident("Over", code, state="resolved")
    answer = client.get(f"/api/v1/codes/{code.pk}/?include=notes,incidents,ranges").json()
    assert list(answer) == list(CodeSerializer.Meta.fields)
    nested = {name: field for name, field in CodeSerializer().fields.items() if fields_of(field)}
    assert {*nested} >= {"section", "vendor", "successor", "open_incidents", "notes", "past_incidents", "ranges"}
    for name, field in nested.items():
        value = answer[name][0] if isinstance(answer[name], list) else answer[name]
        assert tuple(value) == fields_of(field), name
