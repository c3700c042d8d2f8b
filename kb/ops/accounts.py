"""Accounts and their permissions, read by plain SQL."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.db import connections, router

from kb.models.sql import objects, rows

_PERMISSIONS = (
    "SELECT t.app_label, p.codename FROM auth_permission AS p JOIN django_content_type AS t ON t.id = p.content_type_id"
    " WHERE p.id IN (SELECT permission_id FROM auth_user_user_permissions WHERE user_id = %s UNION"
    " SELECT g.permission_id FROM auth_group_permissions AS g JOIN auth_user_groups AS u ON u.group_id = g.group_id"
    " WHERE u.user_id = %s)"
)


class AccountReads:
    """A backend's reads of accounts. Django's own give the same answers, and take five times as long."""

    def get_user(self: Any, user_id: int) -> User | None:
        """Return an account that may be used; None without one."""
        user = next(iter(objects(User, "SELECT * FROM auth_user WHERE id = %s", user_id)), None)
        return user if self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the permissions of an account and its groups. They are kept with the object, as Django does."""
        if user_obj.is_anonymous or user_obj.is_superuser or obj is not None:
            return super().get_all_permissions(user_obj, obj)  # type: ignore[misc,no-any-return]
        if not user_obj.is_active:
            return set()
        if not hasattr(user_obj, "permissions_read"):
            found = rows(_PERMISSIONS, user_obj.pk, user_obj.pk, database=connections[router.db_for_read(Permission)])
            user_obj.permissions_read = {f"{app}.{codename}" for app, codename in found}
        permissions: set[str] = user_obj.permissions_read
        return permissions


class AccountBackend(AccountReads, ModelBackend):
    """Django's own backend for passwords and permissions, with quicker reads."""
