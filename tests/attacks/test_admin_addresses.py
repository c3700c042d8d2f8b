"""Every address of the admin with hostile parameters, for every kind of staff: an answer, never a failure."""

from itertools import product
from urllib.parse import quote, urlencode

import pytest
from django.apps import apps

from tests.test_access import ACCESS, address, ids, people  # noqa: F401 - fixtures

pytestmark = [pytest.mark.django_db, pytest.mark.wide]

HUGE = "9" * 400
LONG = "9" * 19
# A lone surrogate arrives as the bytes that a hostile client sends for it.
VALUES = ["x", "-1", HUGE, LONG, "1.5", "a\x00b", "\ud800", "_5F", "a__b", "password", "(", "١", "😀" * 300, "", "1"]
IDS = ["0", "-1", HUGE, LONG, "x", "1.5", "a\x00b", "_00", "_5F00", "\ud800", "١", "a/b", "😀", "(", "%00"]
LISTS = ["o", "p", "q", "e", "all", "_facets", "_to_field", "_popup", "id__in", "code__regex", "table__id__exact"]
LISTS += [
    "updated_at__date",
    "table_import",
    "mine",
    "is_active__exact",
    "groups__id__exact",
    "password__startswith",
    "a\x00",
]
FORMS = ["_to_field", "_popup", "_changelist_filters", "_source_model", "codes", "ranges", "first", "words", "id", "e"]
FORMS += ["table", "section", "successor", "owner", "started_at", "role", "user", "groups", "a\x00"]
OTHERS = ["p", "q", "next", "lang", "code", "note", "url", "_popup", "version", "table_import", "a\x00"]
ADMIN = [route for route in ACCESS if route.startswith("admin/") and "logout" not in route]
STAFF = "iermx"
"""The last one may do everything and asks everything. The others take turns: together they ask everything, too."""


def share(letter, questions):
    """Return what somebody asks."""
    return questions if letter == STAFF[-1] else questions[STAFF.index(letter) :: len(STAFF) - 1]


def names_for(route):
    """Return the parameters that stock and own views of this kind read."""
    if route.endswith(("/add/", "/change/")):
        return FORMS
    return LISTS if route.count("/") == 3 else OTHERS


def encoded(pairs):
    return urlencode(pairs, errors="surrogatepass")


def failures(browser, addresses):
    """Return the addresses that fail."""
    browser.raise_request_exception = False
    return [where[:150] for where in addresses if browser.get(where).status_code >= 500]


@pytest.mark.parametrize("letter", STAFF)
def test_no_parameter_of_the_admin_makes_it_fail(people, ids, letter):  # noqa: F811
    # The values take turns, so that each meets every kind of page.
    addresses = [
        f"{address(route, ids)}?{encoded([(name, value)])}"
        for at, route in enumerate(ADMIN)
        for turn, name in enumerate(names_for(route))
        for value in [VALUES[(at + turn) % len(VALUES)]]
    ]
    assert failures(people[letter], share(letter, addresses)) == []


@pytest.mark.parametrize("letter", STAFF)
def test_no_autocomplete_fails(people, ids, letter):  # noqa: F811
    fields = [(model, field.name) for model in apps.get_models() for field in model._meta.get_fields()]
    addresses = [
        "/admin/autocomplete/?"
        + encoded({"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": name} | more)
        for at, (model, name) in enumerate(fields)
        for more in (
            {"term": "6", "page": "1"},
            {"term": VALUES[at % len(VALUES)], "page": VALUES[-1 - at % len(VALUES)]},
        )
    ]
    codes = {"app_label": "kb", "model_name": "troubleshootingnote", "field_name": "codes"}
    addresses += [
        "/admin/autocomplete/?" + encoded(codes | {name: value})
        for name in (*codes, "term", "page")
        for value in VALUES
    ]
    assert failures(people[letter], share(letter, addresses)) == []


@pytest.mark.parametrize("letter", STAFF)
def test_no_key_in_an_address_makes_the_admin_fail(people, ids, letter):  # noqa: F811
    parts = (
        "<path:object_id>",
        "<id>",
        "<path:content_type_id>",
        "(?P<url>.*)",
        "<int:revision_id>",
        "<int:pk>",
        "<slug:chart>",
    )
    addresses = [
        address(route.replace(part, "KEY"), ids).replace("KEY", quote(value, errors="surrogatepass"))
        for route in ADMIN
        for part in parts
        if part in route
        for value in [*IDS, "1"]
    ]
    assert failures(people[letter], share(letter, addresses)) == []


POSTED = [
    "_to_field",
    "_popup",
    "_selected_action",
    "action",
    "seen",
    "version",
    "opened",
    "make_public",
    "select_across",
]
POSTED += [
    "index",
    "role",
    "initial-role",
    "username",
    "email",
    "codes",
    "reason",
    "post",
    "_kept",
    "_save",
    "take_theirs",
]


@pytest.mark.parametrize("letter", STAFF)
def test_no_posted_value_makes_the_admin_fail(people, ids, letter):  # noqa: F811
    browser = people[letter]
    browser.raise_request_exception = False
    failed = []
    for at, turn in share(letter, list(product(range(len(ADMIN)), range(3)))):
        # All names at once, with other values each time, and without the name that stops Django first.
        sent = {name: VALUES[(at + turn * 5 + n) % len(VALUES)] for n, name in enumerate(POSTED)}
        del sent[POSTED[turn]]
        body = {name: value.replace("\ud800", "?") for name, value in sent.items()}
        if browser.post(address(ADMIN[at], ids), body).status_code >= 500:
            failed.append((ADMIN[at], turn))
    assert failed == []
