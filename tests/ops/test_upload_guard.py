"""Uploads are stored only for people who may import, up to the size of an import."""

from types import SimpleNamespace

import pytest
from django.core.files.uploadhandler import SkipFile, StopFutureHandlers

from kb.ops.uploads import Guard

LIMIT = 1000
IMPORTER = SimpleNamespace(has_perm=lambda permission: permission == "kb.import_table")
OTHER = SimpleNamespace(has_perm=lambda permission: permission != "kb.import_table")


@pytest.fixture
def guard(settings):
    settings.KB_IMPORT_MAX_BYTES = LIMIT

    def begin(user, size):
        guard = Guard(SimpleNamespace(user=user) if user else SimpleNamespace())
        guard.handle_raw_input(None, {}, size)
        return guard

    return begin


def start_file(guard):
    guard.new_file("file", "codes.csv", "text/csv", 0, None, {})


@pytest.mark.parametrize("user", [None, OTHER])
@pytest.mark.parametrize("size", [1, LIMIT, LIMIT + 1])
def test_a_file_of_somebody_who_may_not_import_is_skipped(guard, user, size):
    with pytest.raises(SkipFile):
        start_file(guard(user, size))


@pytest.mark.parametrize("size", [1, LIMIT])
def test_a_file_up_to_the_limit_passes_to_the_next_handler(guard, size):
    here = guard(IMPORTER, size)
    start_file(here)
    assert here.receive_data_chunk(b"words", 0) == b"words"
    assert here.file_complete(5) is None


def test_a_file_beyond_the_limit_is_known_by_its_size_alone(guard):
    here = guard(IMPORTER, LIMIT + 1)
    with pytest.raises(StopFutureHandlers):
        start_file(here)
    assert here.receive_data_chunk(b"words", 0) is None
    file = here.file_complete(5)
    assert (file.size, file.name, file.content_type, file.read()) == (LIMIT + 1, "codes.csv", "text/csv", b"")
