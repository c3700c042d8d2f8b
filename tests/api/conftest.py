"""What the API's tests share."""

from datetime import UTC, datetime

import pytest

from tests import make

LAST_YEAR = datetime(2025, 3, 5, tzinfo=UTC)


@pytest.fixture
def hidden():
    """One of each thing that the public may not see, by endpoint, beside things that it may."""
    shown, table = make.code("1"), make.table("secret", vendor="Hushware", audience="internal")
    code = make.code("660300001", table, "Hushed", description="hush")
    make.note("Public", shown)
    make.incident("Public", shown)
    return {
        "tables": table.slug,
        "codes": code.pk,
        "notes": make.note("Hush", shown, code, audience="internal").pk,
        "incidents": make.incident("Hush", shown, code, audience="internal").pk,
    }
