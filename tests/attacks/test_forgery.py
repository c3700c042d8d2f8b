"""Forged requests: from another site, with unknown fields, for other people's rows."""

from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client

from kb.models import ApiToken, Change, Door, Flag, IncidentLink, ReturnCode, TroubleshootingNote
from kb.services import tokens
from kb.services.journal import By
from kb.services.proposals import propose_change
from tests import make
from tests.admin.conftest import form_data, url
from tests.test_access import ACCESS, address, ids, people  # noqa: F401 - fixtures

pytestmark = [pytest.mark.django_db, pytest.mark.wide]
EVIL = "evil.example"
# A program's doors: what they answer is read alone, and no session is asked.
PROGRAMS = {"api/v1/detect/", "api/v1/lookup/", "mcp", "mcp/", r"api/[\s\S]*"}


def rows():
    """Return everything that a forged request could change."""
    users = list(get_user_model().objects.order_by("pk").values("password", "is_superuser", "is_staff", "email"))
    things = [
        list(model.objects.order_by("pk").values("pk", "version"))
        for model in (ReturnCode, TroubleshootingNote, IncidentLink, Flag)
    ]
    return users, things, ApiToken.objects.count(), Change.objects.count()


def test_forms_from_other_sites_are_refused(people, ids):  # noqa: F811
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(get_user_model().objects.get(is_superuser=True))
    client.get("/login/")
    before, taken = rows(), {}
    for route, (_opens, sends) in ACCESS.items():
        if sends and route not in PROGRAMS:
            for headers in ({"Origin": f"https://{EVIL}"}, {"Referer": f"https://{EVIL}/"}, {}):
                answer = client.post(address(route, ids), {"title": "x", "_save": "1"}, headers=headers)
                if answer.status_code != 403 and "/login/" not in answer.get("Location", ""):
                    taken[route] = answer.status_code
    assert rows() == before
    # The admin answers 404 to a wrong address, and to one that only sends on, before it looks at a form.
    assert {route: status for route, status in taken.items() if status not in (301, 302, 404)} == {}


def test_only_the_widget_may_be_framed(people, ids):  # noqa: F811
    framed = set()
    for route in ACCESS:
        for letter in "ax":
            answer = people[letter].get(address(route, ids))
            policy = answer.get("Content-Security-Policy", "")
            if answer.get("X-Frame-Options") != "DENY" or "frame-ancestors 'none'" not in policy:
                framed.add(route)
    # Probes answer programs, and nothing on them can be pressed.
    assert framed <= {"healthz", "readyz", "metrics"}


TARGETS = [
    f"https://{EVIL}/",
    f"//{EVIL}/",
    f"///{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"https:{EVIL}",
    f"http:///{EVIL}",
    f"\thttps://{EVIL}",
    f"/%09/{EVIL}",
    f"https://testserver@{EVIL}/",
    f"https://testserver.{EVIL}/",
    "javascript:alert(1)",
    "data:text/html,x",
    f"/\r\nLocation: https://{EVIL}",
    "/\r\nSet-Cookie: stolen=1",
    f"/%0d%0aLocation: https://{EVIL}",
    f"/\t/{EVIL}",
    f"/\n/{EVIL}",
    f"/%5C{EVIL}",
    f"/%2F{EVIL}",
    f"https:/{EVIL}",
    f"https:///{EVIL}",
    f"https:\\\\{EVIL}",
    f"https://testserver\\@{EVIL}/",
    f"\x00//{EVIL}",
    f"//testserver@{EVIL}",
    f"//{EVIL}%2F..",
    f"/.//{EVIL}",
]
ASKED = [
    "/login/?next={}",
    "/admin/login/?next={}",
    "/go?q={}",
    "/?q={}",
    "/embed/?q={}",
    "/admin/?next={}",
    "/admin/kb/returncode/?_changelist_filters={}",
    "/codes/zim-server/{}/",
    "/codes/zim-server/public/{}/",
    "/admin/r/9/{}/",
]


def leads_away(answer):
    """Whether an answer leads to another site, as a browser would read it, or holds a header that was smuggled in."""
    where = answer.get("Location", "").replace("\\", "/").strip()
    elsewhere = urlsplit(where).netloc not in ("", "testserver") or urlsplit(where).scheme not in ("", "http", "https")
    lines = [line for header in answer.headers.items() for line in header]
    return elsewhere or where.startswith("//") or any(set(line) & set("\r\n") for line in lines)


@pytest.mark.parametrize("bad", [f"https://{EVIL}/", f"//{EVIL}", f"/\\{EVIL}", "javascript:alert(1)"])
def test_the_check_finds_redirects_to_other_sites(bad):
    assert leads_away(HttpResponse(headers={"Location": bad}))
    assert not leads_away(HttpResponse(headers={"Location": f"/?q=https://{EVIL}/"}))


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
def test_no_address_redirects_to_another_site(target, client, agent, editor):
    make.code()
    for user in (None, editor):
        if user:
            client.force_login(user)
        for asked in ASKED:
            answer = client.get(asked.format(target.replace("#", "%23")))
            assert answer.status_code < 500, asked
            assert not leads_away(answer), (asked, answer.headers)
            assert "stolen" not in answer.cookies
    for door in ("/login/", "/admin/login/", "/logout/", "/admin/logout/"):
        given = {"username": "agent", "password": make.PASSWORD, "next": target}
        assert not leads_away(Client().post(door, given)), door


def test_links_ignore_a_forged_host(client, settings):
    code = make.code()
    settings.ALLOWED_HOSTS = ["testserver"]
    forged = {"X-Forwarded-Host": EVIL, "X-Host": EVIL, "Forwarded": f"host={EVIL}", "X-Original-URL": f"//{EVIL}/"}
    pages = ["/", "/robots.txt", "/llms.txt", "/opensearch.xml", "/changes/feed/", code.get_absolute_url()]
    for page in [*pages, "/api/v1/codes/", "/api/v1/tables/", "/api/v1/snapshot/manifest/", "/login/", "/nowhere/"]:
        answer = client.get(page, headers=forged)
        assert EVIL not in answer.text + str(answer.headers), page
        assert client.get(page, headers={"Host": EVIL}).status_code == 400, page


# Fields that no form of these roles has and only a service may write.
SMUGGLED = {
    "state": "validated",
    "validated_by": "1",
    "validated_at_0": "2026-01-01",
    "validated_at_1": "00:00",
    "verify_reason": "smuggled",
    "is_superuser": "1",
    "is_staff": "1",
    "user_permissions": "1",
    "groups": "1",
    "id": "999",
    "pk": "999",
    "created_at": "2001-01-01",
    "vendor_description": "smuggled",
    "retired_at": "2001-01-01",
    "number": "1",
    "canonical": "smuggled",
    "table": "999",
    "raised_by": "1",
    "answer": "smuggled",
    "times_worked": "99",
}
ROLES = ["editor", "reviewer", "importer"]


@pytest.mark.parametrize("role", ROLES)
def test_unknown_form_fields_change_nothing(role, client):
    user = make.user(role, role)
    code = make.code("660300001")
    note = make.note("Room is gone", code, state="draft")
    # Saving reads a reference from the address, where there is none.
    incident = make.incident("Down", code, reference="1")
    client.force_login(user)
    for thing in (code, note, incident, code.table, code.section):
        kept = type(thing).objects.filter(pk=thing.pk).values()
        before = kept.get()
        page = client.get(url(thing))
        form = page.context["adminform"].form
        smuggled = {name: value for name, value in SMUGGLED.items() if name not in form.fields}
        assert len(smuggled) > 10
        client.post(url(thing), form_data(page) | smuggled)
        after = kept.get()
        moved = {name for name in before if before[name] != after[name]} - {"version", "updated_at"}
        assert moved == set(), (thing, moved)
    user.refresh_from_db()
    assert (user.is_superuser, user.groups.get().name) == (False, role)
    assert Change.objects.count() == 0


def test_unknown_form_fields_change_nothing_beside_valid_ones(client, editor):
    note = make.note("Room is gone", make.code(), state="draft")
    client.force_login(editor)
    page = client.get(url(note))
    client.post(url(note), form_data(page, title="Room was closed") | SMUGGLED)
    kept = TroubleshootingNote.objects.get()
    assert (kept.title, kept.version, kept.state, kept.validated_by) == ("Room was closed", 2, "draft", None)


def test_extra_fields_of_a_flag_or_a_report_are_ignored(client, agent, editor):
    code = make.code()
    note = make.note("Room is gone", code)
    client.force_login(agent)
    more = {**SMUGGLED, "owner": editor.pk, "version": 99, "audience": "public", "code": 999}
    client.post(f"/flag/{code.pk}/", {**more, "note": note.pk, "comment": "Step 2 fails"})
    client.post(f"/report/{code.pk}/", {**more, "note": note.pk, "outcome": "worked"})
    flag = Flag.objects.get()
    assert (flag.raised_by, flag.owner, flag.answer, flag.version, flag.code) == (agent, None, "", 1, code)
    note.refresh_from_db()
    assert (note.state, note.owner, note.verify_reason) == ("validated", None, "")
    agent.refresh_from_db()
    assert not agent.is_superuser


def test_rows_of_other_people_are_not_found_or_refused(client, agent, editor, reviewer, admin):
    other = make.user("other", "editor")
    token, _secret = tokens.create(other, "deploy", ["read_public"], None)
    note = make.note("Room is gone", make.code())
    proposal = propose_change(note, note.version, {"cause": "Closed."}, By(other, Door.ADMIN))
    flag = Flag.objects.create(code=note.codes.get(), comment="Wrong", raised_by=other)
    before = rows(), proposal.version
    own = [
        (f"/admin/kb/apitoken/{token.pk}/change/", {"name": "mine", "revoke": "1", "_save": "1"}),
        (f"/admin/kb/apitoken/{token.pk}/delete/", {"post": "yes"}),
        (f"/admin/kb/proposal/{proposal.pk}/do/withdraw/", {"version": proposal.version}),
        (f"/admin/kb/proposal/{proposal.pk}/change/", {"version": proposal.version, "cause": "Mine.", "_save": "1"}),
        (f"/admin/auth/user/{other.pk}/password/", {"password1": make.PASSWORD, "password2": make.PASSWORD}),
        (f"/admin/auth/user/{other.pk}/change/", {"username": "mine", "is_superuser": "1"}),
    ]
    for user in (agent, editor, reviewer):
        client.force_login(user)
        for where, data in own:
            client.get(where)
            client.post(where, data)
        assert f"#{flag.pk}" not in client.get("/flags/").text
        assert "Wrong" not in client.get("/flags/").text
    proposal.refresh_from_db()
    token.refresh_from_db()
    assert (rows(), proposal.version) == before
    assert (proposal.state, token.name, getattr(token, "revoked_at", None)) == ("open", "deploy", None)
