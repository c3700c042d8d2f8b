"""List addresses: valid ones are answered, invalid ones are refused with what is allowed."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission

import config.urls  # noqa: F401 - registers the nouns of the admin
from kb.models import ImportRow, TableImport
from tests import make
from tests.admin.conftest import message_text

HUGE = "9" * 40


@pytest.fixture
def superuser(request):
    # The fixture `admin` has the name of Django's module.
    return request.getfixturevalue("admin")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (f"id__in={HUGE}", "“id__in” in the address is not a filter of this list. Allowed: listed, note"),
        ("id__in=1,2", "“id__in”"),
        ("code__regex=(", "“code__regex”"),
        ("table__slug__contains=x", "“table__slug__contains”"),
        ("successor__notes__owner__password__startswith=x", "“successor__notes__owner__password__startswith”"),
        ("nonsense=1", "disposition__exact"),
        ("disposition__exact=maybe", "cannot have this value: maybe. Allowed: retry_now, retry_later"),
        ("disposition__isnull=perhaps", "Allowed: True, False, 1, 0"),
        ("listed=maybe", "“listed” in the address cannot have this value: maybe. Allowed: yes, no"),
        ("listed=yes&listed=maybe", "maybe"),
        ("table__id__exact=x", "is no existing code table: x"),
        (f"table__id__exact={HUGE}", "is no existing code table: 9999"),
        ("table__id__exact=0", "is no existing code table: 0"),
        ("section__id__exact=-1", "is no existing section: -1"),
        ("p=abc", "“p” in the address is not a whole number: abc"),
        ("p=-1", "is not a whole number: -1"),
        ("p=0", "is not a page of this list: 0"),
        ("p=7", "is not a page of this list: 7"),
        (f"p={HUGE}", "is not a whole number"),
        ("o=99", "is not a column: 99. Allowed: 1 to 8"),
        ("o=1.x", "is not a column: x"),
        ("o=--1", "is not a column: --1"),
        ("_to_field=password", "“_to_field” in the address is not a field"),
        ("listed=%00", "contains a NUL byte"),
        ("%00=1", "contains a NUL byte"),
    ],
)
def test_an_unknown_filter_or_value_is_an_error_that_names_what_is_allowed(as_user, editor, room, query, says):
    browser = as_user(editor)
    response = browser.get(f"/admin/kb/returncode/?{query}")
    assert (response.status_code, response["Location"]) == (302, "/admin/kb/returncode/")
    assert says in message_text(response)
    assert "The whole list is shown" in browser.get(response["Location"]).content.decode()


@pytest.mark.parametrize(
    "query",
    ["", "p=1", "o=1.-2", "o=", "q=x", "all=", "e=1", "listed=yes&note=no&disposition__exact=unknown", "_popup=1"],
)
def test_a_valid_address_shows_the_list(as_user, editor, room, query):
    assert as_user(editor).get(f"/admin/kb/returncode/?{query}").status_code == 200


def test_a_filter_answers_alike_for_an_internal_table_and_a_missing_one(as_user, idle_staff, room):
    idle_staff.user_permissions.add(Permission.objects.get(codename="view_returncode"))
    secret = make.table("secret", audience="internal")
    response = as_user(idle_staff).get(f"/admin/kb/returncode/?table__id__exact={secret.pk}")
    assert "is no existing code table" in message_text(response)


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_every_list_refuses_an_unknown_parameter(as_user, superuser, room, model):
    where = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    named = ""
    if model is ImportRow:
        # The rows of an import, and the list of imports without one.
        named = f"table_import={TableImport.objects.create(table=room.table).pk}&"
    for query in (f"id__in={HUGE}", "id__regex=(", "p=x", "o=99"):
        response = as_user(superuser).get(f"{where}?{named}{query}")
        assert (response.status_code, response["Location"]) == (302, where), query
        assert "in the address" in message_text(response)
    assert as_user(superuser).get(f"{where}?{named}p=1&q=room").status_code == 200
