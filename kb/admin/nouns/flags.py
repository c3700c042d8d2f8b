"""Flags in the admin: agents raise them, support assigns and answers them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb.admin import tags
from kb.admin.forms.versions import VersionedForm
from kb.admin.versioned_admin import VersionedAdmin
from kb.models import Flag
from kb.models.flags import FlagState
from kb.services.flags import answer_flag, assign_flag
from kb.services.journal import By


class FlagForm(VersionedForm):
    """The owner of a flag, and the answer to whoever raised it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Explain what an answer does; offer active staff and the present owner as owners."""
        super().__init__(*args, **kwargs)
        if "answer" in self.fields:
            self.fields["answer"].help_text = "Shown to the person who raised the flag. An answer closes the flag."
        owner = self.fields.get("owner")
        if isinstance(owner, forms.ModelChoiceField):
            owner.empty_label = "Not assigned"
            people = get_user_model()._default_manager
            owner.queryset = people.filter(is_staff=True, is_active=True) | people.filter(pk=self.instance.owner_id)


@admin.register(Flag)
class FlagAdmin(VersionedAdmin):
    """Flags are raised on cards; here they are assigned, and answered once."""

    noun = "flag"
    form = FlagForm
    value_fields = ("owner", "answer")
    list_display = (
        "code_column",
        "comment_column",
        "state_column",
        "owner",
        "note_column",
        "raised_by",
        "raised_column",
    )
    list_display_links = ("comment_column",)
    list_filter = ("state", ("owner", admin.RelatedOnlyFieldListFilter))
    search_fields = ("comment", "answer", "code__code", "note__title")
    search_help_text = "A code, or words from the flag, its answer or its note."
    readonly_fields = ("about", "comment", "raised_by", "raised_column", "state_column", "answered_column")
    fieldsets = (
        ("Report", {"fields": ("about", "comment", ("raised_by", "raised_column"))}),
        ("Answer", {"fields": ("owner", "answer", ("state_column", "answered_column"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        """Return the flags that this person may read."""
        return (
            super().get_queryset(request).select_related("code__table", "code__section", "note", "owner", "raised_by")
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: flags are raised on the card of a code."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for an answered flag: its author may have read the answer."""
        return super().has_change_permission(request, obj) and (obj is None or obj.state == FlagState.OPEN)

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Flag:
        """Write through the services."""
        assert version is not None
        flag = assign_flag(obj, version, values["owner"], by)
        return answer_flag(flag, flag.version, values["answer"], by) if values["answer"].strip() else flag

    @admin.display(description="About")
    def about(self, flag: Flag) -> SafeString:
        """Return links to the code and the note, where the problem can be fixed."""
        code = format_html(
            '<a href="{}">{}</a> {}',
            reverse("admin:kb_returncode_change", args=[flag.code_id]),
            tags.mono(flag.code.code),
            tags.shorten(flag.code.description),
        )
        if flag.note is None:
            return code
        note = reverse("admin:kb_troubleshootingnote_change", args=[flag.note_id])
        return format_html('{}<br>Note: <a href="{}">{}</a>', code, note, flag.note)

    @admin.display(description="Code", ordering="code__sort_key")
    def code_column(self, flag: Flag) -> SafeString:
        """Return the code."""
        return tags.mono(flag.code.code)

    @admin.display(description="What is wrong", ordering="comment")
    def comment_column(self, flag: Flag) -> str:
        """Return the beginning of the comment."""
        return tags.shorten(flag.comment)

    @admin.display(description="Note")
    def note_column(self, flag: Flag) -> str:
        """Return the title of the note."""
        return tags.shorten(flag.note.title, 60) if flag.note else tags.NONE

    @admin.display(description="State", ordering="state")
    def state_column(self, flag: Flag) -> SafeString:
        """Return the state as a tag."""
        return tags.tag(flag.state, flag.get_state_display())

    @admin.display(description="Raised", ordering="raised_at")
    def raised_column(self, flag: Flag) -> str:
        """Return when the flag was raised."""
        return tags.moment(flag.raised_at)

    @admin.display(description="Answered")
    def answered_column(self, flag: Flag) -> str:
        """Return when the flag was answered."""
        return tags.moment(flag.answered_at)
