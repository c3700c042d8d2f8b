"""What is internal shows through no door to the public, and through every door to an agent."""

import pytest
import time_machine
from django.db import transaction

from kb.queries import tables
from kb.services import tokens
from tests import make
from tests.doors.answers import Visitor, differences
from tests.doors.table import doors, routes_without_door
from tests.doors.world import NOW, WORD, build, plant

pytestmark = pytest.mark.django_db
ALWAYS_PUBLIC = {"list for assistants", "embedded card", "embedded search", "API: schema"}
"""Doors that show the same to everybody."""

DOORS = doors(dict.fromkeys(
    ("live", "reborn", "archived", "internal", "of_code", "of_range", "written", "room", "bare", "retired", "stream",
     "same", "only", "gone", "down", "past", "withdrawn", "elsewhere", "saved"), 0))  # fmt: skip


@pytest.fixture(scope="module")
def answers(django_db_setup, django_db_blocker):
    """Return the answers by reader and door: of the public with and without what is internal, and of others."""
    with django_db_blocker.unblock(), transaction.atomic(), time_machine.travel(NOW, tick=False):
        world = build()
        import time
        agent = make.user("agent", "agent")
        with transaction.atomic():
            plant(world)
            table = doors(world.ids)
            t=time.perf_counter()
            inside = ask_all(Visitor(), table)
            print(time.perf_counter()-t)
            agents = ask_all(Visitor(agent), table)
            print(time.perf_counter()-t)
            transaction.set_rollback(True)
        tables.clear_counts()
        without = ask_all(Visitor(), table)
        transaction.set_rollback(True)
    return {"inside": inside, "without": without, "agent": agents}


def ask_all(visitor, table):
    return {door: {str(one): visitor.ask(one) for one in requests} for door, requests in table.items()}


@pytest.mark.parametrize("door", DOORS)
def test_the_public_gets_the_same_with_and_without_internal_rows(answers, door):
    inside, without = answers["inside"][door], answers["without"][door]
    assert {one: differences(without[one], inside[one]) for one in inside if inside[one] != without[one]} == {}


@pytest.mark.parametrize("door", DOORS)
def test_no_internal_word_is_shown_to_the_public(answers, door):
    shown = {one: words_around(answer) for one, answer in answers["inside"][door].items() if WORD not in one}
    assert {one: words for one, words in shown.items() if words} == {}
    assert {status for status, *_ in answers["inside"][door].values()} <= {200, 301, 302, 400, 404, False, True}


def words_around(answer):
    _, headers, text, _ = answer
    at = f"{headers}{text}".lower().find(WORD)
    return f"{headers}{text}"[max(at - 80, 0) : at + 80] if at >= 0 else ""


@pytest.mark.parametrize("door", sorted(DOORS.keys() - ALWAYS_PUBLIC))
def test_an_agent_is_shown_what_is_internal(answers, door):
    silent = [one for one, answer in answers["agent"][door].items() if not words_around(answer)]
    print(door, silent)
    assert len(silent) < len(answers["agent"][door])


def test_every_address_that_shows_rows_is_a_door(answers):
    asked = [one for requests in answers["inside"].values() for one in requests]
    assert routes_without_door(asked) == []
