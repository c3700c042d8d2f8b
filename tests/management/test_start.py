"""Commands and the server load only what they use. A process of its own tells, because the tests load everything."""

import os
import subprocess
import sys

import pytest

from kb.management.commands import detect, lookup
from tests import ROOT

pytestmark = pytest.mark.slow
SETUP = "import sys, django; django.setup()"


def loaded_by(code, names):
    """Return which of these modules a new process has loaded after it ran a line of Python."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "1"}
    command = [sys.executable, "-c", f"{SETUP}\n{code}\nprint(*({names!r} & sys.modules.keys()))"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


def test_a_look_up_in_the_shell_loads_no_pages_no_admin_and_no_spreadsheets():
    for command in (lookup, detect):
        assert command.Command.requires_system_checks == []
        assert loaded_by(f"import {command.__name__}", {"config.urls", "kb.admin.nouns", "openpyxl", "mcp"}) == set()


def test_a_server_loads_the_library_for_assistants_at_their_first_message():
    code = "from django.urls import get_resolver; get_resolver().url_patterns"
    assert loaded_by(code, {"config.urls", "kb.admin.nouns", "mcp"}) == {"config.urls", "kb.admin.nouns"}
