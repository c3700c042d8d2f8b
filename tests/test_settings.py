"""Settings come from the environment, and production refuses to start insecure."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GOOD = {"SECRET_KEY": "correct horse battery staple " * 2, "ALLOWED_HOSTS": "codebook.example"}


def start(*command, **environment):
    """Run manage.py with nothing in the environment but what is given."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *(command or ("check",))],
        cwd=ROOT,
        env=kept | {"DATABASE_URL": "sqlite://:memory:"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": "short", "ALLOWED_HOSTS": "a.example"}, "SECRET_KEY"),
        ({"SECRET_KEY": GOOD["SECRET_KEY"]}, "ALLOWED_HOSTS"),
        ({"SECRET_KEY": GOOD["SECRET_KEY"], "ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"DEBUG": "perhaps", "LOG_LEVEL": "LOUD"}, "DEBUG"),
        ({"DEBUG": "perhaps", "LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        (GOOD | {"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        (GOOD | {"TIME_ZONE": "Mars/Base"}, "TIME_ZONE"),
        (GOOD | {"PROMETHEUS_MULTIPROC_DIR": "/nowhere/at/all"}, "PROMETHEUS_MULTIPROC_DIR"),
        (GOOD | {"KB_METRICS_ADDRESSES": "10.0.0.0/8,everybody"}, "KB_METRICS_ADDRESSES"),
    ],
)
def test_a_bad_start_is_refused_and_names_the_variable(environment, said):
    result = start(**environment)
    assert result.returncode != 0
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_good_start_passes_djangos_own_check_for_deployment():
    result = start("check", "--deploy", "--fail-level", "WARNING", **GOOD)
    assert result.returncode == 0, result.stderr


def test_the_demo_users_need_debug():
    result = start("demo", **GOOD)
    assert result.returncode != 0
    assert "DEBUG" in result.stderr


def variables_in(text, pattern):
    return set(re.findall(pattern, text))


def test_the_readme_lists_every_variable_and_no_other():
    code = (ROOT / "config" / "settings.py").read_text()
    readme = (ROOT / "README.md").read_text()
    read = variables_in(code, r'env\.\w+\(\s*"([A-Z_]+)"')
    assert len(read) > 10
    assert variables_in(readme, r"(?m)^\| `([A-Z_]+)` \|") == read | {"PORT"}


def test_no_migration_is_missing():
    result = start("makemigrations", "--check", "--dry-run", **GOOD)
    assert result.returncode == 0, result.stdout
