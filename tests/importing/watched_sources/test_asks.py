"""Sources that are asked: what becomes a plan, what is nothing new, and what somebody has to look at."""

import io
import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.utils import timezone

from kb.importing import uploads
from kb.importing.applying.decisions import discard
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import
from kb.importing.reading.sources import open_source
from kb.importing.watched_sources import asks
from kb.importing.watched_sources.asks import ask, due_sources
from kb.models import Door, TableImport, Upload, WatchedSource
from kb.queries import work_queue
from kb.services.journal import By
from kb.services.watched_sources import CLAIM, claim, save_source
from tests import make
from tests.importing.watched_sources import pages
from tests.importing.watched_sources.pages import CODES, MENDED, NEW, html, page

pytestmark = pytest.mark.django_db
SHELL = By(None, Door.IMPORT)


def watch(of, url, **values):
    values = {"table": of, "kind": "url", "address": url} | values
    return save_source(WatchedSource(), None, values, SHELL)


def now(source, **options):
    """Ask, whenever the source is due."""
    return ask(source, SHELL, **options)


@pytest.fixture
def source(site, settings):
    """A source whose table is what its page says."""
    settings.KB_FETCH_MAX_BYTES = 2 * 2**20
    site.answers["/errors"] = html(page())
    source = watch(make.table(), site.url("/errors"))
    apply_import(now(source).plan, SHELL)
    site.answers["/moved"] = html(page())
    return source


def waiting():
    return TableImport.objects.filter(state="planned")


def state(source):
    source.refresh_from_db()
    return source


def test_a_first_answer_is_a_plan_that_waits(site):
    site.answers["/errors"] = html(page())
    source = watch(make.table(), site.url("/errors"))
    answer = now(source)
    assert (answer.kind, answer.plan.counts["new"], answer.plan.complete) == ("planned", 6, True)
    assert not source.table.codes.exists()
    assert state(source).plan == waiting().get()


def test_a_first_answer_that_the_table_has_already_leaves_nothing_that_waits(site, source):
    source.delete()
    again = watch(source.table, site.url("/errors"))
    assert (now(again).kind, state(again).plan.is_planned) == ("unchanged", False)
    assert not waiting().exists()
    assert work_queue.plans(make.user("i", "importer")) == []


@pytest.mark.parametrize("name", pages.UNCHANGED)
def test_what_changes_around_the_table_makes_no_plan(site, source, name):
    site.answers["/errors"] = pages.UNCHANGED[name]
    assert now(source).kind == "unchanged"
    assert now(source).kind == "unchanged"
    assert not waiting().exists()
    assert state(source).problem == ""


@pytest.mark.parametrize("name", pages.PLANNED)
def test_what_changes_in_the_table_is_planned_once(site, source, name):
    site.answers["/errors"], counts = pages.PLANNED[name]
    answer = now(source)
    assert {kind: n for kind, n in answer.plan.counts.items() if kind in counts} == counts
    assert answer.plan.count() == sum(counts.values())
    assert now(source).kind == "unchanged"
    assert waiting().count() == 1


@pytest.mark.parametrize("name", pages.TROUBLED)
def test_what_is_not_the_table_is_a_problem_and_no_plan(site, source, name):
    site.answers["/errors"], words = pages.TROUBLED[name]
    # The page has changed entirely: its server knows no validator any more.
    WatchedSource.objects.update(etag="", last_modified="")
    for _ in range(3):
        answer = now(source)
        assert (answer.kind, answer.plan) == ("trouble", None)
        assert words in answer.message
    assert not waiting().exists()
    assert state(source).failures == 3
    # However often it is asked, there is one task, and it ends by itself.
    assert [row.subject for row in work_queue.sources(make.user("reader", "importer"))] == [source]
    site.answers["/errors"] = html(page(before="back"))
    assert now(source).kind == "unchanged"
    assert (state(source).failures, source.problem, source.problem_since) == (0, "", None)


def test_a_failure_that_may_end_by_itself_is_a_task_only_after_some(site, source):
    site.answers["/errors"] = (503, {}, b"")
    seen = []
    for _ in range(3):
        now(source)
        seen.append(state(source).needs_attention)
    assert seen == [False, False, True]


def test_a_slow_drip_ends_in_time(site, source, settings):
    settings.KB_FETCH_SECONDS = 1

    def drip(request):
        request.send_response_only(200)
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b" ")
            request.wfile.flush()
            threading.Event().wait(0.05)

    site.answers["/errors"] = drip
    started = timezone.now()
    assert "in time" in now(source).message
    assert timezone.now() - started < timedelta(seconds=3)


def test_headers_that_drip_end_in_time(site, source, settings):
    settings.KB_FETCH_SECONDS = 1

    def drip(request):
        for number in range(100):
            request.wfile.write(b"HTTP/1.1 200 OK\r\n" if not number else b"X")
            request.wfile.flush()
            threading.Event().wait(0.05)

    site.answers["/errors"] = drip
    started = timezone.now()
    assert "in time" in now(source).message
    assert timezone.now() - started < timedelta(seconds=3)


def test_an_old_plan_is_replaced_by_a_newer_one(site, source):
    site.answers["/errors"] = html(page(NEW))
    first = now(source).plan
    site.answers["/errors"] = html(page(NEW | MENDED | {"107": NEW["107"]}))
    second = now(source).plan
    assert [*waiting()] == [second]
    first.refresh_from_db()
    assert first.state == "discarded"


def test_a_page_that_takes_its_change_back_leaves_no_plan(site, source):
    site.answers["/errors"] = html(page(NEW))
    now(source)
    site.answers["/errors"] = html(page())
    assert now(source).kind == "unchanged"
    assert not waiting().exists()


def test_what_somebody_discarded_is_not_planned_again(site, source):
    site.answers["/errors"] = html(page(NEW))
    discard(now(source).plan, SHELL)
    site.answers["/errors"] = html(page(NEW, after=pages.DRIFT))
    assert now(source).kind == "unchanged"
    assert not waiting().exists()
    assert now(source, anew=True).kind == "planned"


def test_somebody_may_plan_what_lost_its_shape(site, source):
    site.answers["/errors"] = html(page(pages.FEW))
    assert now(source).kind == "trouble"
    plan = now(source, anew=True).plan
    assert plan.counts["retired"] == 4
    assert state(source).needs_attention is False


def test_validators_are_sent_back_to_the_address_that_gave_them(site, source):
    site.answers["/errors"] = html(page(), ETag='"a"', Last_Modified="Mon, 02 Nov 2026 10:00:00 GMT")
    now(source)
    now(source)
    headers = site.requests[-1][1]
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == ('"a"', "Mon, 02 Nov 2026 10:00:00 GMT")
    assert not {"Cookie", "Authorization"} & {*headers}
    # The other address has never given one.
    site.answers["/errors"] = (301, {"Location": "/moved"}, b"")
    now(source)
    assert "If-None-Match" not in site.requests[-1][1]


def test_trouble_with_the_content_is_read_again_in_full(site, source):
    site.answers["/errors"] = html(page(pages.FEW), ETag='"few"')
    now(source)
    assert state(source).validators == {}
    now(source)
    assert "If-None-Match" not in site.requests[-1][1]


def test_waits_grow_with_failures_and_end_with_the_first_good_answer(site, source):
    site.answers["/errors"] = (404, {}, b"")
    waits = []
    for _ in range(7):
        now(source)
        waits.append(round((state(source).due_at - source.asked_at).total_seconds() / 3600))
    assert waits == [1, 2, 4, 8, 16, 24, 24]
    site.answers["/errors"] = html(page())
    now(source)
    assert round((state(source).due_at - source.asked_at).total_seconds() / 3600) == 24


def test_a_server_says_when_to_come_back(site, source):
    site.answers["/errors"] = (429, {"Retry-After": "172800"}, b"")
    now(source)
    assert (state(source).due_at - source.asked_at).days == 2


def test_a_source_is_asked_when_it_is_due(site, source):
    assert [*due_sources()] == []
    assert ask(source, SHELL, is_due_only=True).kind == "busy"
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert [*due_sources()] == [source]
        WatchedSource.objects.update(is_enabled=False)
        assert [*due_sources()] == []


def test_two_processes_do_not_ask_at_once_and_a_killed_one_does_not_block(source):
    assert claim(source.pk, SHELL)
    assert claim(source.pk, SHELL) is None
    assert ask(source, SHELL).kind == "busy"
    with time_machine.travel(timezone.now() + CLAIM + timedelta(seconds=1), tick=False):
        assert ask(source, SHELL).kind == "unchanged"


@pytest.mark.django_db(transaction=True)
def test_two_timers_at_once_fetch_once(site):
    site.answers["/errors"] = html(page())
    source = watch(make.table(), site.url("/errors"))
    kinds = []

    def timer():
        try:
            kinds.append(ask(source, SHELL, is_due_only=True).kind)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=timer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kinds) == ["busy", "busy", "busy", "planned"]
    assert len(site.requests) == 1
    connection.ensure_connection()


def test_a_source_that_was_changed_meanwhile_keeps_nothing_of_its_old_place(site, source):
    site.answers["/other"] = html(page(NEW))

    def change(request):
        save_source(source, state(source).version, {"address": site.url("/other")}, SHELL)
        return html(page(MENDED))

    claimed = claim(source.pk, SHELL)
    save_source(source, claimed.version, {"address": site.url("/other")}, SHELL)
    assert asks._Ask(claimed, SHELL, False).answer().kind == "unchanged"
    assert (state(source).sha256, source.claimed_until) == ("", None)
    assert now(source).kind == "planned"


def test_an_error_of_our_own_is_told_and_ends_the_claim(site, source, monkeypatch):
    def fail(*args):
        raise KeyError("x")

    monkeypatch.setattr(asks.content, "sha256_of", fail)
    assert "KeyError" in now(source).message
    assert state(source).claimed_until is None


def test_a_new_format_that_somebody_has_imported_by_hand_is_the_tables_own(site, source):
    site.answers["/errors"] = (200, {"Content-Type": "text/markdown"}, pages.markdown(NEW))
    assert now(source).kind == "trouble"
    by_hand = open_source(io.BytesIO(pages.markdown(NEW)), "errors.md")
    apply_import(plan_import(source.table, by_hand, SHELL), SHELL)
    assert now(source).kind == "unchanged"
    assert state(source).format == "markdown"


def test_an_address_may_have_other_letters(site):
    site.answers["/%E6%96%87%E6%A1%A3?q=%E7%A0%81"] = (301, {"Location": "/错误码".encode().decode("latin-1")}, b"")
    site.answers["/%E9%94%99%E8%AF%AF%E7%A0%81"] = html(page())
    assert now(watch(make.table(), site.url("/文档?q=码"))).kind == "planned"


def test_a_file_that_somebody_has_to_look_at_is_stored_once_and_planned_from_there(site, source):
    site.answers["/errors"] = html(page(pages.FEW))
    now(source)
    upload = state(source).upload
    now(source)
    assert [*Upload.objects.all()] == [upload] == [state(source).upload]
    site.answers["/errors"] = html(page(pages.FEW, before="<nav>Start</nav>"))
    now(source)
    assert [*Upload.objects.all()] == [state(source).upload]
    assert source.upload != upload
    apply_import(uploads.plan(source.upload, SHELL), SHELL, yes_retire=True)
    # The table is what its source says: the task ends.
    assert now(source).kind == "unchanged"
    assert (state(source).problem, waiting().count(), Upload.objects.count()) == ("", 0, 0)


def test_a_plan_has_its_file(site, source):
    site.answers["/errors"] = html(page(NEW))
    plan = now(source).plan
    assert (plan.upload.file_name, plan.upload.table, plan.upload.complete) == ("errors.html", source.table, True)
    discard(plan, SHELL)
    assert not Upload.objects.exists()


def test_codes_are_those_of_the_page(source):
    assert [code.code for code in source.table.codes.in_vendor_order()] == [*CODES]
