"""The admin site."""

from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminToField
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from kb.admin import statistics as health_page
from kb.admin.forms import publicity as publicity_page
from kb.admin.forms import unsaved_input
from kb.admin.forms.choices import AutocompleteView
from kb.admin.forms.old_password import OwnPasswordView
from kb.admin.work_queue import full_lists, is_mine_only, queue_groups
from kb.queries import statistics
from kb.services.journal import Unconfirmed, agreed_to

MODEL_ORDER = (
    "ReturnCode",
    "TroubleshootingNote",
    "Proposal",
    "IncidentLink",
    "Flag",
    "Miss",
    "CodeTable",
    "WatchedSource",
    "Section",
    "CodeRange",
    "Synonym",
    "ApiToken",
)


class SupportAdminSite(admin.AdminSite):
    """The admin site of the product."""

    site_header = "Codebook for support"
    site_title = "Codebook"
    index_title = "Manage the knowledge base"
    site_url = "/"
    enable_nav_sidebar = False

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Check permissions; keep the input of people who no longer have them; ask for a yes to what becomes public.

        See Note [Unsaved input] and Note [A yes to what becomes public].
        """
        guarded_view = super().admin_view(view, cacheable)

        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if "" in (*request.GET.getlist(TO_FIELD_VAR), *request.POST.getlist(TO_FIELD_VAR)):
                # Django checks every name except the empty one, and then fails on it.
                raise DisallowedModelAdminToField("The empty name is not a field that others refer to.")
            try:
                with agreed_to(request.POST.get(publicity_page.FIELD, "")):
                    return guarded_view(request, *args, **kwargs)
            except Unconfirmed as question:
                return publicity_page.page(request, question)

        def view_with_input(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not unsaved_input.has_input(request):
                return answer(request, *args, **kwargs)
            if request.user.is_anonymous:
                return unsaved_input.page(request)
            try:
                if self.has_permission(request):
                    return answer(request, *args, **kwargs)
            except PermissionDenied:
                pass
            return unsaved_input.page(request, unsaved_input.NO_LONGER, status=403)

        return update_wrapper(view_with_input, guarded_view)

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show the work queue, and links to all lists."""
        mine = is_mine_only(request)
        queue = {"groups": queue_groups(request.user, mine), "mine": mine, "lists": full_lists(request.user)}
        queue["bursts"] = statistics.bursts(request.user)
        return super().index(request, {"title": "What to do next", **queue, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        """Add the knowledge health page."""
        return [
            path("health/", self.admin_view(self.health), name="health"),
            path("health/<slug:chart>.csv", self.admin_view(health_page.chart_csv), name="health_csv"),
            *super().get_urls(),
        ]

    def health(self, request: HttpRequest) -> HttpResponse:
        """Show the knowledge health."""
        return health_page.page(request, self.each_context(request))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the apps with the knowledge base first, its models in the order of MODEL_ORDER."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda model: _rank(model["object_name"]))
        return sorted(apps, key=lambda app: app["app_label"] != "kb")

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Return autocomplete results with labels that tell equal codes apart."""
        return AutocompleteView.as_view(admin_site=self)(request)  # type: ignore[return-value]

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the form for a new password of one's own, which limits wrong old ones."""
        context = {**self.each_context(request), **(extra_context or {})}
        done = reverse("admin:password_change_done")
        return OwnPasswordView.as_view(success_url=done, extra_context=context)(request)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Redirect to the site's own login; show a page to readers who are not staff."""
        target = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        if request.user.is_authenticated and not self.has_permission(request):
            context = {**self.each_context(request), "title": "The admin is for support editors"}
            return TemplateResponse(request, "admin/not_staff.html", context, status=403)
        if not request.user.is_authenticated:
            return redirect_to_login(target)
        is_local = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(target if is_local else reverse("admin:index"))


def _rank(name: str) -> int:
    return MODEL_ORDER.index(name) if name in MODEL_ORDER else len(MODEL_ORDER)
