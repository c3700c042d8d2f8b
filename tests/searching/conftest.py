"""The ZIM table with what the demo knows about it."""

import tomllib
from importlib import import_module

import pytest
from django.conf import settings

from kb.management.commands.demo import load_knowledge, load_table
from kb.models import CodeTable, Door, Synonym
from kb.services.journal import By

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
