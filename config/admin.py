"""The product's admin site, in place of Django's default one."""

from importlib import import_module

from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig

MODULES = (
    *("nouns.people", "nouns.codes", "nouns.notes", "nouns.proposals", "nouns.incidents", "nouns.tables"),
    *("table_imports.import_admin", "table_imports.rows", "nouns.watched_sources"),
    *("nouns.synonyms", "nouns.tokens", "nouns.flags", "nouns.misses"),
)
_NOT_OURS = {"account", "socialaccount"}
"""Packages whose admin pages are removed: nobody edits the rows of single sign-on."""


class SupportAdminConfig(SimpleAdminConfig):
    """Makes `kb.admin.site.SupportAdminSite` the site behind `admin.site`."""

    default_site = "kb.admin.site.SupportAdminSite"


def register() -> None:
    """Register the nouns.

    `config.urls` calls this, and not `ready`: a command of the shell needs no admin, which takes half a second to load.
    Nor is it in `kb/admin/__init__.py`, which Django imports to create the site: a registration during that import
    would go to another site, which is then dropped.
    """
    admin.autodiscover()
    for name in MODULES:
        import_module(f"kb.admin.{name}")
    for model in [model for model in admin.site._registry if model._meta.app_label in _NOT_OURS]:
        admin.site.unregister(model)
