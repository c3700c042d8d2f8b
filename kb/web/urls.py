"""Addresses of the pages."""

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, path, register_converter

from kb.web import (
    card_frames,
    changes,
    codes,
    detection,
    feedback,
    flags,
    home,
    llms,
    notes,
    opensearch,
    site,
    suggestions,
    tables,
    widget,
)
from kb.web.paths import CodeConverter
from kb.web.representations import codes as representations
from kb.web.representations import page_markdown

register_converter(CodeConverter, "code")

LOGIN = {"sso": settings.KB_SSO_NAME} if settings.KB_SSO else {}

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.start, name="start"),
    path("tables/<slug:table>/", tables.table, name="table"),
    path("codes/<slug:table>/<code:written>/", codes.code, name="code"),
    path("codes/<slug:table>/<str:section>/<code:written>/", codes.section_code, name="section-code"),
    path("notes/", notes.notes, name="notes"),
    path("notes/<int:pk>/", notes.note, name="note"),
    path("suggest/", suggestions.suggest, name="suggest"),
    path("detect/", detection.detect, name="detect"),
    path("report/<int:pk>/", feedback.report, name="report"),
    path("flag/<int:pk>/", feedback.flag, name="flag"),
    path("flags/", flags.own_flags, name="flags"),
    path("login/", LoginView.as_view(template_name="kb/login.html", extra_context=LOGIN), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("favicon.ico", site.favicon, name="favicon"),
    path("robots.txt", site.robots, name="robots"),
    path("codes/<slug:table>/<code:written>.md", representations.code, {"form": "md"}, name="code-md"),
    path("codes/<slug:table>/<code:written>.json", representations.code, {"form": "json"}, name="code-json"),
    path(
        "codes/<slug:table>/<str:section>/<code:written>.md",
        representations.section_code,
        {"form": "md"},
        name="section-md",
    ),
    path(
        "codes/<slug:table>/<str:section>/<code:written>.json",
        representations.section_code,
        {"form": "json"},
        name="section-json",
    ),
    path("tables/<slug:table>.md", page_markdown.table, name="table-md"),
    path("notes/<int:pk>.md", page_markdown.note, name="note-md"),
    path("llms.txt", llms.llms, name="llms"),
    path("changes/", changes.page, name="changes"),
    path("changes/feed/", changes.feed, name="changes-feed"),
    path("embed/", widget.box, name="embed"),
    path("embed/<slug:table>/<code:written>/", widget.code, name="embed-code"),
    path("opensearch.xml", opensearch.description, name="opensearch"),
    path("go", opensearch.go, name="go"),
    path("suggest.json", opensearch.suggest, name="suggest-json"),
    path("oembed", card_frames.oembed, name="oembed"),
]
