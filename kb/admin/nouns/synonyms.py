"""Synonyms in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from kb.admin import tags
from kb.admin.forms.revisions import version_and_by
from kb.admin.versioned_admin import VersionedAdmin
from kb.models import Synonym
from kb.services.journal import By
from kb.services.synonyms import delete_synonym, save_synonym


@admin.register(Synonym)
class SynonymAdmin(VersionedAdmin):
    """Groups of words that mean the same. They are support's own and can be deleted."""

    noun = "synonym"
    value_fields = ("words", "audience")
    prefill_fields = ("words",)
    list_display = ("words", "audience_column")
    list_filter = ("audience",)
    search_fields = ("words",)
    search_help_text = "One of the words or phrases."
    fields = ("words", "audience")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow people with the permission."""
        return request.user.has_perm("kb.delete_synonym")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete through the service. Raises StaleEdit if the row changed since the page was shown."""
        delete_synonym(obj, *version_and_by(request))

    @admin.display(description="Audience", ordering="audience")
    def audience_column(self, synonym: Synonym) -> SafeString:
        """Return the audience as a tag."""
        return tags.tag(synonym.audience, synonym.get_audience_display())

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Synonym:
        """Write through the service."""
        return save_synonym(obj, version, values, by)
