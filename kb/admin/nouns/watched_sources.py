"""Sources that are watched, in the admin: people who may import name them, and may ask one at once."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb.admin import tags
from kb.admin.forms.versions import VersionedForm
from kb.admin.generics import ModelAdmin
from kb.admin.versioned_admin import VersionedAdmin
from kb.importing.watched_sources.asks import ask
from kb.importing.watched_sources.places import check_place
from kb.importing.watched_sources.trouble import SourceTrouble
from kb.models import Door, WatchedSource
from kb.services.journal import By
from kb.services.watched_sources import delete_source, save_source

FIELDS = ("table", "kind", "address", "ref", "path", "complete", "every_hours", "is_enabled")


class SourceForm(VersionedForm):
    """The place of a source, which is checked before it is saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Let browsers refuse the hours that the model refuses: Django gives a positive number the least value 0."""
        super().__init__(*args, **kwargs)
        if hours := self.fields.get("every_hours"):
            hours.widget.attrs["min"] = 1

    def clean(self) -> dict[str, Any]:
        """Add an error for a place that would be refused whenever it is asked."""
        values = super().clean()
        place = {name: values.get(name) for name in ("kind", "address", "ref", "path")}
        if None not in place.values():
            try:
                check_place(WatchedSource(**place))
            except SourceTrouble as trouble:
                self.add_error("address", ValidationError(str(trouble)))
        return values


@admin.register(WatchedSource)
class WatchedSourceAdmin(VersionedAdmin):
    """A table has one source. Sources are configuration: their history is the admin's log."""

    noun = "table"
    form = SourceForm
    value_fields = FIELDS
    prefill_fields = ("table", "address")
    list_display = ("table", "kind", "address_column", "every_hours", "asked_column", "state_column")
    list_filter = ("kind", "is_enabled", "needs_attention")
    list_select_related = ("table", "plan")
    search_fields = ("table__slug", "table__name", "address")
    search_help_text = "Table or address."
    autocomplete_fields = ("table",)
    fieldsets = (
        ("The source", {"fields": ("table", "kind", "address", ("ref", "path"), "complete")}),
        ("When it is asked", {"fields": (("every_hours", "is_enabled"),)}),
    )
    change_form_template = "admin/kb/source_form.html"
    object_history_template = "admin/object_history.html"

    def get_urls(self) -> list[Any]:
        """Add the button; there are no revisions to revert to."""
        button = path("<int:pk>/ask/", self.admin_site.admin_view(self.ask_view), name="kb_watchedsource_ask")
        return [button, *(url for url in super().get_urls() if url.name != "kb_watchedsource_revert")]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the admin's log of a source."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return ModelAdmin.history_view(self, request, object_id, extra_context)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show sources to people who may import."""
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow people who may import."""
        return self._may(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow people who may import."""
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow people who may import."""
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow people who may import: the table, its codes and its plans stay."""
        return self._may(request)

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perm("kb.import_table")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the table of a source: another table has a source of its own."""
        return ("table",) if obj else ()

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form with the state of the source."""
        source = self.get_object(request, object_id) if request.method == "GET" else None
        state = {"source_state": _state(source)} if source else {}
        kwargs["extra_context"] = (kwargs.get("extra_context") or {}) | state
        return super().change_view(request, object_id, *args, **kwargs)

    def write(
        self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By
    ) -> WatchedSource:
        """Write through the service."""
        return save_source(obj, version, values, by)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Return what the log says: the reason, if there is one, and the fields."""
        message = super().construct_change_message(request, form, formsets, add)
        reason = form.cleaned_data.get("reason", "")
        return f"{reason} ({', '.join(form.changed_data)})" if reason and not add else message

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete through the service."""
        delete_source(obj, obj.version, By(request.user, Door.ADMIN))

    def ask_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask a source at once, and show what became of it."""
        if request.method != "POST" or not self._may(request):
            raise PermissionDenied
        source = get_object_or_404(self.get_queryset(request), pk=pk)
        answer = ask(source, By(request.user, Door.IMPORT), anew="anew" in request.POST)
        if answer.plan:
            address = reverse("admin:kb_tableimport_change", args=[answer.plan.pk])
            message = format_html('{} <a href="{}">Look at the plan</a>', answer.message, address)
            messages.success(request, message)
        else:
            level = messages.ERROR if answer.kind == "trouble" else messages.INFO
            messages.add_message(request, level, answer.message)
        return HttpResponseRedirect(reverse("admin:kb_watchedsource_change", args=[pk]))

    @admin.display(description="Address", ordering="address")
    def address_column(self, source: WatchedSource) -> str:
        """Return the address, and the path inside."""
        return tags.shorten(f"{source.address} {source.path}")

    @admin.display(description="Last asked", ordering="asked_at")
    def asked_column(self, source: WatchedSource) -> str:
        """Return when it was asked."""
        return tags.moment(source.asked_at)

    @admin.display(description="State", ordering="failures")
    def state_column(self, source: WatchedSource) -> SafeString:
        """Return the state as a tag."""
        return tags.tag(*_state(source))


def _state(source: WatchedSource) -> tuple[str, str]:
    """Return the state of a source: the kind of its tag, and its words."""
    if not source.is_enabled:
        return "retired", "Off"
    if source.problem:
        return ("look", "Needs attention") if source.needs_attention else ("draft", "Failed, is asked again")
    if source.plan and source.plan.is_planned:
        return "planned", "Plan waits"
    return ("applied", "Watched") if source.asked_at else ("draft", "Not asked yet")
