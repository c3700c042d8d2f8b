"""Counting look-ups: buffered, added together by processes, and never in the way of an answer."""

import os
import subprocess
import sys
import threading
from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection

from kb.models import ApiToken, CodeUse, Miss
from kb.ops import metrics
from kb.services import tokens, usage
from tests import ROOT, make


def lookups(model):
    return sorted(model.objects.values_list("lookups", flat=True))


@pytest.mark.django_db
def test_counts_of_a_day_add_up():
    one, two = make.code("1"), make.code("2")
    for _ in range(3):
        usage.count_codes([one.pk, two.pk])
        assert usage.flush()
    usage.count_codes([one.pk])
    assert CodeUse.objects.get(code=one).lookups == 3, "written at the next flush, not before"
    usage.flush()
    assert lookups(CodeUse) == [3, 4]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("about", "state", "covered"),
    [
        ("code", "validated", 2),
        ("range", "validated", 2),
        ("code", "not_validated", 0),
        ("code", "draft", 0),
        ("range", "archived", 0),
        ("neither", "validated", 0),
    ],
)
def test_a_lookup_is_covered_where_somebody_stands_behind_a_note(about, state, covered):
    code, note = make.code(), make.note(state=state)
    if about == "code":
        note.codes.add(code)
    if about == "range":
        note.ranges.add(make.code_range())
    usage.count_codes([code.pk, code.pk])
    usage.flush()
    assert list(CodeUse.objects.values_list("lookups", "covered")) == [(2, covered)]


@pytest.mark.django_db
def test_a_lookup_stays_as_covered_as_it_was():
    code = make.code()
    usage.count_codes([code.pk])
    usage.flush()
    make.note("Room is gone", code)
    usage.count_codes([code.pk])
    usage.flush()
    assert list(CodeUse.objects.values_list("lookups", "covered")) == [(2, 1)]


@pytest.mark.django_db
def test_writing_counts_costs_the_same_however_many_codes(django_assert_num_queries):
    codes = [make.code(str(n)) for n in range(40)]
    usage.count_codes([code.pk for code in codes])
    with django_assert_num_queries(9):
        usage.flush()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("room  does\nnot exist", "room does not exist"),
        ("x" * 5000, "x" * 64),
        ("nul\x00 here", "nul here"),
        ("half \ud800 pair", "half ? pair"),
        ("mail anna@example.com", "mail ••••••••••••••••"),
        ("my password is Sommer2025", "my password is ••••••••••"),
        ("card 4111 1111 1111 1111", "card •••••••••••••••••••"),
    ],
)
def test_a_miss_keeps_a_short_masked_text(query, kept, agent):
    usage.count_miss(query, agent)
    usage.flush()
    text = Miss.objects.get().text
    assert "anna" not in text
    assert text.replace("•", "") == kept.replace("•", "")


@pytest.mark.django_db
def test_an_empty_miss_is_not_counted(agent):
    usage.count_miss("  \x00 ", agent)
    usage.flush()
    assert not Miss.objects.exists()


@pytest.mark.django_db
def test_what_the_public_asks_in_vain_is_not_kept(settings, stranger):
    settings.KB_PUBLIC_READ = True
    for reader in (None, AnonymousUser(), stranger):
        usage.count_miss("buy this", reader)
    assert usage.flush()
    assert not Miss.objects.exists()


@pytest.mark.django_db
def test_the_count_of_a_code_that_is_gone_is_dropped():
    code = make.code()
    usage.count_codes([code.pk, code.pk + 1000])
    assert usage.flush()
    assert lookups(CodeUse) == [1]


@pytest.mark.django_db
def test_a_failing_database_keeps_the_counts_for_later(agent):
    code = make.code()
    token, _ = tokens.create(agent, "bot", ["read_public"], None)
    other, _ = tokens.create(agent, "another", ["read_public"], None)
    usage.count_codes([code.pk])
    usage.count_miss("nothing", agent)
    usage.count_token(token.pk)

    def fail(execute, sql, params, many, context):
        raise OperationalError("the database is away")

    with connection.execute_wrapper(fail):
        assert not usage.flush()
    assert metrics.BUFFERED._value.get() == 2
    usage.count_codes([code.pk])
    assert metrics.BUFFERED._value.get() == 2
    assert usage.flush()
    assert metrics.BUFFERED._value.get() == 0
    assert (lookups(CodeUse), lookups(Miss)) == ([2], [1])
    assert list(ApiToken.objects.filter(last_used_at=None)) == [other]


@pytest.mark.django_db
def test_a_failing_database_is_logged_without_what_was_asked(caplog, agent):
    usage.count_miss("a very private question", agent)

    def fail(execute, sql, params, many, context):
        raise OperationalError(str(params))

    with connection.execute_wrapper(fail):
        usage.flush()
    assert "kept for later" in caplog.text
    assert "private" not in caplog.text


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(usage, "MAX_BUFFERED", 5)
    usage.count_codes(range(100))
    usage.count_codes([0])
    assert len(usage._codes) == 5
    assert max(usage._codes.values()) == 2


def test_a_count_that_memory_has_no_room_for_is_dropped_and_the_others_stay(monkeypatch):
    monkeypatch.setattr(usage, "MAX_BUFFERED", 2)
    usage.count_codes([1, 2, 3, 1])
    assert {code: n for (code, _), n in usage._codes.items()} == {1: 2, 2: 1}


@pytest.mark.django_db
def test_counts_of_an_answer_are_repeated_when_it_is_sent_again(agent):
    code = make.code()
    usage.count_codes([code.pk])
    with usage.record_counts() as records:
        usage.count_codes([code.pk])
        usage.count_miss("nothing", agent)
    usage.count_codes([code.pk])
    usage.repeat_counts(records)
    assert usage.flush()
    assert (lookups(CodeUse), lookups(Miss)) == ([4], [2])


@pytest.mark.django_db
@pytest.mark.parametrize("lead", [0, 50, 56])
def test_a_miss_is_masked_before_it_is_cut(agent, lead):
    # The cut would halve an address that begins at 60, and a half would not be masked.
    usage.count_miss("x " * (lead // 2) + "anna@example.com", agent)
    usage.flush()
    text = Miss.objects.get().text
    assert "anna" not in text
    assert len(text) <= 64


@pytest.mark.django_db
def test_days_are_counted_apart(agent, time_machine):
    code = make.code()
    for day in ("2026-07-01", "2026-07-01", "2026-07-02"):
        time_machine.move_to(f"{day}T12:00Z", tick=False)
        usage.count_codes([code.pk])
    usage.flush()
    assert sorted(CodeUse.objects.values_list("day", "lookups")) == [(date(2026, 7, 1), 2), (date(2026, 7, 2), 1)]


def test_without_an_interval_no_thread_writes(settings, monkeypatch):
    settings.KB_USAGE_FLUSH_SECONDS = 0
    monkeypatch.setattr(usage, "_writer", None)
    usage.count_codes([1])
    usage.count_token(1)
    assert usage._writer is None


def test_a_thread_that_runs_is_not_started_again(settings, monkeypatch):
    settings.KB_USAGE_FLUSH_SECONDS = 1
    go, started = threading.Event(), []
    monkeypatch.setattr(usage, "_writer", None)
    monkeypatch.setattr(usage, "_run", lambda: started.append(1) or go.wait(30))
    usage.count_codes([1])
    first = usage._writer
    usage.count_codes([1])
    assert usage._writer is first
    go.set()
    first.join(5)
    assert started == [1]


def test_a_thread_that_died_is_started_again(settings, monkeypatch):
    settings.KB_USAGE_FLUSH_SECONDS = 1
    ran = threading.Semaphore(0)
    monkeypatch.setattr(usage, "_writer", None)
    monkeypatch.setattr(usage, "_run", ran.release)
    for _ in range(2):
        usage.count_codes([1])
        assert ran.acquire(timeout=5)
        usage._writer.join(5)


def test_the_thread_writes_until_the_process_ends(settings, monkeypatch):
    settings.KB_USAGE_FLUSH_SECONDS = 5
    waits, done = iter([False, False, True]), []
    monkeypatch.setattr(usage._stop, "wait", lambda seconds: done.append(seconds) or next(waits))
    monkeypatch.setattr(usage, "flush", lambda: done.append("written"))
    monkeypatch.setattr(usage.connection, "close", lambda: None)
    usage._run()
    assert done == [5, "written", 5, "written", 5]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_several_processes_add_together():
    code = make.code()
    make.user("agent", "agent")
    script = (
        "import os; from django.conf import settings; import django; django.setup(); "
        "settings.DATABASES['default']['NAME'] = os.environ['TEST_NAME']\n"
        "from kb.services import usage; from django.contrib.auth import get_user_model\n"
        "agent = get_user_model().objects.get()\n"
        "for _ in range(20):\n"
        f"    usage.count_codes([{code.pk}]); usage.count_miss('nothing', agent); assert usage.flush()\n"
    )

    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_NAME": str(connection.settings_dict["NAME"]),
    }
    command = [sys.executable, "-c", script]
    running = [subprocess.Popen(command, cwd=ROOT, env=environment) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert (lookups(CodeUse), lookups(Miss)) == ([60], [60])
