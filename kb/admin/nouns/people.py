"""People and their groups: Django's own forms with strict lists."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group

from kb.admin.lists.strict_changelist import WithStrictList

if TYPE_CHECKING:
    _UserAdmin = UserAdmin[Any]
else:
    # At run time, UserAdmin takes no type arguments.
    _UserAdmin = UserAdmin

admin.site.unregister([get_user_model(), Group])


@admin.register(get_user_model())
class PersonAdmin(WithStrictList, _UserAdmin):
    """People who may log in."""


@admin.register(Group)
class RoleAdmin(WithStrictList, GroupAdmin):
    """Groups and their permissions."""
