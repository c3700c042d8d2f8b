"""Roles: groups with exactly their permissions."""

import pytest
from django.contrib.auth.models import Group, Permission

from kb.services.roles import ROLES, make_roles

pytestmark = pytest.mark.django_db


def names(group):
    return {(p.content_type.app_label, p.codename) for p in group.permissions.select_related("content_type")}


def test_a_role_gets_exactly_its_permissions_and_other_groups_stay():
    theirs = Group.objects.create(name="theirs")
    theirs.permissions.add(Permission.objects.get(codename="add_user"))
    agents = Group.objects.get(name="agent")
    agents.permissions.set(Permission.objects.filter(codename__in=["add_user", "validate_note"]))
    Group.objects.filter(name="editor").delete()
    make_roles()
    for role, codenames in ROLES.items():
        assert names(Group.objects.get(name=role)) == {("kb", codename) for codename in codenames}
    assert names(theirs) == {("auth", "add_user")}


# What tells the roles apart. Reading is every role's, writing some roles', a decision few roles'.
ONLY = {
    "validate_note": {"reviewer"},
    "import_table": {"importer"},
    "apply_import": {"importer"},
    "rollback_import": {"importer"},
    "export_table": {"importer"},
    "change_codetable": {"importer"},
    "change_section": {"importer"},
    "change_returncode": {"editor", "reviewer"},
    "change_troubleshootingnote": {"editor", "reviewer"},
    "change_incidentlink": {"editor", "reviewer"},
    "change_coderange": {"editor", "reviewer"},
    "delete_coderange": {"editor", "reviewer"},
    "change_synonym": {"editor", "reviewer"},
    "delete_synonym": {"editor", "reviewer"},
    "change_flag": {"editor", "reviewer"},
    "change_miss": {"editor", "reviewer"},
    "add_apitoken": {"editor", "reviewer", "importer"},
    "view_internal": {"agent", "editor", "reviewer", "importer"},
}


@pytest.mark.parametrize(("codename", "roles"), ONLY.items())
def test_a_right_belongs_to_its_roles_alone(codename, roles):
    assert set(Group.objects.filter(permissions__codename=codename).values_list("name", flat=True)) == roles
