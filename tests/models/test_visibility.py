"""Who may read what: every `visible_to` for every kind of reader, over rows that differ in exactly one thing.

`PUBLIC` and `INTERNAL` name the rows of each kind: what everybody may read, and what only internal readers may read.
"""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Permission
from django.db import transaction

from kb.models import (
    ApiToken,
    Bearer,
    Change,
    CodeRange,
    CodeTable,
    Flag,
    ImportRow,
    IncidentLink,
    Miss,
    NoteOutcome,
    Proposal,
    ReturnCode,
    Section,
    Synonym,
    TableImport,
    TroubleshootingNote,
    Upload,
    WatchedSource,
)
from kb.models.visibility import READ_INTERNAL, Reader, reader
from kb.services import tokens
from tests import make

# Otherwise pytest-django makes no database for a fixture of the module.
pytestmark = pytest.mark.django_db
NOTHING, PUBLIC, INTERNAL = Reader.NOTHING, Reader.PUBLIC, Reader.INTERNAL

LEVELS = {
    "nobody": (PUBLIC, NOTHING),
    "an anonymous visitor": (PUBLIC, NOTHING),
    "a user without a role": (PUBLIC, PUBLIC),
    "staff without a role": (PUBLIC, PUBLIC),
    "a user with every other right": (PUBLIC, PUBLIC),
    "an agent": (INTERNAL, INTERNAL),
    "an editor": (INTERNAL, INTERNAL),
    "a reviewer": (INTERNAL, INTERNAL),
    "an importer": (INTERNAL, INTERNAL),
    "a superuser": (INTERNAL, INTERNAL),
    "an agent whose account is closed": (PUBLIC, NOTHING),
    "a superuser whose account is closed": (PUBLIC, NOTHING),
    "an agent's token for public data": (PUBLIC, PUBLIC),
    "an agent's token for internal data": (INTERNAL, INTERNAL),
    "an agent's token for both": (INTERNAL, INTERNAL),
    "an agent's token for detection": (PUBLIC, PUBLIC),
    "a token for internal data of a user without a role": (PUBLIC, PUBLIC),
    "a superuser's token for public data": (PUBLIC, PUBLIC),
    "a token whose account is closed": (PUBLIC, NOTHING),
}
"""What each reader may read: on an open site, and on a closed one (`KB_PUBLIC_READ=0`)."""


def readers():
    agent, admin = make.user("agent", "agent"), make.user("admin", is_superuser=True, is_staff=True)
    stranger = make.user("stranger")
    others = make.user("others", is_staff=True)
    others.user_permissions.set(Permission.objects.exclude(codename="view_internal"))
    closed = make.user("closed", "agent", is_active=False)
    return {
        "nobody": None,
        "an anonymous visitor": AnonymousUser(),
        "a user without a role": stranger,
        "staff without a role": make.user("idle", is_staff=True),
        "a user with every other right": others,
        "an agent": agent,
        "an editor": make.user("editor", "editor"),
        "a reviewer": make.user("reviewer", "reviewer"),
        "an importer": make.user("importer", "importer"),
        "a superuser": admin,
        "an agent whose account is closed": closed,
        "a superuser whose account is closed": make.user("gone", is_superuser=True, is_active=False),
        "an agent's token for public data": bearer(agent, "read_public"),
        "an agent's token for internal data": bearer(agent, "read_internal"),
        "an agent's token for both": bearer(agent, "read_public", "read_internal"),
        "an agent's token for detection": bearer(agent, "detect"),
        "a token for internal data of a user without a role": bearer(stranger, "read_internal"),
        "a superuser's token for public data": bearer(admin, "read_public"),
        "a token whose account is closed": bearer(closed, "read_internal", check=False),
    }


def bearer(user, *scopes, check=True):
    token, secret = tokens.create(user, "Program", list(scopes), None)
    if check:
        return tokens.bearer(secret)
    person = Bearer.objects.get(pk=user.pk)
    person.scopes = frozenset(token.scopes)
    return person


def rows() -> Iterator[tuple[str, str, object]]:
    """Yield what each row is, who may read it, and the row. Rows of a kind differ from a public one in one thing."""
    tables = {"public": make.table("shown"), "internal": make.table("hidden", audience="internal")}
    codes, ranges = {}, {}
    for audience, table in tables.items():
        yield f"{audience} table", audience, table
        codes[audience] = make.code("1", table)
        ranges[audience] = make.code_range(of=table)
        yield f"section of the {audience} table", audience, codes[audience].section
        yield f"code of the {audience} table", audience, codes[audience]
        yield f"retired code of the {audience} table", audience, make.code("2", table, retired_at="2025-01-01T00:00Z")
        yield f"range of the {audience} table", audience, ranges[audience]
    yield from notes(codes, ranges)
    yield from incidents(codes)
    yield from other_rows(tables["public"], codes["public"])


def notes(codes, ranges):
    shown, hidden = codes["public"], codes["internal"]
    yield "note on a public code", "public", make.note("a", shown)
    yield "internal note on a public code", "internal", make.note("b", shown, audience="internal")
    for state in ("draft", "not_validated", "archived"):
        yield f"{state} note on a public code", "internal", make.note("c", shown, state=state)
    yield "note on an internal code", "internal", make.note("d", hidden)
    yield "note on a public and an internal code", "public", make.note("e", shown, hidden)
    yield "note on nothing", "internal", make.note("f")
    for audience, label in (("public", "note on a public range"), ("internal", "note on an internal range")):
        note = make.note("g")
        note.ranges.add(ranges[audience])
        yield label, audience, note
    both = make.note("h", hidden)
    both.ranges.add(ranges["public"])
    yield "note on an internal code and a public range", "public", both


def incidents(codes):
    shown, hidden = codes["public"], codes["internal"]
    yield "incident of a public code", "public", make.incident("a", shown)
    yield "internal incident of a public code", "internal", make.incident("b", shown, audience="internal")
    yield "incident of an internal code", "internal", make.incident("c", hidden)
    yield "incident of a public and an internal code", "public", make.incident("d", shown, hidden)
    yield "incident without codes", "public", make.incident("e")
    yield "internal incident without codes", "internal", make.incident("f", audience="internal")
    yield "resolved incident of a public code", "public", make.incident("g", shown, state="resolved")
    yield "resolved incident of an internal code", "internal", make.incident("h", hidden, state="resolved")


def other_rows(table, code):
    """Yield the rows that are internal always, and changes, which have an audience of their own."""
    note = make.note("i", code)
    for n, audience in enumerate(("public", "internal"), 1):
        change = {"kind": "created", "noun": "code", "object_id": code.pk, "label": "1", "door": "web"}
        yield f"{audience} change", audience, Change.objects.create(sequence=n, audience=audience, **change)
    proposal = {"title": "A", "audience": "public", "base": {}, "base_version": 1, "state": "accepted"}
    planned = TableImport.objects.create(table=table, state="applied")
    for label, row in {
        "proposal of a public note": Proposal.objects.create(note=note, **proposal),
        "flag of a public code": Flag.objects.create(code=code, comment="Wrong"),
        "outcome of a public note": NoteOutcome.objects.create(note=note, outcome="worked", day="2026-01-01", count=1),
        "search without an answer": Miss.objects.create(text="lobby", day="2026-01-01", lookups=1),
        "synonyms": Synonym.objects.create(words="room, lobby"),
        "import of a public table": planned,
        "uploaded file for a public table": Upload.objects.create(table=table, file_name="codes.csv"),
        "source of a public table": WatchedSource.objects.create(table=table, address="https://vendor.example/"),
        "row of an import of a public table": ImportRow.objects.create(table_import=planned, kind="new", code="1"),
    }.items():
        yield label, "internal", row


KINDS = (
    *(CodeTable, Section, ReturnCode, CodeRange, TroubleshootingNote, IncidentLink, Change),
    *(Proposal, Flag, NoteOutcome, Miss, Synonym, TableImport, ImportRow, WatchedSource, Upload),
)


@pytest.fixture(scope="module")
def visible(django_db_setup, django_db_blocker):
    """Return, by reader and kind of site, the rows that `visible_to` keeps; and the rows by audience."""
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        labels = {(type(row), row.pk): (label, audience) for label, audience, row in rows()}
        people = readers()
        seen = {}
        for site in ("open", "closed"):
            patch.setattr("django.conf.settings.KB_PUBLIC_READ", site == "open")
            for name, person in people.items():
                keys = {(kind, row.pk) for kind in KINDS for row in kind.objects.visible_to(person)}
                # `meant_for` leaves out whether a code of the note is public: it asks about a code that the reader has.
                meant = set(TroubleshootingNote.objects.meant_for(person).filter(codes__code="1").values_list("title"))
                levels = reader(person)
                seen[name, site] = levels, {labels[key][0] for key in keys if key in labels}, {t for (t,) in meant}
        transaction.set_rollback(True)
    return seen, labels.values()


def test_every_kind_of_row_with_readers_is_in_the_table(visible):
    managers = {model for model in apps.get_models() if hasattr(model._default_manager.all(), "visible_to")}
    assert managers - {Bearer} == {*KINDS, ApiToken}
    assert set(LEVELS) == {name for name, _site in visible[0]}


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("site", ["open", "closed"])
def test_a_reader_sees_the_rows_of_the_level_and_no_others(visible, name, site):
    level, rows_seen, notes_seen = visible[0][name, site]
    assert level == LEVELS[name][site == "closed"]
    audiences = {NOTHING: (), PUBLIC: ("public",), INTERNAL: ("public", "internal")}[level]
    assert rows_seen == {label for label, audience in visible[1] if audience in audiences}
    # Validated public notes on a code, whatever the code's audience; internal readers get every note on it.
    assert notes_seen == {NOTHING: set(), PUBLIC: set("adehi"), INTERNAL: set("abcdehi")}[level]


@pytest.mark.parametrize(("is_open", "level"), [(True, PUBLIC), (False, NOTHING)])
@pytest.mark.parametrize(("is_active", "is_authenticated"), [(False, True), (True, False)])
def test_rights_count_for_those_who_have_logged_in_to_an_open_account(
    settings, is_open, level, is_active, is_authenticated
):
    settings.KB_PUBLIC_READ = is_open
    # Whatever else says that somebody has rights.
    person = SimpleNamespace(
        is_active=is_active, is_authenticated=is_authenticated, has_perm=lambda perm: not is_active
    )
    assert reader(person) == level


def test_tokens_are_visible_to_their_owner_and_to_superusers():
    people = {name: make.user(name, "editor") for name in ("one", "two")}
    people["root"] = make.user("root", is_superuser=True)
    people["closed"] = make.user("closed", is_superuser=True, is_active=False)
    for name, person in people.items():
        tokens.create(person, name, ["read_public"], None)
    people["anonymous"] = AnonymousUser()
    seen = {
        name: set(ApiToken.objects.visible_to(user).values_list("name", flat=True)) for name, user in people.items()
    }
    own = {name: {name} for name in ("one", "two", "closed")}
    assert seen == own | {"root": {"one", "two", "root", "closed"}, "anonymous": set()}


def test_a_token_has_no_right_but_reading(admin):
    person = bearer(admin, "read_public", "read_internal", "detect")
    assert person.has_perm(READ_INTERNAL)
    assert not person.has_perm("kb.export_table")
    assert not person.has_module_perms("kb")
    with pytest.raises(TypeError):
        person.save()
