"""Every address of the site, for every kind of person, in one table. The default is to deny.

A new address without a line here fails. What each person sees on a page that opens is held by the faces' own tests;
this table holds which pages open at all, and who may send to them.
"""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLResolver, get_resolver

from kb.models import Door, Flag, ImportRow, Miss, Synonym, TableImport, WatchedSource
from kb.services.journal import By
from kb.services.proposals import propose_change
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.wide]

PEOPLE = {
    "a": "anonymous",
    "s": "stranger",
    "i": "idle staff",
    "g": "agent",
    "e": "editor",
    "r": "reviewer",
    "m": "importer",
    "x": "superuser",
}
ALL, NOBODY, STAFF, SUPERUSER = "asigermx", "", "iermx", "x"
AGENTS = "germx"
MISSES = "ermx"
READ, WRITE, REVIEW, TABLES = "ermx", "erx", "rx", "mx"

# route: (who may open it, who may send to it). A page that knows no POST has nobody there.
ACCESS = {
    "": (ALL, NOBODY),
    "admin/": (STAFF, STAFF),
    "admin/(?P<app_label>auth|kb)/": (STAFF, STAFF),
    "admin/(?P<url>.*)": (STAFF, STAFF),
    "admin/auth/group/": (SUPERUSER, SUPERUSER),
    "admin/auth/group/<path:object_id>/": (STAFF, STAFF),
    "admin/auth/group/<path:object_id>/change/": (SUPERUSER, SUPERUSER),
    "admin/auth/group/<path:object_id>/delete/": (SUPERUSER, SUPERUSER),
    "admin/auth/group/<path:object_id>/history/": (SUPERUSER, SUPERUSER),
    "admin/auth/group/add/": (SUPERUSER, SUPERUSER),
    "admin/auth/user/": (SUPERUSER, SUPERUSER),
    "admin/auth/user/<id>/password/": (SUPERUSER, SUPERUSER),
    "admin/auth/user/<path:object_id>/": (STAFF, STAFF),
    "admin/auth/user/<path:object_id>/change/": (SUPERUSER, SUPERUSER),
    "admin/auth/user/<path:object_id>/delete/": (SUPERUSER, SUPERUSER),
    "admin/auth/user/<path:object_id>/history/": (SUPERUSER, SUPERUSER),
    "admin/auth/user/add/": (SUPERUSER, SUPERUSER),
    "admin/autocomplete/": (NOBODY, NOBODY),
    "admin/health/": (READ, READ),
    "admin/health/<slug:chart>.csv": (READ, READ),
    "admin/jsi18n/": (STAFF, NOBODY),
    "admin/kb/apitoken/": (READ, READ),
    "admin/kb/apitoken/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/apitoken/<path:object_id>/change/": (READ, READ),
    "admin/kb/apitoken/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/apitoken/<path:object_id>/history/": (READ, READ),
    "admin/kb/apitoken/add/": (READ, READ),
    "admin/kb/coderange/": (READ, READ),
    "admin/kb/coderange/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/coderange/<path:object_id>/change/": (READ, WRITE),
    "admin/kb/coderange/<path:object_id>/delete/": (WRITE, WRITE),
    "admin/kb/coderange/<path:object_id>/history/": (READ, READ),
    "admin/kb/coderange/<path:object_id>/history/<int:revision_id>/revert/": (STAFF, STAFF),
    "admin/kb/coderange/add/": (WRITE, WRITE),
    "admin/kb/codetable/": (READ, READ),
    "admin/kb/codetable/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/codetable/<path:object_id>/change/": (READ, TABLES),
    "admin/kb/codetable/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/codetable/<path:object_id>/history/": (READ, READ),
    "admin/kb/codetable/<path:object_id>/history/<int:revision_id>/revert/": (STAFF, STAFF),
    "admin/kb/codetable/<int:pk>/export/": (TABLES, NOBODY),
    "admin/kb/codetable/<int:pk>/export.<str:ending>": (TABLES, NOBODY),
    "admin/kb/codetable/add/": (TABLES, TABLES),
    "admin/kb/flag/": (WRITE, WRITE),
    "admin/kb/flag/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/flag/<path:object_id>/change/": (WRITE, WRITE),
    "admin/kb/flag/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/flag/<path:object_id>/history/": (WRITE, WRITE),
    "admin/kb/flag/<path:object_id>/history/<int:revision_id>/revert/": (STAFF, STAFF),
    "admin/kb/flag/add/": (NOBODY, NOBODY),
    "admin/kb/importrow/": (TABLES, TABLES),
    "admin/kb/importrow/<int:pk>/rows.csv": (TABLES, TABLES),
    "admin/kb/importrow/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/importrow/<path:object_id>/change/": (TABLES, TABLES),
    "admin/kb/importrow/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/importrow/<path:object_id>/history/": (TABLES, TABLES),
    "admin/kb/importrow/add/": (NOBODY, NOBODY),
    "admin/kb/incidentlink/": (READ, READ),
    "admin/kb/incidentlink/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/incidentlink/<path:object_id>/change/": (READ, WRITE),
    "admin/kb/incidentlink/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/incidentlink/<path:object_id>/history/": (READ, READ),
    "admin/kb/incidentlink/<path:object_id>/history/<int:revision_id>/revert/": (WRITE, WRITE),
    "admin/kb/incidentlink/<path:object_id>/learned/": (READ, NOBODY),
    "admin/kb/incidentlink/add/": (WRITE, WRITE),
    "admin/kb/incidentlink/look/": (WRITE, WRITE),
    "admin/kb/incidentlink/preview/": (WRITE, WRITE),
    "admin/kb/miss/": (MISSES, MISSES),
    "admin/kb/miss/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/miss/<path:object_id>/change/": (MISSES, NOBODY),
    "admin/kb/miss/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/miss/<path:object_id>/history/": (MISSES, MISSES),
    "admin/kb/miss/add/": (NOBODY, NOBODY),
    "admin/kb/miss/ignore/": (STAFF, WRITE),
    "admin/kb/miss/phrasing/": (WRITE, WRITE),
    "admin/kb/proposal/": (WRITE, WRITE),
    "admin/kb/proposal/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/proposal/<path:object_id>/change/": (WRITE, "e"),
    "admin/kb/proposal/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/proposal/<path:object_id>/do/<slug:action>/": (STAFF, WRITE),
    "admin/kb/proposal/<path:object_id>/history/": (WRITE, WRITE),
    "admin/kb/proposal/<path:object_id>/history/<int:revision_id>/revert/": ("ie", "ie"),
    "admin/kb/proposal/<path:object_id>/rebase/": (WRITE, WRITE),
    "admin/kb/proposal/add/": (NOBODY, NOBODY),
    "admin/kb/returncode/": (READ, READ),
    "admin/kb/returncode/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/returncode/<path:object_id>/change/": (READ, WRITE),
    "admin/kb/returncode/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/returncode/<path:object_id>/history/": (READ, READ),
    "admin/kb/returncode/<path:object_id>/history/<int:revision_id>/revert/": (WRITE, WRITE),
    "admin/kb/returncode/add/": (NOBODY, NOBODY),
    "admin/kb/section/": (READ, READ),
    "admin/kb/section/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/section/<path:object_id>/change/": (READ, TABLES),
    "admin/kb/section/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/section/<path:object_id>/history/": (READ, READ),
    "admin/kb/section/<path:object_id>/history/<int:revision_id>/revert/": (STAFF, STAFF),
    "admin/kb/section/add/": (NOBODY, NOBODY),
    "admin/kb/synonym/": (WRITE, WRITE),
    "admin/kb/synonym/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/synonym/<path:object_id>/change/": (WRITE, WRITE),
    "admin/kb/synonym/<path:object_id>/delete/": (WRITE, WRITE),
    "admin/kb/synonym/<path:object_id>/history/": (WRITE, WRITE),
    "admin/kb/synonym/<path:object_id>/history/<int:revision_id>/revert/": ("ierx", "ierx"),
    "admin/kb/synonym/add/": (WRITE, WRITE),
    "admin/kb/tableimport/": (TABLES, TABLES),
    "admin/kb/tableimport/<int:pk>/answer/": (NOBODY, TABLES),
    "admin/kb/tableimport/<int:pk>/again/": (NOBODY, TABLES),
    "admin/kb/tableimport/<int:pk>/apply/": (NOBODY, TABLES),
    "admin/kb/tableimport/<int:pk>/decide/": (NOBODY, TABLES),
    "admin/kb/tableimport/<int:pk>/discard/": (NOBODY, TABLES),
    "admin/kb/tableimport/<int:pk>/rollback/": (TABLES, TABLES),
    "admin/kb/importrow/<int:pk>/back-to/": (TABLES, TABLES),
    "admin/kb/tableimport/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/tableimport/<path:object_id>/change/": (TABLES, TABLES),
    "admin/kb/tableimport/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/tableimport/<path:object_id>/history/": (TABLES, TABLES),
    "admin/kb/tableimport/add/": (NOBODY, NOBODY),
    "admin/kb/tableimport/import/": (TABLES, TABLES),
    "admin/kb/tableimport/look/<int:pk>/": (TABLES, TABLES),
    "admin/kb/troubleshootingnote/": (READ, READ),
    "admin/kb/troubleshootingnote/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/troubleshootingnote/<path:object_id>/change/": (READ, WRITE),
    "admin/kb/troubleshootingnote/<path:object_id>/delete/": (NOBODY, NOBODY),
    "admin/kb/troubleshootingnote/<path:object_id>/history/": (READ, READ),
    "admin/kb/troubleshootingnote/<path:object_id>/history/<int:revision_id>/revert/": (WRITE, WRITE),
    "admin/kb/troubleshootingnote/<path:object_id>/move/<slug:move>/": (STAFF, REVIEW),
    "admin/kb/troubleshootingnote/add/": (WRITE, WRITE),
    "admin/kb/troubleshootingnote/preview/": (STAFF, WRITE),
    "admin/kb/watchedsource/": (TABLES, TABLES),
    "admin/kb/watchedsource/<int:pk>/ask/": (NOBODY, TABLES),
    "admin/kb/watchedsource/<path:object_id>/": (STAFF, STAFF),
    "admin/kb/watchedsource/<path:object_id>/change/": (TABLES, TABLES),
    "admin/kb/watchedsource/<path:object_id>/delete/": (TABLES, TABLES),
    "admin/kb/watchedsource/<path:object_id>/history/": (TABLES, TABLES),
    "admin/kb/watchedsource/add/": (TABLES, TABLES),
    "admin/login/": (STAFF, STAFF),
    "admin/logout/": (ALL, NOBODY),
    "admin/password_change/": (STAFF, STAFF),
    "admin/password_change/done/": (STAFF, NOBODY),
    "admin/r/<path:content_type_id>/<path:object_id>/": (STAFF, STAFF),
    "api/v1/tables/<slug:slug>/export.<str:ending>": (TABLES, NOBODY),
    "api/v1/export.<str:ending>": (TABLES, NOBODY),
    r"api/[\s\S]*": (ALL, ALL),
    "api/": (ALL, NOBODY),
    "api/v1/": (ALL, NOBODY),
    "api/docs/": (ALL, NOBODY),
    "api/problems/": (ALL, NOBODY),
    "api/problems/<slug:code>/": (ALL, NOBODY),
    "api/v1/changes/": (ALL, NOBODY),
    "api/v1/snapshot/": (ALL, NOBODY),
    "api/v1/snapshot/manifest/": (ALL, NOBODY),
    "api/v1/codes/": (ALL, NOBODY),
    "api/v1/codes/(?P<pk>[0-9]{1,18})/": (ALL, NOBODY),
    "api/v1/detect/": (ALL, ALL),
    "api/v1/lookup/": (ALL, ALL),
    "api/v1/search/": (ALL, NOBODY),
    "api/v1/incidents/": (ALL, NOBODY),
    "api/v1/incidents/(?P<pk>[0-9]{1,18})/": (ALL, NOBODY),
    "api/v1/notes/": (ALL, NOBODY),
    "api/v1/notes/(?P<pk>[0-9]{1,18})/": (ALL, NOBODY),
    "api/v1/schema/": (ALL, NOBODY),
    "api/v1/tables/": (ALL, NOBODY),
    "api/v1/tables/(?P<slug>[-a-zA-Z0-9_]+)/": (ALL, NOBODY),
    "changes/": (ALL, NOBODY),
    "changes/feed/": (ALL, NOBODY),
    "codes/<slug:table>/<code:written>.json": (ALL, NOBODY),
    "codes/<slug:table>/<code:written>.md": (ALL, NOBODY),
    "codes/<slug:table>/<code:written>/": (ALL, NOBODY),
    "codes/<slug:table>/<str:section>/<code:written>.json": (ALL, NOBODY),
    "codes/<slug:table>/<str:section>/<code:written>.md": (ALL, NOBODY),
    "codes/<slug:table>/<str:section>/<code:written>/": (ALL, NOBODY),
    "detect/": (ALL, ALL),
    "embed/": (ALL, NOBODY),
    "embed/<slug:table>/<code:written>/": (ALL, NOBODY),
    "favicon.ico": (ALL, NOBODY),
    "flag/<int:pk>/": (AGENTS, AGENTS),
    "flags/": (AGENTS, NOBODY),
    "go": (ALL, NOBODY),
    "healthz": (ALL, NOBODY),
    "llms.txt": (ALL, NOBODY),
    "login/": (ALL, ALL),
    "logout/": (ALL, NOBODY),
    "mcp": (ALL, ALL),
    "mcp/": (ALL, ALL),
    "may-send/form": (STAFF, NOBODY),
    "may-send/table": (TABLES, NOBODY),
    "metrics": (ALL, NOBODY),
    "notes/<int:pk>.md": (ALL, NOBODY),
    "notes/": (ALL, NOBODY),
    "notes/<int:pk>/": (ALL, NOBODY),
    "oembed": (ALL, NOBODY),
    "opensearch.xml": (ALL, NOBODY),
    "readyz": (ALL, NOBODY),
    "report/<int:pk>/": (AGENTS, AGENTS),
    "robots.txt": (ALL, NOBODY),
    "suggest.json": (ALL, NOBODY),
    "suggest/": (ALL, NOBODY),
    "tables/<slug:table>.md": (ALL, NOBODY),
    "tables/<slug:table>/": (ALL, NOBODY),
}


def routes(resolver=None, prefix="") -> Iterator[str]:
    """Yield the route of every address that the site has, in Django's own notation."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + re.sub(r"\\Z|\^|\$", "", str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        else:
            yield route


@pytest.fixture
def people(stranger, idle_staff, agent, editor, reviewer, importer, admin):
    everybody = dict(zip("sigermx", [stranger, idle_staff, agent, editor, reviewer, importer, admin], strict=True))
    clients = {letter: Client(raise_request_exception=False) for letter in PEOPLE}
    for letter, user in everybody.items():
        clients[letter].force_login(user)
    return clients


@pytest.fixture
def ids(editor):
    """An object behind each kind of address. What would be changed by a POST does not exist: 404 is let in."""
    code = make.code()
    note = make.note("Room is gone", code)
    proposal = propose_change(note, 1, {"cause": "Closed."}, By(editor, Door.ADMIN))
    planned = TableImport.objects.create(table=code.table, state="planned")
    return {
        "coderange": make.code_range().pk,
        "miss": Miss.objects.create(text="660300002", day="2026-01-01", lookups=1).pk,
        "flag": Flag.objects.create(code=code, comment="Step 2 fails").pk,
        "codetable": code.table_id,
        "incidentlink": make.incident("Down", code).pk,
        "returncode": code.pk,
        "section": code.section_id,
        "troubleshootingnote": note.pk,
        "proposal": proposal.pk,
        "synonym": Synonym.objects.create(words="lobby, anteroom").pk,
        "tableimport": planned.pk,
        "watchedsource": WatchedSource.objects.create(table=code.table, address="https://vendor.example/").pk,
        "importrow": ImportRow.objects.create(table_import=planned, kind="changed", code="1", return_code=code).pk,
        "group": Group.objects.get(name="agent").pk,
        "user": editor.pk,
    }


QUERIES = {"oembed": "?url=http://testserver/codes/zim-server/660300001/"}
"""What a route needs to answer at all."""


def address(route, ids):
    """Fill a route in."""
    noun = re.match(r"admin/(?:kb|auth)/(\w+)/", route)
    pk = str(ids.get(noun[1], 1)) if noun else "1"
    fills = {
        "(?P<app_label>auth|kb)": "kb",
        "(?P<url>.*)": "nowhere",
        r"[\s\S]*": "nowhere",
        "(?P<pk>[0-9]{1,18})": "1",
        "(?P<slug>[-a-zA-Z0-9_]+)": "zim-server",
        "<path:object_id>": pk,
        "<id>": pk,
        "<path:content_type_id>": "1",
        "<int:revision_id>": "999999",
        "<slug:chart>": "lookups",
        "<slug:move>": "archive",
        "<slug:action>": "return",
        "<slug:table>": "zim-server",
        "<str:section>": "public",
        "<slug:slug>": "zim-server",
        "<str:ending>": "csv",
        "<code:written>": "660300001",
        "<slug:code>": "not_found",
        "<int:pk>": "999999" if noun else pk,
    }
    for part, fill in fills.items():
        route = route.replace(part, fill)
    return f"/{route}" + QUERIES.get(route, "")


def is_let_in(answer, method):
    assert answer.status_code < 500
    if answer.status_code in (301, 302):
        return "/login/" not in answer["Location"]
    return answer.status_code not in ({401, 403} if method == "get" else {401, 403, 405})


def let_in(people, where, method):
    return "".join(letter for letter, client in people.items() if is_let_in(getattr(client, method)(where), method))


def test_every_address_has_a_line_and_every_line_an_address():
    assert set(routes()) == set(ACCESS)


def test_an_address_opens_to_whom_the_table_says(people, ids):
    # In one test, because making everybody takes longer than asking for an address.
    found = {}
    for route in ACCESS:
        where = address(route, ids)
        opens = let_in(people, where, "get")
        # Logging out would end the sessions that the next addresses need.
        found[route] = (opens, NOBODY if "logout" in route else let_in(people, where, "post"))
    assert found == ACCESS


OPEN_TO_ANYBODY = {
    "login/",
    "favicon.ico",
    "robots.txt",
    "llms.txt",
    "opensearch.xml",
    "healthz",
    "readyz",
    "api/problems/",
    "api/problems/<slug:code>/",
}


def test_without_public_reading_nothing_opens_to_the_anonymous(people, ids, settings):
    settings.KB_PUBLIC_READ = False
    opened = set()
    for route, (may_open, _may_send) in ACCESS.items():
        answer = people["a"].get(address(route, ids))
        if "a" in may_open and is_let_in(answer, "get") and answer.status_code != 404:
            opened.add(route)
    assert opened == OPEN_TO_ANYBODY
