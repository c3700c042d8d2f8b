"""What the database itself refuses, whatever a form or a verb would let through."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from kb.models import IncidentLink, ReturnCode, Section
from tests import make

pytestmark = pytest.mark.django_db
MAY_5 = datetime(2025, 5, 5, tzinfo=UTC)


def refused(action):
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012
        action()
        connection.check_constraints()


def test_a_section_has_a_code_once():
    make.code("42P01")
    refused(lambda: make.code("42p01"))


def test_two_sections_may_have_the_same_code_with_its_zeros():
    make.code("3", in_section="Public")
    make.code("3", in_section="Mix")
    make.code("003", in_section="Mix")
    assert ReturnCode.objects.matching("3").count() == 3


def test_a_section_of_another_table_is_refused_for_a_code():
    code, other = make.code(), make.section(make.table("rtc-server"))
    refused(lambda: ReturnCode.objects.filter(pk=code.pk).update(section=other))
    refused(lambda: ReturnCode.objects.create(table=code.table, section=other, code="1"))


@pytest.mark.parametrize("fields", [{"disposition": "shrug"}, {"fixer": "nobody"}])
def test_a_code_with_an_unknown_choice_is_refused(fields):
    refused(lambda: make.code(**fields))


def test_an_empty_code_is_refused():
    refused(lambda: make.code(" "))


def test_a_table_with_codes_cannot_be_deleted():
    code = make.code()
    with pytest.raises(ProtectedError):
        code.table.delete()
    with pytest.raises(ProtectedError):
        Section.objects.all().delete()


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "javascript:alert(1)"},
        {"state": "gone"},
        {"audience": "everybody"},
        {"title": ""},
        {"state": "open", "resolved_at": MAY_5},
        {"state": "resolved", "started_at": MAY_5, "resolved_at": MAY_5.replace(day=4)},
    ],
)
def test_a_wrong_incident_is_refused(fields):
    refused(lambda: IncidentLink.objects.create(**{"url": "https://a.example/1", "title": "Down"} | fields))


def test_an_incident_is_linked_once():
    make.incident(url="https://a.example/1")
    refused(lambda: make.incident(url="https://a.example/1"))


@pytest.mark.parametrize("fields", [{"state": "lost"}, {"audience": "all"}, {"title": ""}])
def test_a_wrong_note_is_refused(fields):
    refused(lambda: make.note(**{"title": "Room is gone"} | fields))


def test_a_backward_or_repeated_range_is_refused():
    make.code_range(first=1, last=2)
    refused(lambda: make.code_range(first=1, last=2))
    refused(lambda: make.code_range(first=3, last=2))
