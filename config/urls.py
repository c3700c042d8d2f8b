"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from kb.ops import probes

urlpatterns = [
    *probes.urlpatterns,
    path("admin/", admin.site.urls),
    path("api/", include("kb.api.urls")),
    path("", include("kb.mcp.urls")),
    path("", include("kb.web.urls")),
]
if settings.KB_SSO:
    urlpatterns.append(path("sso/", include("config.sso")))

handler400 = "kb.web.errors.bad_request"
handler403 = "kb.web.errors.forbidden"
handler404 = "kb.web.errors.not_found"
handler500 = "kb.web.errors.server_error"
