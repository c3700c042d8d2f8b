"""Addresses of the pages."""

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, path, register_converter

from kb.web import (
    changes,
    code,
    detect,
    embed,
    feedback,
    flags,
    llms,
    note,
    opensearch,
    site,
    start,
    suggest,
    table,
    twins,
    twins_pages,
)
from kb.web.paths import CodeConverter

register_converter(CodeConverter, "code")

LOGIN = {"sso": settings.KB_SSO_NAME} if settings.KB_SSO else {}

urlpatterns: list[URLPattern | URLResolver] = [
    path("", start.start, name="start"),
    path("tables/<slug:table>/", table.table, name="table"),
    path("codes/<slug:table>/<code:written>/", code.code, name="code"),
    path("codes/<slug:table>/<str:section>/<code:written>/", code.section_code, name="section-code"),
    path("notes/<int:pk>/", note.note, name="note"),
    path("suggest/", suggest.suggest, name="suggest"),
    path("detect/", detect.detect, name="detect"),
    path("report/<int:pk>/", feedback.report, name="report"),
    path("flag/<int:pk>/", feedback.flag, name="flag"),
    path("flags/", flags.mine, name="flags"),
    path("login/", LoginView.as_view(template_name="kb/login.html", extra_context=LOGIN), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("favicon.ico", site.favicon, name="favicon"),
    path("robots.txt", site.robots, name="robots"),
    path("codes/<slug:table>/<code:written>.md", twins.code, {"form": "md"}, name="code-md"),
    path("codes/<slug:table>/<code:written>.json", twins.code, {"form": "json"}, name="code-json"),
    path("codes/<slug:table>/<str:section>/<code:written>.md", twins.section_code, {"form": "md"}, name="section-md"),
    path(
        "codes/<slug:table>/<str:section>/<code:written>.json",
        twins.section_code,
        {"form": "json"},
        name="section-json",
    ),
    path("tables/<slug:table>.md", twins_pages.table, name="table-md"),
    path("notes/<int:pk>.md", twins_pages.note, name="note-md"),
    path("llms.txt", llms.llms, name="llms"),
    path("changes/", changes.page, name="changes"),
    path("changes/feed/", changes.feed, name="changes-feed"),
    path("embed/", embed.box, name="embed"),
    path("embed/<slug:table>/<code:written>/", embed.code, name="embed-code"),
    path("opensearch.xml", opensearch.description, name="opensearch"),
    path("go", opensearch.go, name="go"),
]
