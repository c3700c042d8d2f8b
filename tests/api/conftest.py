"""Fixtures of the API's tests."""

from datetime import UTC, datetime

import pytest

from kb.api.framework import generation, http_cache, response_cache
from kb.models.visibility import Reader
from kb.services import tokens
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


@pytest.fixture
def caching(transactional_db, settings):
    """The caches are on and empty."""
    settings.KB_API_CACHE_MEGABYTES = 1
    forget()
    yield settings
    forget()


@pytest.fixture
def look_anew(monkeypatch):
    """A process that looks at the knowledge base for the first time; a call begins another one."""

    def begin():
        monkeypatch.setattr(http_cache, "_latest", (None, 0, ""))
        http_cache.last_modified(generation.generation(), Reader.PUBLIC)

    return begin


def forget():
    """Empty every cache of a process."""
    generation._generations.clear()
    response_cache.responses.clear()
    tokens._cache.clear()
