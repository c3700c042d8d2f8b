"""The admin site of the product, in place of Django's default one."""

from importlib import import_module

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig

NOUNS = (
    *("people", "code", "note", "proposal", "incident", "table", "table_import", "import_row", "synonym"),
    *("token", "flag", "miss"),
)
_NOT_OURS = {"account", "socialaccount"}
"""Packages that put pages of their own into the admin: what single sign-on keeps is nobody's to edit."""


class SupportAdminConfig(AdminConfig):
    """Makes `kb.admin.site.SupportAdminSite` the site that `admin.site` names."""

    default_site = "kb.admin.site.SupportAdminSite"

    def ready(self) -> None:
        """Register the nouns once the site stands.

        Not in `kb/admin/__init__.py`: Django imports that package to make the site, and a registration half-way
        through would go to another site that is then thrown away.
        """
        super().ready()
        for noun in NOUNS:
            import_module(f"kb.admin.{noun}")
        for model in [model for model in admin.site._registry if model._meta.app_label in _NOT_OURS]:
            admin.site.unregister(model)
