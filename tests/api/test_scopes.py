"""Every address of the API for every kind of caller: which open, and who gets internal words there."""

import json

import pytest
from django.test import Client

from kb.models import ReturnCode
from kb.models.tokens import Scope
from kb.services import tokens
from kb.services.codes import edit_code
from kb.services.journal import By
from tests.api.all_requests import operations

pytestmark = [pytest.mark.django_db, pytest.mark.wide]
NOTHING, PUBLIC, INTERNAL = "nothing", "public", "internal"
QUERIES = {"/api/v1/search/": "?q=hush", "/api/v1/changes/": "?since=0"}
BODIES = {"/api/v1/lookup/": {"codes": ["660300001"]}, "/api/v1/detect/": {"text": "code=660300001"}}
EXPORTS = {"/api/v1/tables/{slug}/export.{ending}", "/api/v1/export.{ending}"}
SAME_FOR_ALL = "/api/v1/schema/"
"""Its answer takes long to make, so only these ask for it."""
ASK_FOR_IT = {"nobody", "session of an agent", "read_public", "detect"}
FEW = {"nobody", "session of a stranger", "read_public", "read_internal", "detect"}
SCOPES = [("read_public",), ("read_internal",), ("detect",), ("detect", "read_public")]


def token(person, *scopes):
    secret = tokens.create(person, "bot", list(scopes), None)[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def session(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def callers(agent, importer, admin, stranger):
    """Each kind of caller with what it reads, whether it only detects, and whether it exports."""
    callers = {
        "nobody": (Client(), PUBLIC, False, False),
        "session of a stranger": (session(stranger), PUBLIC, False, False),
        "session of an agent": (session(agent), INTERNAL, False, False),
        "session of an importer": (session(importer), INTERNAL, False, True),
        "token of a stranger": (token(stranger, *Scope.values), PUBLIC, False, False),
        "token of an importer": (token(importer, *Scope.values), INTERNAL, False, True),
        "token of an importer without the scope": (token(importer, "read_internal"), INTERNAL, False, False),
        "token of a superuser": (token(admin, "read_public", "detect"), PUBLIC, False, False),
    }
    for scopes in SCOPES:
        level = INTERNAL if "read_internal" in scopes else PUBLIC
        callers[" ".join(scopes)] = (token(agent, *scopes), level, scopes == ("detect",), False)
    return callers


@pytest.fixture
def places(hidden, admin):
    """The addresses by their path in the description; details and exports are of internal rows."""
    code = ReturnCode.objects.get(pk=hidden["codes"])
    edit_code(code, code.version, {"description": "Hush."}, By(admin, "shell"))
    names = {"{slug}": hidden["tables"], "{ending}": "sqlite"}
    places = {}
    for method, path, _ in operations():
        address = path.replace("{id}", str(hidden.get(path.split("/")[3], "")))
        for name, value in names.items():
            address = address.replace(name, value)
        places[path] = (method, address + QUERIES.get(path, ""))
    return places


def ask(client, method, path, address):
    if method == "post":
        return client.post(address, json.dumps(BODIES[path]), content_type="application/json")
    return getattr(client, method)(address)


def expected_status(path, level, detects, exports):
    is_hidden = "{id}" in path or "{slug}" in path
    if level == NOTHING:
        return 401
    if detects and path != "/api/v1/detect/":
        return 403
    if path in EXPORTS and not exports:
        return 403
    return 404 if is_hidden and level == PUBLIC else 200


@pytest.mark.parametrize("is_open", [True, False])
def test_each_address_opens_for_each_caller_and_tells_internal_words_to_internal_readers(
    callers, places, settings, is_open
):
    settings.KB_PUBLIC_READ = is_open
    wrong = {}
    for who, (client, level, detects, exports) in callers.items():
        level = NOTHING if who == "nobody" and not is_open else level
        for path, (method, address) in places.items():
            if path == SAME_FOR_ALL and who not in ASK_FOR_IT:
                continue
            if not is_open and (who not in FEW or path == SAME_FOR_ALL):
                continue
            answer = ask(client, method, path, address)
            expected = expected_status(path, level, detects, exports)
            # Exports of nobody are refused for the lack of a login.
            expected = 401 if who == "nobody" and path in EXPORTS else expected
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            tells = b"hush" in body.lower().replace(b'"query":"hush"', b"").replace(b"q=hush", b"")
            may_tell = answer.status_code == 200 and level == INTERNAL and path != SAME_FOR_ALL
            if answer.status_code != expected or (tells is not may_tell and "manifest" not in path):
                wrong[who, path] = (answer.status_code, expected, tells)
    assert wrong == {}


def test_a_manifest_counts_what_its_reader_may_read(callers, places):
    counts = {}
    for client, level, detects, _ in callers.values():
        if not detects:
            counts.setdefault(level, set()).add(client.get("/api/v1/snapshot/manifest/").json()["counts"]["code"])
    assert counts == {PUBLIC: {1}, INTERNAL: {2}}


def test_nobody_writes_with_whatever_rights(callers, places):
    clients = [callers[who][0] for who in ("session of an importer", "token of a superuser")]
    reads = [address for method, address in places.values() if method == "get"]
    statuses = [
        getattr(client, method)(address).status_code
        for client in clients
        for method in ("post", "delete")
        for address in reads
    ]
    assert set(statuses) <= {403, 405}


def test_every_answer_says_which_cache_may_keep_it(callers, places):
    expected = {"nobody": "public, max-age=10, must-revalidate", "session": "private, no-store"}
    wrong = {}
    for who in ("nobody", "session of an importer", "read_internal"):
        client = callers[who][0]
        for path, (method, address) in places.items():
            if path == SAME_FOR_ALL and who != "nobody":
                continue
            answer = ask(client, method, path, address)
            kept_out = method == "post" or (path in EXPORTS and answer.status_code == 200)
            private = "private, no-cache" if who == "read_internal" else expected[who.split()[0]]
            if answer.status_code >= 400 and "session" not in who:
                private = "private, no-cache"
            header = set(answer.get("Cache-Control", "").split(", "))
            wanted = {"private", "no-store"} if kept_out else set(private.split(", "))
            varies = {"Accept", "Authorization", "Cookie"} <= set(answer["Vary"].split(", "))
            if path in EXPORTS and answer.status_code != 200:
                continue
            if header != wanted or not (varies or kept_out):
                wrong[who, path] = (answer.status_code, header, answer["Vary"])
    assert wrong == {}
