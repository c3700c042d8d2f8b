"""The ZIM table with what the demo knows about it."""

import tomllib

import pytest
from django.conf import settings

from kb.journal import By
from kb.management.commands.demo import load_knowledge, load_table
from kb.models import CodeTable, Door


@pytest.fixture
def zim(importer, editor, reviewer) -> CodeTable:
    knowledge = tomllib.loads((settings.BASE_DIR / "fixtures/zim_server_knowledge.toml").read_text(encoding="utf-8"))
    table = load_table(knowledge["table"], By(importer, Door.IMPORT))
    load_knowledge(table, knowledge, {"editor": editor, "reviewer": reviewer})
    return table


@pytest.fixture
def by(reviewer) -> By:
    return By(reviewer, Door.SHELL)
