"""What is internal shows through no door to the public, and through every door to an agent."""

from collections import defaultdict

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import transaction

from kb.queries import tables
from kb.services import tokens
from tests import make
from tests.doors.answers import Visitor, differences, words_around
from tests.doors.table import doors, doors_of_staff, routes_without_door
from tests.doors.world import NOW, WORD, build, plant

pytestmark = pytest.mark.django_db
DOORS, STAFF_DOORS = doors(defaultdict(int)), doors_of_staff(defaultdict(int))
SAME_FOR_ALL = {"list for assistants", "embedded card", "embedded search", "API: schema"}
EXPORTS = ["API: export", "admin: export", "admin: work queue", "admin: statistics"]
API = [door for door in DOORS if door.startswith("API")]
SHOWN = "Room is gone"
"""What a public note says."""


@pytest.fixture(scope="module")
def answers(django_db_setup, django_db_blocker):
    """Return the answers by reader, door and request. "Before" is without the internal rows."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        world, people = build(), readers()
        with transaction.atomic():
            plant(world)
            everywhere, staff = doors(world.ids), doors_of_staff(world.ids)
            found = {"public": people["public"].ask_all(everywhere), "agent": people["agent"].ask_all(everywhere)}
            found |= {"others": people["others"].ask_all(staff), "reviewer": people["reviewer"].ask_all(staff)}
            for name in ("token", "internal token", "detect token"):
                found[name] = people[name].ask_all({door: everywhere[door] for door in API}, most=3)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("django.conf.settings.KB_PUBLIC_READ", False)
                found |= {
                    f"closed, {name}": people[name].ask_all(everywhere, most=2) for name in ("public", "stranger")
                }
            transaction.set_rollback(True)
        tables.clear_counts()
        found["public before"] = people["public"].ask_all(everywhere)
        found["others before"] = people["others"].ask_all(staff)
        transaction.set_rollback(True)
    return found


def readers():
    agent, others = make.user("agent", "agent"), make.user("others", is_staff=True)
    others.user_permissions.set(Permission.objects.exclude(codename="view_internal"))
    secrets = {
        scope: tokens.create(agent, scope, [scope], None)[1] for scope in ("read_public", "read_internal", "detect")
    }
    return {
        "public": Visitor(),
        "stranger": Visitor(make.user("stranger")),
        "agent": Visitor(agent),
        "others": Visitor(others),
        "reviewer": Visitor(make.user("third", is_superuser=True, is_staff=True)),
        "token": Visitor(secret=secrets["read_public"]),
        "internal token": Visitor(secret=secrets["read_internal"]),
        "detect token": Visitor(secret=secrets["detect"]),
    }


def changed(before, after):
    return {one: differences(before[one], after[one]) for one in before if before[one] != after[one]}


@pytest.mark.parametrize("door", DOORS)
def test_the_public_gets_the_same_with_and_without_internal_rows(answers, door):
    assert changed(answers["public before"][door], answers["public"][door]) == {}


@pytest.mark.parametrize("door", EXPORTS)
def test_staff_who_may_not_read_internal_rows_get_the_same_without_them(answers, door):
    assert changed(answers["others before"][door], answers["others"][door]) == {}


@pytest.mark.parametrize(
    ("reader", "door"), [("public", door) for door in DOORS] + [("others", door) for door in STAFF_DOORS]
)
def test_no_internal_word_is_shown(answers, reader, door):
    found = {one: words_around(WORD, answer) for one, answer in answers[reader][door].items() if WORD not in one}
    assert {one: words for one, words in found.items() if words} == {}
    assert {status for status, *_ in answers[reader][door].values()} <= {200, 301, 302, 400, 403, 404, False, True}


@pytest.mark.parametrize("door", [door for door in DOORS if door not in SAME_FOR_ALL])
def test_an_agent_is_shown_what_is_internal(answers, door):
    assert any(words_around(WORD, answer) for answer in answers["agent"][door].values())


@pytest.mark.parametrize("door", SAME_FOR_ALL)
def test_a_door_for_everybody_shows_an_agent_what_is_public(answers, door):
    assert not any(words_around(WORD, answer) for one, answer in answers["agent"][door].items() if WORD not in one)


@pytest.mark.parametrize("door", API)
def test_a_token_reads_what_its_scope_allows(answers, door):
    def texts(reader):
        return {one: (status, text) for one, (status, _, text, _) in answers[reader][door].items()}

    public, internal, detect = texts("token"), texts("internal token"), texts("detect token")
    assert public == {one: texts("public")[one] for one in public}
    assert internal == {one: texts("agent")[one] for one in internal}
    if door == "API: detect":
        assert detect == public
    else:
        assert {status for status, _ in detect.values()} <= {401, 403}


@pytest.mark.parametrize("door", DOORS)
def test_a_closed_site_shows_nobody_anything(answers, door):
    for word in (WORD, SHOWN.lower(), "660300002"):
        shown = {one: words_around(word, answer) for one, answer in answers["closed, public"][door].items()}
        assert {one: words for one, words in shown.items() if words and word not in one} == {}


@pytest.mark.parametrize("door", DOORS)
def test_a_closed_site_shows_a_user_without_a_role_what_is_public(answers, door):
    found = answers["closed, stranger"][door]
    assert not any(words_around(WORD, answer) for one, answer in found.items() if WORD not in one)
    assert {status for status, *_ in found.values()} <= {200, 301, 302, 400, 404, False, True}


def test_every_address_that_shows_rows_is_a_door():
    table = [*DOORS.values(), *STAFF_DOORS.values()]
    assert routes_without_door([one for requests in table for one in requests]) == []
