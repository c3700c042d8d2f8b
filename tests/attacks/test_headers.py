"""The headers and cookies of every kind of answer, as the lists of OWASP and the Mozilla observatory want them."""

import re
from pathlib import Path

import pytest
from django.test import Client

from tests import make
from tests.api.test_cors import HERE
from tests.test_access import ACCESS, address, ids, people  # noqa: F401 - fixtures

pytestmark = [pytest.mark.django_db, pytest.mark.wide]
STATIC = Path(__file__).parents[2] / "kb/static/kb"
DESK = "https://desk.example"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
NEEDS_A_YES = {"camera", "microphone", "geolocation", "payment", "usb", "serial", "display-capture", "clipboard-read"}
NEVER = {"Server", "X-Powered-By", "Via", "X-Runtime", "X-AspNet-Version", "Public-Key-Pins", "Expect-CT"}
# These answer before TLS is asked for: to a prober inside, and to a browser's question about CORS.
WITHOUT_TLS = ("/healthz", "/readyz", "/metrics", "preflight")
DOWNLOADS = ("text/csv", "application/octet-stream", "application/vnd", "application/zip", "application/x-ndjson")
SAME_FOR_EVERYBODY = {"/robots.txt", "/llms.txt", "/opensearch.xml", "/healthz", "/readyz", "/admin/jsi18n/"}
# As JSON. As pages they have the person's name, and `no-store`.
SAME_FOR_EVERYBODY |= {"/api/problems/", "/api/problems/not_found/"}


@pytest.fixture(autouse=True)
def production(settings):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.KB_METRICS_TOKEN, settings.CORS_ALLOWED_ORIGINS = "m" * 40, [HERE]


def policy_of(answer):
    parts = (part.split(" ", 1) for part in answer.get("Content-Security-Policy", "").split("; ") if part)
    return dict(parts)


def flaws(answer, kind=""):
    """Yield what an answer lacks or tells too much, in words."""
    for name, value in ALWAYS.items():
        if answer.get(name) != value and not (name.startswith("Strict") and kind.startswith(WITHOUT_TLS)):
            yield f"{name}: {answer.get(name)}"
    if policy_of(answer) != POLICY:
        yield f"policy {policy_of(answer)}"
    allowed = dict(re.findall(r"([a-z-]+)=(\([^)]*\))", answer.get("Permissions-Policy", "")))
    if not {name for name, who in allowed.items() if who == "()"} >= NEEDS_A_YES:
        yield f"permissions {allowed}"
    yield from (f"tells {name}" for name in NEVER & set(answer.headers))
    if answer.get("Access-Control-Allow-Origin") == "*" or "Access-Control-Allow-Credentials" in answer:
        yield "lets any site read it"
    is_download = answer.get("Content-Type", "").startswith(DOWNLOADS)
    if is_download and not re.fullmatch(r'attachment; filename="[\w.-]+"', answer.get("Content-Disposition", "")):
        yield f"download {answer.get('Content-Disposition')}"
    for cookie in (cookie for cookie in answer.cookies.values() if cookie["max-age"] != 0):
        kept = {name: cookie[name] for name in ("secure", "httponly", "samesite", "path", "domain")}
        if kept != {"secure": True, "httponly": True, "samesite": "Lax", "path": "/", "domain": ""}:
            yield f"cookie {cookie.key} {kept}"


def asked(client, where, **options):
    return client.get(where, secure=True, **options)


def test_every_address_has_the_headers_for_everybody(people, ids):  # noqa: F811
    found = {}
    for route in ACCESS:
        where = address(route, ids)
        for letter in "agx":
            wrong = list(flaws(asked(people[letter], where), where))
            if wrong:
                found[where, letter] = wrong
    assert found == {}


def other_kinds():
    """Return the answers that no address gives by itself, by kind."""
    client = Client(raise_request_exception=False)
    ask = {"Origin": HERE, "Access-Control-Request-Method": "GET"}
    return {
        "static file": asked(client, "/static/kb/codebook.css"),
        "static file that is missing": asked(client, "/static/kb/none.css"),
        "unknown address": asked(client, "/nowhere/"),
        "wrong host": asked(client, "/", headers={"Host": "evil.example"}),
        "wrong parameter": asked(client, "/tables/zim-server/?section=none"),
        "form without a token": Client(enforce_csrf_checks=True).post("/detect/", {"text": "1"}, secure=True),
        "log-in that fails": client.post("/login/", {"username": "agent", "password": "x"}, secure=True),
        "log-in": client.post("/login/", {"username": "agent", "password": make.PASSWORD}, secure=True),
        "choice of a table": asked(client, "/codes/zim-server/660300001/"),
        "log-out": client.post("/logout/", secure=True),
        "method that is not allowed": client.put("/", secure=True),
        "OPTIONS": client.options("/", secure=True),
        "HEAD": client.head("/", secure=True),
        "problem": asked(client, "/api/v1/codes/?cod=3"),
        "API for another site": asked(client, "/api/v1/codes/", headers={"Origin": HERE}),
        "preflight": client.options("/api/v1/codes/", secure=True, headers=ask),
        "preflight of another site": client.options("/api/v1/codes/", secure=True, headers=ask | {"Origin": DESK}),
        "/metrics": asked(client, "/metrics", headers={"Authorization": f"Bearer {'m' * 40}"}),
        "failure": failure(client),
    }


def failure(client):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kb.web.home.render", None)
        return asked(client, "/")


def test_every_other_kind_of_answer_has_the_headers(agent):
    make.code()
    make.code(of=make.table("other"))
    answers = other_kinds()
    codes = {kind: answer.status_code for kind, answer in answers.items()}
    assert {kind: list(flaws(answer, kind)) for kind, answer in answers.items() if [*flaws(answer, kind)]} == {}
    assert (codes["static file"], codes["wrong host"], codes["failure"]) == (200, 400, 500)
    assert (codes["/metrics"], codes["problem"], codes["form without a token"]) == (200, 400, 403)
    names = {name for answer in answers.values() for name in answer.cookies}
    assert names >= {"sessionid", "csrftoken", "table"}


def test_an_answer_without_tls_leads_there(settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().post("/login/", {"username": "x", "password": "y"})
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/login/")
    assert list(flaws(answer, "preflight")) == []


def test_what_a_logged_in_person_reads_is_in_no_cache(people, ids):  # noqa: F811
    kept = {}
    for route in ACCESS:
        where = address(route, ids)
        answer = asked(people["x"], where)
        is_for_all = where in SAME_FOR_EVERYBODY or where.startswith("/oembed")
        if not is_for_all and answer.status_code == 200:
            words = set(answer.get("Cache-Control", "").split(", "))
            if not {"private", "no-store"} <= words:
                kept[where] = answer.get("Cache-Control")
    assert kept == {}


@pytest.mark.parametrize("where", ["/embed/", "/embed/zim-server/1/", "/embed/no/1/"])
def test_only_the_origins_in_the_settings_may_frame_the_widget(where, settings):
    settings.KB_EMBED_ORIGINS = [DESK]
    make.code("1")
    answer = asked(Client(), where)
    assert policy_of(answer) == POLICY | {"frame-ancestors": DESK}
    assert "X-Frame-Options" not in answer
    # A help desk with an embedder policy of its own needs this to frame it.
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_cookies_of_scripts_are_as_safe():
    scripts = {path.name: path.read_text() for path in STATIC.glob("*.js")}
    written = [line for text in scripts.values() for line in text.splitlines() if "document.cookie =" in line]
    assert len(written) == 2
    assert all("samesite=lax" in line and "${secure}" in line for line in written)
    # So the session and the token can stay out of the reach of scripts.
    assert not any("csrftoken" in text or "sessionid" in text for text in scripts.values())
