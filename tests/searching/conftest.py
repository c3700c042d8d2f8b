"""The ZIM table with what the demo knows about it."""

import tomllib
from importlib import import_module

import pytest
from django.conf import settings

from kb.management.commands.demo import load_knowledge, load_table
from kb.models import CodeTable, Door, Synonym
from kb.searching import nearest
from kb.services.journal import By
from tests import make

STARTING_SYNONYMS = import_module("kb.migrations.0001_schema").SYNONYMS


@pytest.fixture
def zim(importer, editor, reviewer) -> CodeTable:
    knowledge = tomllib.loads((settings.BASE_DIR / "fixtures/zim_server_knowledge.toml").read_text(encoding="utf-8"))
    # Tests with transactions of their own empty the table that a migration filled.
    Synonym.objects.bulk_create(
        (Synonym(words=words, audience="public") for words in STARTING_SYNONYMS), ignore_conflicts=True
    )
    table = load_table(knowledge["table"], By(importer, Door.IMPORT))
    load_knowledge(table, knowledge, {"editor": editor, "reviewer": reviewer})
    return table


@pytest.fixture
def by(reviewer) -> By:
    return By(reviewer, Door.SHELL)


@pytest.fixture
def by_meaning(settings):
    """Search by meaning, whatever another test left in the memory of this process."""
    settings.KB_MEANING = True
    nearest.forget()
    yield
    nearest.forget()


@pytest.fixture
def shop():
    """The code of a public table that answers a question, and that of an internal one with the better answer."""
    public, internal = make.table("shop", vendor="Acme", product="Shop"), make.table("till", audience="internal")
    full = make.code("101", public, description="The disk of the server is full.")
    make.code("102", public, description="The connection was closed by the peer.")
    make.code("103", public, description="The password of the user is wrong.")
    secret = make.code("901", internal, description="No space is left on the storage device.")
    return full, secret
