"""What an answer leaves out: rows that its reader may not read, and items beyond the limit of a list."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from kb.answers import build
from kb.api.framework import totals
from kb.api.resources import references
from kb.models import ReturnCode
from kb.queries import verdict_json
from tests import make

pytestmark = pytest.mark.django_db


def get(client, address):
    return client.get(f"/api/v1/{address}").json()


def codes(client, query):
    return [row["code"] for row in get(client, f"codes/?{query}")["results"]]


def look_up(client, code):
    body = json.dumps({"codes": [code]})
    return client.post("/api/v1/lookup/", body, content_type="application/json").json()["verdicts"][0]


def test_a_filter_by_an_internal_note_or_incident_finds_nothing_for_the_public(client, hidden, agent):
    addresses = [f"note={hidden['notes']}", f"incident={hidden['incidents']}"]
    assert [codes(client, address) for address in addresses] == [[], []]
    client.force_login(agent)
    assert [codes(client, address) for address in addresses] == [["1", "660300001"]] * 2


def test_a_filter_keeps_the_codes_of_each_of_its_notes_and_incidents(client):
    first, second, _ = (make.code(number) for number in "123")
    notes = [make.note("One", first), make.note("Two", second)]
    incidents = [make.incident("One", first), make.incident("Two", second)]
    for name, rows in (("note", notes), ("incident", incidents)):
        assert codes(client, f"{name}={rows[0].pk}") == ["1"]
        assert codes(client, f"{name}={rows[0].pk}&{name}={rows[1].pk}") == ["1", "2"]


def test_a_verdict_is_internal_if_any_of_its_parts_is(client, agent):
    table, secret = make.table(), make.table("secret", audience="internal")
    make.code("1", table)
    make.code("2", table)
    make.code("2", secret)
    make.code_range("Open", 100, 199, of=table)
    make.code_range("Hush", 150, 199, of=secret)
    client.force_login(agent)
    audiences = {code: look_up(client, code)["audience"] for code in ("1", "2", "120", "160", "nothing")}
    assert audiences == {"1": "public", "2": "internal", "120": "public", "160": "internal", "nothing": "public"}
    assert [one["name"] for one in look_up(client, "160")["ranges"]] == ["Hush", "Open"]
    client.logout()
    assert [one["name"] for one in look_up(client, "160")["ranges"]] == ["Open"]


@pytest.mark.parametrize("count", [2, 3])
def test_a_verdict_lists_as_many_meanings_as_allowed(client, monkeypatch, count):
    assert (verdict_json.MAX_MEANINGS, build.MAX_ITEMS) == (20, 20)
    monkeypatch.setattr(verdict_json, "MAX_MEANINGS", 2)
    monkeypatch.setattr(build, "MAX_ITEMS", 2)
    for n in range(count):
        make.code("7", make.table(f"table-{n}"))
        make.incident(f"Incident {n}", ReturnCode.objects.first())
    verdict = look_up(client, "7")
    assert (len(verdict["meanings"]), verdict["truncated"]) == (2, count == 3)
    (meaning,) = [one for one in verdict["meanings"] if one["open_incidents"]]
    assert len(meaning["open_incidents"]) == 2
    assert meaning["truncated"] == (["open_incidents"] if count == 3 else [])


@pytest.mark.parametrize("count", [2, 3])
def test_a_list_within_an_answer_says_that_it_is_cut(client, monkeypatch, count):
    assert (references.MAX_RELATED, build.MAX_ITEMS, totals.MAX_VALUES) == (100, 20, 100)
    monkeypatch.setattr(references, "MAX_RELATED", 2)
    monkeypatch.setattr(build, "MAX_ITEMS", 2)
    monkeypatch.setattr(totals, "MAX_VALUES", 2)
    rows = [make.code(str(n), in_section=f"Part {n}") for n in range(count)]
    ranges = [make.code_range(f"Range {n}", 0, 100 + n) for n in range(count)]
    note = make.note("About all", *rows)
    note.ranges.set(ranges)
    incident = make.incident("All are down", *rows)
    for n in range(count - 1):
        make.note(f"Note {n}", rows[0])
    for n in range(count):
        make.incident(f"Over {n}", rows[0], state="resolved")
        if n:
            make.incident(f"Down {n}", rows[0])
    is_cut = count == 3
    answer = get(client, f"notes/{note.pk}/")
    assert [len(answer["codes"]), len(answer["ranges"]), answer["truncated"]] == [2, 2, ["codes", "ranges"] * is_cut]
    answer = get(client, f"incidents/{incident.pk}/")
    assert [len(answer["codes"]), answer["truncated"]] == [2, ["codes"] * is_cut]
    answer = get(client, f"codes/{rows[0].pk}/?include=notes,incidents,ranges")
    lists = ["open_incidents", "notes", "past_incidents", "ranges"]
    assert ([len(answer[name]) for name in lists], answer["truncated"]) == ([2] * 4, lists * is_cut)
    facet = get(client, "codes/?facets=section")["facets"]["section"]
    assert (len(facet["values"]), facet["truncated"]) == (2, is_cut)


def test_a_facet_has_the_most_frequent_values_first_and_equal_ones_by_name(client):
    for code, section in [("1", "b"), ("2", "b"), ("3", "c"), ("4", "a")]:
        make.code(code, in_section=section)
    values = get(client, "codes/?facets=section")["facets"]["section"]["values"]
    assert values == [{"value": name, "count": count} for name, count in (("b", 2), ("a", 1), ("c", 1))]


@pytest.mark.parametrize(("limit", "more"), [(1, True), (2, True), (3, False), (4, False)])
def test_a_search_says_whether_there_is_more_than_its_limit(client, limit, more):
    for n in range(3):
        make.code(f"X{n}", description="Lobby is closed.")
    answer = get(client, f"search/?q=lobby&limit={limit}")
    assert (len(answer["results"]), answer["more"]) == (min(3, limit), more)


def test_a_search_for_a_code_in_many_tables_is_cut_at_its_limit(client):
    for n in range(3):
        make.code("7", make.table(f"table-{n}"))
    sizes = {limit: get(client, f"search/?q=7&limit={limit}") for limit in (2, 3)}
    assert {limit: (len(answer["results"]), answer["more"]) for limit, answer in sizes.items()} == {
        2: (2, True),
        3: (3, False),
    }


def test_a_review_is_due_from_its_day_on(client, agent):
    client.force_login(agent)
    today = timezone.localdate()
    ids = {n: make.note(f"Note {n}", review_on=today + timedelta(days=n)).pk for n in (-1, 0, 1)}
    never = make.note("Never").pk
    due = {row["id"] for row in get(client, "notes/?due=true")["results"]}
    assert due == {ids[-1], ids[0]}
    assert {row["id"] for row in get(client, "notes/?due=false")["results"]} == {ids[1], never}


BORDERS = [
    ("review_on__after", "2026-03-05", ["5", "6"]),
    ("review_on__before", "2026-03-05", ["4"]),
    ("validated_at__after", "2026-03-05T00:00:00Z", ["5", "6"]),
    ("validated_at__before", "2026-03-05T00:00:00Z", ["4"]),
    ("version__gte", "5", ["5", "6"]),
    ("version__lte", "5", ["4", "5"]),
    ("version__in", "4,6", ["4", "6"]),
    ("version", "5", ["5"]),
]


def test_filters_meet_their_border_exactly(client, agent):
    client.force_login(agent)
    for n in (4, 5, 6):
        make.note(str(n), review_on=f"2026-03-0{n}", validated_at=f"2026-03-0{n}T00:00:00Z", version=n)
    for name, value, titles in BORDERS:
        rows = get(client, f"notes/?ordering=id&{name}={value}")["results"]
        assert [row["title"] for row in rows] == titles, name
    # The last one is no number, though its key lies between those of numbers.
    for number in ("4", "5", "6", "4a"):
        make.code(number)
    borders = [
        ("number_min=5", ["5", "6"]),
        ("number_max=5", ["4", "5"]),
        ("number__gte=5", ["5", "6"]),
        ("number__lte=5", ["4", "5"]),
    ]
    assert [(query, codes(client, query)) for query, _ in borders] == borders
