"""The admin site of the product, in place of Django's default one."""

from importlib import import_module

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig

MODULES = (
    *("nouns.people", "nouns.codes", "nouns.notes", "nouns.proposals", "nouns.incidents", "nouns.tables"),
    *("table_imports.import_admin", "table_imports.rows"),
    *("nouns.synonyms", "nouns.tokens", "nouns.flags", "nouns.misses"),
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
        for name in MODULES:
            import_module(f"kb.admin.{name}")
        for model in [model for model in admin.site._registry if model._meta.app_label in _NOT_OURS]:
            admin.site.unregister(model)
