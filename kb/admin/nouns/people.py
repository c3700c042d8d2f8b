"""People and their groups: Django's own forms with strict lists."""

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group

from kb.admin.lists.strict_changelist import WithStrictList

admin.site.unregister([get_user_model(), Group])


@admin.register(get_user_model())
class PersonAdmin(WithStrictList, UserAdmin):
    """People who may log in."""


@admin.register(Group)
class RoleAdmin(WithStrictList, GroupAdmin):
    """Groups and their permissions."""
