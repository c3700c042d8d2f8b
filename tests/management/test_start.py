"""Commands and the server load only what they use. A process of its own tells, because the tests load everything."""

import os
import subprocess
import sys

from kb.management.commands import detect, lookup
from tests import ROOT

SETUP = "import sys, django; django.setup(); "
LOADED = (
    "; print(*sorted({name.partition('.')[0] for name in sys.modules} | {*sys.modules} & {'config.urls', 'kb.admin'}))"
)


def loaded_by(code):
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "1"}
    command = [sys.executable, "-c", SETUP + code + LOADED]
    return set(
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.split()
    )


def test_a_look_up_in_the_shell_loads_no_pages_no_admin_and_no_spreadsheets():
    for command in (lookup, detect):
        assert command.Command.requires_system_checks == []
        loaded = loaded_by(f"import {command.__name__}")
        assert loaded & {"config.urls", "kb.admin", "openpyxl", "rest_framework", "drf_spectacular", "mcp"} == set()


def test_a_server_loads_the_library_for_assistants_at_their_first_message():
    loaded = loaded_by("from django.urls import get_resolver; get_resolver().url_patterns")
    assert {"config.urls", "kb.admin"} <= loaded
    assert "mcp" not in loaded
