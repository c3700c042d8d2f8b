"""People and their roles in the admin: nobody gives what is more than their own."""

import logging

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission

from kb.models import Door
from kb.services.journal import By, NotAllowed
from kb.services.people import ADMINISTRATOR, give_roles
from tests import make
from tests.admin.conftest import form_data, url

pytestmark = [pytest.mark.django_db, pytest.mark.wide]
PASSWORDS = {"usable_password": "true", "password1": make.PASSWORD, "password2": make.PASSWORD}
# Every field of Django's own user form, and what a forger would send in it.
SMUGGLED = {"is_superuser": "1", "is_staff": "1", "groups": "1", "user_permissions": "1"}


def own(user):
    return sorted(user.groups.values_list("name", flat=True))


@pytest.fixture
def delegate(db):
    """A reviewer who also manages people."""
    group = Group.objects.create(name="people")
    group.permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    user = make.user("delegate", "reviewer")
    user.groups.add(group)
    return user


def data(page, role, **changes):
    """Return what a browser sends from a person's form, with other roles ticked."""
    bound = page.context["adminform"].form
    shown = bound["role"].initial if "role" in bound.fields else []
    sent = {name: value for name, value in form_data(page).items() if name not in ("password", "role")}
    return sent | {"role": role, "initial-role": shown} | changes


def save(browser, person, role, **changes):
    return browser.post(url(person), data(browser.get(url(person)), role, **changes))


@pytest.mark.parametrize(
    "role", [[ADMINISTRATOR], ["importer"], ["people"], ["editor", ADMINISTRATOR], ["no such role"]]
)
def test_a_delegate_gives_no_role_beyond_their_own(as_user, delegate, role):
    person = make.user("new", "agent")
    page = save(as_user(delegate), person, role, **SMUGGLED)
    assert page.status_code == 200
    assert "is not one of the available choices" in page.text
    person.refresh_from_db()
    assert (own(person), person.is_superuser, person.is_staff) == (["agent"], False, False)
    with pytest.raises(NotAllowed):
        give_roles(person, role, By(delegate, Door.ADMIN))


def test_a_delegate_gives_and_takes_what_is_within_their_own(
    as_user, delegate, caplog, django_capture_on_commit_callbacks
):
    person, browser = make.user("new", "agent"), as_user(delegate)
    with caplog.at_level(logging.INFO, "codebook.roles"), django_capture_on_commit_callbacks(execute=True):
        assert save(browser, person, ["editor"], **SMUGGLED).status_code == 302
    person.refresh_from_db()
    assert (own(person), person.is_superuser, person.is_staff) == (["editor"], False, True)
    assert not person.user_permissions.exists()
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (delegate, str(person.pk))
    assert "role from agent to editor" in entry.get_change_message()
    line = f"user {delegate.pk} changed the roles of user {person.pk} from agent to editor"
    assert [record.getMessage() for record in caplog.records if record.name == "codebook.roles"] == [line]
    assert save(browser, person, []).status_code == 302
    person.refresh_from_db()
    assert (own(person), person.is_staff) == ([], False)


def above(delegate):
    """People whose account is more than a delegate's, and the delegate's own."""
    boss = make.user("boss", is_superuser=True, is_staff=True)
    asleep = make.user("asleep", is_superuser=True, is_active=False)
    importer = make.user("importer", "importer", is_active=False)
    granted = make.user("granted")
    granted.user_permissions.add(Permission.objects.get(codename="import_table"))
    other = make.user("other")
    other.groups.add(Group.objects.get(name="people"))
    return [boss, asleep, importer, granted, other, delegate]


def test_a_delegate_touches_no_account_that_may_do_more(as_user, delegate):
    browser, people = as_user(delegate), above(delegate)
    before = list(get_user_model().objects.order_by("pk").values())
    for person in people:
        page = browser.get(url(person))
        assert page.status_code == 200
        assert 'name="_save"' not in page.text
        assert person.password not in page.text
        sent = {"username": "mine", "email": "mine@example.com", "role": [], "initial-role": [], **SMUGGLED}
        assert browser.post(url(person), sent).status_code == 403
        where = f"/admin/auth/user/{person.pk}/password/"
        assert browser.get(where).status_code == 403
        assert browser.post(where, PASSWORDS).status_code == 403
        assert browser.post(url(person, "delete"), {"post": "yes"}).status_code == 403
        browser.post("/admin/auth/user/", {"action": "delete_selected", "_selected_action": person.pk, "post": "yes"})
        with pytest.raises(NotAllowed):
            give_roles(person, [], By(delegate, Door.ADMIN))
    assert list(get_user_model().objects.order_by("pk").values()) == before


def test_a_delegate_edits_no_group(as_user, delegate):
    browser, group = as_user(delegate), Group.objects.get(name="reviewer")
    before = set(group.permissions.values_list("pk", flat=True))
    everything = list(Permission.objects.values_list("pk", flat=True))
    for where in (url(group), "/admin/auth/group/add/"):
        assert browser.post(where, {"name": "mine", "permissions": everything}).status_code == 403
    assert browser.post(url(group, "delete"), {"post": "yes"}).status_code == 403
    browser.post("/admin/auth/group/", {"action": "delete_selected", "_selected_action": group.pk, "post": "yes"})
    assert set(Group.objects.get(name="reviewer").permissions.values_list("pk", flat=True)) == before
    assert not Group.objects.filter(name="mine").exists()


@pytest.mark.parametrize(
    ("role", "is_added"), [(["editor"], True), ([], True), (["importer"], False), ([ADMINISTRATOR], False)]
)
def test_a_delegate_adds_people_with_roles_within_their_own(as_user, delegate, role, is_added):
    sent = {"username": "new", "email": "new@example.com", "role": role, **PASSWORDS, **SMUGGLED}
    as_user(delegate).post("/admin/auth/user/add/", sent)
    person = get_user_model().objects.filter(username="new").first()
    assert bool(person) == is_added
    if person:
        assert (person.email, own(person), person.is_superuser) == ("new@example.com", role, False)
        assert person.is_staff == bool(role)


def test_an_administrator_gives_every_role_and_keeps_their_own(as_user, admin):
    person, browser = make.user("new", "agent"), as_user(admin)
    person.user_permissions.add(Permission.objects.get(codename="import_table"))
    assert save(browser, person, ["importer", "reviewer", ADMINISTRATOR]).status_code == 302
    person.refresh_from_db()
    assert (own(person), person.is_superuser, person.is_staff) == (["importer", "reviewer"], True, True)
    assert not person.user_permissions.exists()
    assert save(browser, person, ["agent"]).status_code == 302
    person.refresh_from_db()
    assert (own(person), person.is_superuser, person.is_staff) == (["agent"], False, False)
    save(browser, admin, [], is_active="", **SMUGGLED)
    admin.refresh_from_db()
    assert (admin.is_superuser, admin.is_active) == (True, True)
    with pytest.raises(NotAllowed):
        give_roles(admin, [], By(admin, Door.ADMIN))
    assert browser.post(url(admin, "delete"), {"post": "yes"}).status_code == 403


def test_a_role_that_somebody_else_changed_meanwhile_is_kept(as_user, admin):
    person, browser = make.user("new", "agent"), as_user(admin)
    page = browser.get(url(person))
    person.groups.set([Group.objects.get(name="editor")])
    assert browser.post(url(person), data(page, ["agent"], email="new@example.com")).status_code == 302
    person.refresh_from_db()
    assert (own(person), person.email) == (["editor"], "new@example.com")
    answer = browser.post(url(person), data(page, ["importer"]))
    assert "Somebody else changed the role after you opened this page: it is editor now." in answer.text
    assert own(person) == ["editor"]


def test_a_change_without_the_role_keeps_permissions_and_staff(as_user, admin):
    person = make.user("new", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="import_table"))
    save(as_user(admin), person, [], email="new@example.com")
    person.refresh_from_db()
    assert (person.email, person.is_staff, person.user_permissions.count()) == ("new@example.com", True, 1)


def test_the_user_form_has_one_field_for_rights(as_user, admin):
    person, browser = make.user("new"), as_user(admin)
    for where in (url(person), "/admin/auth/user/add/"):
        fields = set(browser.get(where).context["adminform"].form.fields)
        assert "role" in fields
        assert not fields & set(SMUGGLED)
