"""Fixtures of the API's tests."""

from datetime import UTC, datetime

import pytest

from tests import make

LAST_YEAR = datetime(2025, 3, 5, tzinfo=UTC)


@pytest.fixture
def hidden():
    """One internal row by endpoint; the database also has public ones."""
    visible, table = make.code("1"), make.table("secret", vendor="Hushware", audience="internal")
    code = make.code("660300001", table, "Hushed", description="hush")
    make.note("Public", visible)
    make.incident("Public", visible)
    return {
        "tables": table.slug,
        "codes": code.pk,
        "notes": make.note("Hush", visible, code, audience="internal").pk,
        "incidents": make.incident("Hush", visible, code, audience="internal").pk,
    }
