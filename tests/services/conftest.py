"""Everybody who may ask a service to write, and something of each noun to write."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser

from kb.models import Bearer, Door, Flag, IgnoredMiss, Synonym, WatchedSource
from kb.services.journal import By
from kb.services.proposals import propose_change
from tests import make

PEOPLE = {
    "n": "somebody who is not logged in",
    "s": "a stranger without a role",
    "p": "a program with the token of a superuser",
    "g": "an agent",
    "e": "an editor",
    "r": "a reviewer",
    "m": "an importer",
    "x": "a superuser",
    "c": "a command on the server, which has no user",
}


@pytest.fixture
def everybody(stranger, agent, editor, reviewer, importer, admin):
    program = Bearer.objects.get(pk=admin.pk)
    program.scopes = frozenset({"read_public", "read_internal", "detect"})
    users = [AnonymousUser(), stranger, program, agent, editor, reviewer, importer, admin, None]
    return {letter: By(user, Door.API) for letter, user in zip(PEOPLE, users, strict=True)}


@pytest.fixture
def world(everybody):
    code = make.code("660300001")
    note = make.note("Room is gone", code, verify_since="2026-01-01T00:00Z", review_on="2099-01-01")
    author = By(make.user("author", "editor"), Door.ADMIN)
    table = {"vendor": "V", "product": "P", "name": "N", "slug": "new"}
    return SimpleNamespace(
        author=author,
        code=code,
        table=code.table,
        section=code.section,
        note=note,
        draft=make.note("A draft", code, state="draft"),
        archived=make.note("An old one", code, state="archived"),
        proposal=propose_change(note, 1, {"cause": "Closed."}, author),
        range=make.code_range(),
        new_range={"table": code.table, "name": "New", "first": 1, "last": 2},
        new_table=table,
        synonym=Synonym.objects.create(words="lobby, anteroom"),
        words={"words": "hall, foyer"},
        incident=make.incident("Down", code),
        flag=Flag.objects.create(code=code, comment="Wrong"),
        source=WatchedSource.objects.create(table=code.table, address="https://vendor.example/"),
        new_source={"table": make.table("other"), "kind": "url", "address": "https://vendor.example/"},
        ignored=IgnoredMiss.objects.create(text="ignored"),
    )
