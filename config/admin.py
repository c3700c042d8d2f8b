"""The product's admin site, in place of Django's default one."""

from importlib import import_module

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig

MODULES = (
    *("nouns.people", "nouns.codes", "nouns.notes", "nouns.proposals", "nouns.incidents", "nouns.tables"),
    *("table_imports.import_admin", "table_imports.rows"),
    *("nouns.synonyms", "nouns.tokens", "nouns.flags", "nouns.misses"),
)
_NOT_OURS = {"account", "socialaccount"}
"""Packages whose admin pages are removed: nobody edits the rows of single sign-on."""


class SupportAdminConfig(AdminConfig):
    """Makes `kb.admin.site.SupportAdminSite` the site behind `admin.site`."""

    default_site = "kb.admin.site.SupportAdminSite"

    def ready(self) -> None:
        """Register the nouns once the site exists.

        This is not in `kb/admin/__init__.py`, because Django imports that package to create the site. A registration
        during that import would go to another site, which is then dropped.
        """
        super().ready()
        for name in MODULES:
            import_module(f"kb.admin.{name}")
        for model in [model for model in admin.site._registry if model._meta.app_label in _NOT_OURS]:
            admin.site.unregister(model)
