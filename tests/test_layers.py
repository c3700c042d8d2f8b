"""The floors hold, and the house looks as its plan says."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT


@pytest.mark.slow
def test_every_import_goes_down():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_model_file_is_one_noun_and_no_file_is_called_utils():
    names = {path.name for path in (ROOT / "kb").rglob("*.py")}
    assert not names & {"utils.py", "helpers.py", "common.py", "misc.py", "signals.py"}
