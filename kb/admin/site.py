"""The admin site."""

from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from kb.admin import statistics as health_page
from kb.admin.forms import unsaved_input
from kb.admin.forms.choices import AutocompleteView
from kb.admin.work_queue import full_lists, is_mine_only, queue_groups
from kb.queries import statistics

MODEL_ORDER = (
    "ReturnCode",
    "TroubleshootingNote",
    "Proposal",
    "IncidentLink",
    "Flag",
    "Miss",
    "CodeTable",
    "Section",
    "CodeRange",
    "Synonym",
    "ApiToken",
)


class SupportAdminSite(admin.AdminSite):
    """The admin, titled for support."""

    site_header = "Codebook for support"
    site_title = "Codebook"
    index_title = "Curate the knowledge base"
    site_url = "/"
    enable_nav_sidebar = False

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Let in who may; keep what was typed by who no longer may. See Note [Kept in the page]."""
        checked = super().admin_view(view, cacheable)

        def keeping(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not unsaved_input.has_input(request):
                return checked(request, *args, **kwargs)
            if request.user.is_anonymous:
                return unsaved_input.page(request)
            try:
                if self.has_permission(request):
                    return checked(request, *args, **kwargs)
            except PermissionDenied:
                pass
            return unsaved_input.page(request, unsaved_input.NO_LONGER, status=403)

        return update_wrapper(keeping, checked)

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show what is most worth doing next, beside everything that there is."""
        mine = is_mine_only(request)
        queue = {"piles": queue_groups(request.user, mine), "mine": mine, "lists": full_lists(request.user)}
        queue["bursts"] = statistics.bursts(request.user)
        return super().index(request, {"title": "What to do next", **queue, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        """Add the knowledge health."""
        return [
            path("health/", self.admin_view(self.health), name="health"),
            path("health/<slug:chart>.csv", self.admin_view(health_page.chart_csv), name="health_csv"),
            *super().get_urls(),
        ]

    def health(self, request: HttpRequest) -> HttpResponse:
        """Show how the knowledge serves."""
        return health_page.page(request, self.each_context(request))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """List the knowledge first, in the order in which it is worked on."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda model: _rank(model["object_name"]))
        return sorted(apps, key=lambda app: app["app_label"] != "kb")

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Search as one types, with labels that tell equal codes apart."""
        return AutocompleteView.as_view(admin_site=self)(request)  # type: ignore[return-value]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send who is not logged in to the site's own login, and tell who is not staff that this is not for them."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        if request.user.is_authenticated and not self.has_permission(request):
            context = {**self.each_context(request), "title": "This part is for support editors"}
            return TemplateResponse(request, "admin/not_staff.html", context, status=403)
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        inside = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(wanted if inside else reverse("admin:index"))


def _rank(name: str) -> int:
    return MODEL_ORDER.index(name) if name in MODEL_ORDER else len(MODEL_ORDER)
