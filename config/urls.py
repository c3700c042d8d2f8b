"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from config.admin import register
from kb.admin.forms import unsaved_input
from kb.ops import probes, uploads
from kb.web import errors

register()
urlpatterns = [
    *probes.urlpatterns,
    *uploads.urlpatterns,
    path("admin/", admin.site.urls),
    path("api/", include("kb.api.urls")),
    path("", include("kb.mcp.urls")),
    path("", include("kb.web.urls")),
]
if settings.KB_SSO:
    urlpatterns.append(path("sso/", include("config.sso")))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token. Show an editor's form again if it certainly came from this site.

    Refuse every other form. This view is here because it needs both the admin and the pages.
    """
    return unsaved_input.rerender_with_input(request) or errors.csrf_failure(request, reason)


handler400 = "kb.web.errors.bad_request"
handler403 = "kb.web.errors.forbidden"
handler404 = "kb.web.errors.not_found"
handler500 = "kb.web.errors.server_error"
