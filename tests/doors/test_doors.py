"""What is internal shows through no door to the public, and through every door to an agent.

A door asks a world in which the internal row is always the better answer. If a test is red, its name says which door
shows too much or too little, and its message says which request.
"""

from collections import defaultdict

import pytest

from tests.doors.answers import differences, words_around
from tests.doors.table import doors, doors_of_staff, routes_without_door
from tests.doors.world import STAFF, WORD

pytestmark = pytest.mark.xdist_group("doors")
DOORS, STAFF_DOORS = doors(defaultdict(int)), doors_of_staff(defaultdict(int))
# They ignore who has logged in.
IN_FRAMES = {"list for assistants", "embedded card", "embedded search", "oEmbed"}
SAME_FOR_ALL = IN_FRAMES | {"API: schema"}
API = [door for door in DOORS if door.startswith("API")]
# People who edit in the admin see who edited what, and queries to choose from; these do not.
LEVEL_DOORS = ["API: export", "admin: export", "admin: work queue", "admin: statistics", "card for staff"]
SHOWN = ("room is gone", "660300002", "user not in room", "rooms fail", "zim-server", "does not exist", "lic/660300001")
SHOWN += ("zegocloud zim",)
"""What public rows say."""


def shown(answers, *words):
    """Return the answers with one of these words in them, without requests that say it themselves."""
    parts = {
        (one, word): words_around(word, answer) for one, answer in answers.items() for word in words if word not in one
    }
    return {one: part for one, part in parts.items() if part}


def statuses(answers):
    return {status for status, *_ in answers.values()}


@pytest.mark.parametrize("door", DOORS)
def test_the_public_gets_the_same_with_and_without_internal_rows(site, door):
    answers = site.ask("public", door)
    before = site.before["public"][door]
    assert {one: differences(before[one], answers[one]) for one in before if before[one] != answers[one]} == {}
    assert shown(answers, WORD, STAFF) == {}
    assert shown(answers, *SHOWN)
    assert statuses(answers) <= {200, 301, 302, 400, 404, 410, False, True}


@pytest.mark.parametrize("door", STAFF_DOORS)
def test_staff_without_the_right_to_read_internal_rows_are_shown_none(site, door):
    answers = site.ask("others", door)
    assert shown(answers, WORD) == {}
    assert statuses(answers) <= {200, 301, 302, 400, 403, 404}
    if door in LEVEL_DOORS:
        assert answers == site.before["others"][door]


@pytest.mark.parametrize("door", [door for door in DOORS if door not in SAME_FOR_ALL])
def test_an_agent_is_shown_what_is_internal(site, door):
    assert shown(site.ask("agent", door, most=4), WORD)


@pytest.mark.parametrize("door", sorted(SAME_FOR_ALL))
def test_a_door_for_everybody_shows_an_agent_what_is_public(site, door):
    assert shown(site.ask("agent", door), WORD) == {}


@pytest.mark.parametrize("door", API)
def test_a_token_reads_what_its_scope_allows(site, door):
    def texts(name):
        return {one: (status, text) for one, (status, _, text, _) in site.ask(name, door, most=1).items()}

    assert texts("read_public") == texts("public")
    assert texts("read_internal") == texts("agent")
    detection = texts("detect")
    if door == "API: detect":
        assert detection == texts("public")
    elif door not in SAME_FOR_ALL:
        assert {status for status, _ in detection.values()} == {403}


@pytest.mark.parametrize("door", DOORS)
def test_a_closed_site_shows_nobody_anything(site, door, settings):
    settings.KB_PUBLIC_READ = False
    assert shown(site.ask("public", door, most=1), WORD, STAFF, *SHOWN[:5]) == {}


@pytest.mark.parametrize("door", DOORS)
def test_a_closed_site_shows_a_user_without_a_role_what_is_public(site, door, settings):
    settings.KB_PUBLIC_READ = False
    answers = site.ask("stranger", door, most=1)
    assert shown(answers, WORD, STAFF) == {}
    assert bool(shown(answers, *SHOWN)) == (door not in IN_FRAMES)
    frames = {401} if door in {*IN_FRAMES, "oEmbed"} else set()
    assert statuses(answers) <= {200, 301, 302, 400, 404, 410, False, True} | frames


def test_every_address_that_shows_rows_is_a_door():
    table = [*DOORS.values(), *STAFF_DOORS.values()]
    assert routes_without_door([one for requests in table for one in requests]) == []
