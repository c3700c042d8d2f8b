"""Accounts and permissions by plain SQL: the same as Django's own backend has, no right more and none less."""

import pytest
from django.contrib import auth
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Group, Permission

from kb.ops.accounts import AccountBackend
from tests import make

pytestmark = pytest.mark.django_db
User = auth.get_user_model()

ACCOUNTS = {
    "no role": {},
    "agent": {"role": "agent"},
    "editor": {"role": "editor"},
    "reviewer": {"role": "reviewer"},
    "importer": {"role": "importer"},
    "superuser": {"is_superuser": True},
    "closed agent": {"role": "agent", "is_active": False},
    "closed superuser": {"is_superuser": True, "is_active": False},
}


def account(name):
    return make.user(name.replace(" ", "-"), **ACCOUNTS[name])


def fresh(user):
    """The account as a request reads it, without what earlier questions left behind."""
    return user if user.is_anonymous else User.objects.get(pk=user.pk)


def same_as_django(user, obj=None):
    """Compare every answer with Django's; return the permissions."""
    ours, theirs = AccountBackend(), ModelBackend()
    expected = theirs.get_all_permissions(fresh(user), obj)
    assert ours.get_all_permissions(fresh(user), obj) == expected
    names = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
    for name in names | {"kb.no_such", "kb", "", "view_internal"}:
        assert ours.has_perm(fresh(user), name, obj) == theirs.has_perm(fresh(user), name, obj), name
    for app in {name.partition(".")[0] for name in names} | {"", "k", "none"}:
        assert ours.has_module_perms(fresh(user), app) == theirs.has_module_perms(fresh(user), app), app
    for read in ("get_user_permissions", "get_group_permissions"):
        assert getattr(ours, read)(fresh(user), obj) == getattr(theirs, read)(fresh(user), obj)
    return expected


@pytest.mark.parametrize("name", ACCOUNTS)
def test_every_kind_of_account_has_the_rights_that_django_gives(name):
    user = account(name)
    has_rights = name not in {"no role", "closed agent", "closed superuser"}
    assert bool(same_as_django(user)) == has_rights
    assert same_as_django(user, obj=make.code()) == set()


def test_own_permissions_and_those_of_several_groups_add_up():
    user = make.user("both", "agent")
    user.groups.add(Group.objects.get(name="importer"))
    user.user_permissions.add(*Permission.objects.filter(codename__startswith="delete_")[:3])
    assert len(same_as_django(user)) > len(same_as_django(make.user("agent", "agent")))
    # Of another account, so it must not count.
    assert same_as_django(make.user("other")) == set()


def test_nobody_has_no_rights():
    assert same_as_django(AnonymousUser()) == set()


def test_the_site_itself_asks_this_backend_and_no_other(django_assert_num_queries):
    user = fresh(make.user("agent", "agent"))
    assert [type(one) for one in auth.get_backends() if isinstance(one, ModelBackend)] == [AccountBackend]
    with django_assert_num_queries(1):
        assert user.has_perm("kb.view_internal")
        assert not user.has_perm("kb.change_returncode")
        assert user.has_module_perms("kb")
        assert not user.has_module_perms("auth")


def test_a_change_of_group_counts_from_the_next_request_on(client):
    hidden = make.code("1", make.table("hidden", audience="internal"))
    user, role = make.user("person"), Group.objects.get(name="agent")
    client.force_login(user)
    seen = []
    for change in (None, user.groups.add, user.groups.remove):
        if change:
            change(role)
        seen.append(client.get(hidden.get_absolute_url()).status_code)
    user.user_permissions.add(Permission.objects.get(codename="view_internal"))
    seen.append(client.get(hidden.get_absolute_url()).status_code)
    assert seen == [404, 200, 404, 200]


def test_an_account_is_read_as_it_is_now():
    backend, user = AccountBackend(), make.user("agent", "agent")
    read = backend.get_user(user.pk)
    assert read == user
    assert {f.attname: getattr(read, f.attname) for f in User._meta.concrete_fields} == {
        f.attname: getattr(fresh(user), f.attname) for f in User._meta.concrete_fields
    }
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert backend.get_user(user.pk) is None
    user.delete()
    assert backend.get_user(user.pk or 0) is None


def test_passwords_are_still_checked(client):
    make.user("agent", "agent")
    make.user("closed", "agent", is_active=False)
    backend = AccountBackend()
    assert backend.authenticate(None, username="agent", password=make.PASSWORD) is not None
    assert backend.authenticate(None, username="agent", password="wrong") is None
    assert backend.authenticate(None, username="closed", password=make.PASSWORD) is None
    assert backend.authenticate(None, username="nobody", password=make.PASSWORD) is None
