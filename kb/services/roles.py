"""The roles: groups with the permissions that the faces check."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

AGENT = {
    "view_internal",
    "view_codetable",
    "view_section",
    "view_returncode",
    "view_coderange",
    "view_troubleshootingnote",
    "view_incidentlink",
}
TOKENS = {"view_apitoken", "add_apitoken", "change_apitoken"}
EDITOR = (
    AGENT
    | TOKENS
    | {
        "change_returncode",
        "add_troubleshootingnote",
        "change_troubleshootingnote",
        "add_incidentlink",
        "change_incidentlink",
        "add_coderange",
        "change_coderange",
        "delete_coderange",
        "view_synonym",
        "add_synonym",
        "change_synonym",
        "delete_synonym",
        "view_flag",
        "change_flag",
        "view_miss",
        "change_miss",
    }
)
REVIEWER = EDITOR | {"validate_note"}
IMPORTER = (
    AGENT
    | TOKENS
    | {
        "add_codetable",
        "change_codetable",
        "change_section",
        "import_table",
        "apply_import",
        "rollback_import",
        "view_tableimport",
        "view_importrow",
        "view_miss",
        "export_table",
    }
)
ROLES = {"agent": AGENT, "editor": EDITOR, "reviewer": REVIEWER, "importer": IMPORTER}
"""Permissions of the app `kb` by role. Whoever writes in the admin is also `is_staff`; agents are not."""


def make_roles(**_: Any) -> None:
    """Give each role's group exactly its permissions. Other groups of the site stay as they are."""
    for name, codenames in ROLES.items():
        permissions = Permission.objects.filter(Q(content_type__app_label="kb"), codename__in=codenames)
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set(permissions)
