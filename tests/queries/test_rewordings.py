"""What vendors reworded below a note since another look was requested."""

from datetime import UTC, datetime, timedelta

import pytest

from kb.models import ImportRow, TableImport
from kb.queries.rewordings import rewordings_of
from tests import make

pytestmark = pytest.mark.django_db
ASKED = datetime(2026, 6, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def reworded(code, at=ASKED, state="applied", kind="changed", now="After."):
    done = TableImport.objects.create(table=code.table, state=state, applied_at=at)
    before = {"vendor_description": "Before.", "vendor_symbol": "SAME"}
    return ImportRow.objects.create(
        table_import=done, kind=kind, return_code=code, description=now, symbol="SAME", before=before
    )


@pytest.mark.parametrize(
    ("fields", "is_listed"),
    [
        ({}, True),
        ({"at": ASKED - TICK}, False),
        ({"state": "rolled_back"}, False),
        ({"state": "planned"}, False),
        ({"kind": "conflict"}, True),
        ({"kind": "error"}, False),
        ({"now": "Before."}, False),
    ],
)
def test_a_rewording_counts_if_its_import_was_applied_since_the_request(fields, is_listed):
    code = make.code()
    reworded(code, **fields)
    note = make.note("About it", code, verify_since=ASKED)
    listed = [(code, [("Description", "Before.", "After.")])] if is_listed else []
    assert [tuple(one) for one in rewordings_of(note)] == listed


def test_a_note_that_needs_no_look_has_no_rewordings():
    code = make.code()
    reworded(code)
    assert rewordings_of(make.note("About it", code)) == []


def test_only_codes_of_the_note_count_in_the_order_of_their_imports():
    codes = [make.code(str(n)) for n in range(3)]
    for code in (codes[2], codes[0], codes[1]):
        reworded(code)
    note = make.note("About two", codes[1], codes[2], verify_since=ASKED)
    assert [one.code for one in rewordings_of(note)] == [codes[2], codes[1]]


def test_twenty_rewordings_are_shown():
    code = make.code()
    for _ in range(21):
        reworded(code)
    assert len(rewordings_of(make.note("About it", code, verify_since=ASKED))) == 20
