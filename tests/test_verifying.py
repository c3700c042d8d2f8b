"""Notes that stay true: what asks for another look, and what clears it."""

from datetime import UTC, date, datetime

import pytest

from kb.models import TroubleshootingNote
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 7, 1)
ASKED = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, False),
        ({"verify_since": ASKED}, True),
        ({"review_on": date(2026, 7, 1)}, True),
        ({"review_on": date(2026, 7, 2)}, False),
        ({"verify_since": ASKED, "review_on": date(2026, 6, 1)}, True),
        ({"verify_since": ASKED, "state": "not_validated"}, True),
        ({"verify_since": ASKED, "state": "draft"}, False),
        ({"review_on": date(2026, 6, 1), "state": "archived"}, False),
    ],
)
def test_a_published_note_is_to_verify_when_asked_or_when_its_review_date_has_come(fields, asked):
    note = make.note(**fields)
    assert list(TroubleshootingNote.objects.to_verify(TODAY)) == ([note] if asked else [])
