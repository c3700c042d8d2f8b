"""Incident links: one for each address, their times, the notes that they make outdated."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError

from kb.models import Door, IncidentLink, TroubleshootingNote
from kb.services.incidents import AlreadyLinked, existing_link, resolve_incident, save_incident
from kb.services.journal import By, NotAllowed
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
JIRA = "https://acme.atlassian.net/browse/ZIM-42"


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def by(editor):
    return By(editor, Door.ADMIN)


def new(**fields):
    return IncidentLink(**{"url": JIRA, "title": "Down"} | fields)


@pytest.mark.parametrize(
    ("fields", "values", "times"),
    [
        ({}, {}, (NOW, None)),
        ({"started_at": NOW - HOUR}, {}, (NOW - HOUR, None)),
        ({}, {"started_at": NOW + HOUR}, (NOW + HOUR, None)),
        ({}, {"state": "resolved"}, (NOW, NOW)),
        ({}, {"state": "resolved", "started_at": NOW - HOUR}, (NOW - HOUR, NOW)),
        ({}, {"state": "resolved", "started_at": NOW + HOUR}, (NOW + HOUR, NOW + HOUR)),
        ({"started_at": NOW - HOUR}, {"state": "resolved", "resolved_at": NOW - HOUR}, (NOW - HOUR, NOW - HOUR)),
    ],
)  # fmt: skip
def test_a_new_incident_starts_now_and_a_resolved_one_has_an_end(by, fields, values, times):
    saved = save_incident(new(**fields), None, values, [], by)
    assert (saved.started_at, saved.resolved_at) == times


def test_an_incident_without_a_start_gets_none_later(by):
    incident = make.incident(started_at=None)
    assert save_incident(incident, 1, {"title": "Still down"}, None, by).started_at is None
    assert save_incident(incident, 2, {"state": "resolved"}, None, by).resolved_at == NOW
    assert save_incident(incident, 3, {"state": "open", "resolved_at": None}, None, by).is_open


@pytest.mark.parametrize(
    ("at", "end"),
    [(None, NOW), (NOW - HOUR, NOW - HOUR), (NOW - 2 * HOUR, NOW - 2 * HOUR), (NOW - 3 * HOUR, None)],
)
def test_an_incident_is_resolved_now_or_at_a_time_from_its_start_on(by, at, end):
    incident = make.incident(started_at=NOW - 2 * HOUR)
    if end is None:
        with pytest.raises(NotAllowed, match="cannot be resolved before it started"):
            resolve_incident(incident, 1, at, by)
    else:
        saved = resolve_incident(incident, 1, at, by)
        assert (saved.state, saved.resolved_at) == ("resolved", end)
        with pytest.raises(NotAllowed, match="already resolved"):
            resolve_incident(saved, saved.version, at, by)


def test_an_incident_without_a_start_is_resolved_at_any_time(by):
    assert resolve_incident(make.incident(started_at=None), 1, NOW - HOUR, by).resolved_at == NOW - HOUR


@pytest.mark.parametrize(
    ("before", "values", "reference"),
    [
        (None, {"url": JIRA}, "ZIM-42"),
        (None, {"url": JIRA, "reference": ""}, "ZIM-42"),
        (None, {"url": JIRA, "reference": "The big one"}, "The big one"),
        ("ZIM-42", {"url": JIRA + "0"}, "ZIM-420"),
        ("ZIM-42", {"url": JIRA + "0", "reference": "ZIM-42"}, "ZIM-420"),
        ("The big one", {"url": JIRA + "0"}, "The big one"),
        ("ZIM-42", {"title": "Up"}, "ZIM-42"),
        ("The big one", {"title": "Up"}, "The big one"),
        ("The big one", {"reference": ""}, "ZIM-42"),
    ],
)
def test_a_reference_is_the_written_one_or_follows_the_address(by, before, values, reference):
    if before is None:
        saved = save_incident(IncidentLink(title="Down"), None, values, [], by)
    else:
        saved = save_incident(make.incident(url=JIRA, reference=before), 1, values, None, by)
    assert saved.reference == reference


def test_an_address_is_linked_once_and_an_incident_keeps_its_own(by):
    first, second = make.incident("First", url=JIRA), make.incident("Second", url=JIRA + "1")
    assert existing_link(JIRA.lower()) == first
    assert existing_link(JIRA, except_for=first.pk) is None
    assert existing_link(JIRA, except_for=second.pk) == first
    with pytest.raises(AlreadyLinked, match="already linked") as refusal:
        save_incident(second, 1, {"url": JIRA.lower()}, None, by)
    assert refusal.value.existing == first
    assert save_incident(first, 1, {"url": JIRA + "?utm_source=mail"}, None, by).version == 2


def test_another_conflict_in_the_database_is_not_taken_for_a_duplicate(by):
    incident = make.incident(started_at=NOW)
    with pytest.raises(IntegrityError):
        save_incident(incident, 1, {"state": "resolved", "resolved_at": NOW - HOUR}, None, by)


@pytest.mark.parametrize(
    ("before", "values", "asked"),
    [
        ("open", {"state": "resolved"}, True),
        ("open", {"title": "Down again"}, False),
        ("resolved", {"title": "Was down"}, False),
        ("resolved", {"state": "open", "resolved_at": None}, False),
        (None, {"state": "resolved"}, False),
    ],
)
def test_notes_need_another_look_when_an_open_incident_is_resolved(by, before, values, asked):
    code = make.code()
    note = make.note("Busy", code)
    if before is None:
        save_incident(new(), None, values, [code], by)
    else:
        end = {"resolved_at": NOW} if before == "resolved" else {}
        incident = make.incident("Down", code, state=before, **end)
        save_incident(incident, 1, values, None, by)
    assert TroubleshootingNote.objects.filter(pk=note.pk, verify_since=None).exists() != asked


def test_a_note_on_several_codes_of_an_incident_is_marked_once(by):
    codes = [make.code(str(n)) for n in range(3)]
    note = make.note("Busy", *codes)
    incident = resolve_incident(make.incident("Down", *codes), 1, None, by)
    note.refresh_from_db()
    assert (note.verify_reason, note.version) == (f"The incident “{incident}” is resolved.", 2)
