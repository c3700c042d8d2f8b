"""Sources are asked from the command line, by a timer."""

import json

import pytest
from django.core.management import CommandError, call_command

from kb.models import Door, WatchedSource
from kb.services.journal import By
from kb.services.watched_sources import save_source
from tests import make
from tests.importing.watched_sources.conftest import site  # noqa: F401
from tests.importing.watched_sources.pages import html, page

pytestmark = pytest.mark.django_db
SHELL = By(None, Door.IMPORT)


@pytest.fixture
def sources(site):  # noqa: F811
    site.answers["/good"] = html(page())
    for slug, path in (("zim-server", "/good"), ("rtc-server", "/gone")):
        values = {"table": make.table(slug), "kind": "url", "address": site.url(path)}
        save_source(WatchedSource(), None, values, SHELL)
    return site


@pytest.fixture
def run(capsys):
    def command(*options):
        with pytest.raises(SystemExit) as ended:
            call_command("fetch_tables", *options)
        return ended.value.code, capsys.readouterr().out

    return command


def test_every_source_that_is_due_is_asked_and_one_that_fails_stops_no_other(run, sources):
    code, out = run()
    assert code == 1
    assert "zim-server: planned. A plan waits: 6 codes would change." in out
    assert "rtc-server: trouble." in out
    assert run() == (0, "No source is due.\n")


def test_one_source_is_asked_now(run, sources):
    assert run("--table", "zim-server")[0] == 0
    code, out = run("--table", "zim-server", "--now", "--json")
    assert (code, json.loads(out)) == (
        0,
        [{"table": "zim-server", "result": "unchanged", "message": "Nothing has changed.", "plan": None}],
    )
    assert len(sources.requests) == 2


def test_a_table_without_a_source_is_named(sources):
    with pytest.raises(CommandError, match="nowhere has no source") as refused:
        call_command("fetch_tables", "--table", "nowhere")
    assert refused.value.returncode == 2
