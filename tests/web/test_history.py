"""The history on a card: its steps, their titles and what changed."""

from datetime import UTC, datetime, timedelta

import pytest

from kb.models import ReturnCode
from kb.web import history
from kb.web.history import histories
from tests import make

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
RETIRED, RETIRED_LATER = {"retired_at": NOW}, {"retired_at": NOW + timedelta(1)}


def revision(**fields):
    return ReturnCode.history.model(**{"history_type": "~", "history_date": NOW, "code": "1"} | fields)


def steps(*revisions):
    """The steps of revisions, which are given the oldest first."""
    return [(step.title, [one.label for one in step.differences]) for step in history._steps(list(revisions[::-1]))]


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [
        ({}, {}, []),
        ({}, {"version": 2}, []),
        ({}, {"description": "A"}, [("Changed", ["Description"])]),
        ({}, RETIRED, [("Retired", [])]),
        (RETIRED, {}, [("Listed again", [])]),
        (RETIRED, RETIRED_LATER, [("Retirement date changed", [])]),
        (RETIRED, RETIRED, []),
        ({}, {"description": "A", **RETIRED}, [("Retired", ["Description"])]),
        ({}, {"description": "A", "vendor_description": "A"}, [("Changed", ["Description"])]),
        (
            {"description": "A"},
            {"description": "A", "vendor_description": "B"},
            [("Changed", ["Vendor's description"])],
        ),
        ({}, {"successor_id": 5}, [("Changed", ["Successor"])]),
        ({}, {"section_id": 5}, [("Changed", ["Section"])]),
        ({}, {"extra": {"a": 1}}, [("Changed", ["Other columns"])]),
        ({}, {"disposition": "retry_now", "fixer": "us"}, [("Changed", ["What to do", "Who can fix it"])]),
    ],
)
def test_a_step_names_what_changed(older, newer, expected):
    assert steps(revision(history_type="+", **older), revision(**newer)) == [*expected, ("Added", [])]


@pytest.mark.parametrize(("kind", "title"), [("+", "Added"), ("~", "Earlier state"), ("-", "Earlier state")])
def test_the_first_step_is_the_addition_unless_older_revisions_are_left_out(kind, title):
    assert steps(revision(history_type=kind)) == [(title, [])]


def test_a_step_has_texts_of_words_and_the_labels_of_choices():
    before = revision(disposition="retry_now", successor_id=4)
    after = revision(disposition="contact_vendor", description="New.", successor_id=5)
    (step, _) = history._steps([after, before])
    assert [(one.before, one.after, one.has_words) for one in step.differences] == [
        ("", "New.", True),
        ("Retry now", "Contact the vendor", True),
        ("4", "5", False),
    ]


@pytest.mark.parametrize(("changes", "titles"), [(18, 19), (19, 20), (20, 20)])
def test_twenty_steps_are_shown(changes, titles):
    revisions = [revision(history_type="+"), *(revision(description=f"{n}") for n in range(changes))]
    assert len(steps(*revisions)) == titles


@pytest.mark.django_db
def test_a_page_reads_the_latest_two_hundred_revisions_of_its_codes():
    code, other, quiet = make.code("1"), make.code("2"), make.code("3")
    ReturnCode.history.filter(id=quiet.pk).delete()
    revisions = [
        revision(
            id=code.pk, table=code.table, section=code.section, history_date=NOW - timedelta(n), description=f"{n}"
        )
        for n in range(199)
    ]
    ReturnCode.history.all().update(history_date=NOW - timedelta(400))
    ReturnCode.history.filter(id=code.pk).update(history_date=NOW + timedelta(1))
    ReturnCode.history.bulk_create(revisions)
    by_code = histories([code, other, quiet])
    assert (by_code[other.pk], by_code[quiet.pk]) == ([], [])
    assert by_code[code.pk][0].revision.history_date == NOW + timedelta(1)
    assert len(histories([other])[other.pk]) == 1


@pytest.mark.django_db
def test_of_two_revisions_of_one_moment_the_later_comes_first():
    code = make.code()
    code.description = "Second."
    code.save()
    code.history.update(history_date=NOW)
    assert [step.title for step in histories([code])[code.pk]] == ["Changed", "Added"]
