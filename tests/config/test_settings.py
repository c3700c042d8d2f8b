"""Settings come from the environment, and production refuses to start insecure."""

import os
import re
import subprocess
import sys

import pytest

from tests import ROOT

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
        (GOOD | {"SECRET_KEY": "short"}, "SECRET_KEY: has 5 characters; a server needs 50"),
        (GOOD | {"KB_METRICS_TOKEN": "guessme"}, "KB_METRICS_TOKEN"),
        (
            {"LOG_LEVEL": "LOUD"},
            "\n  ALLOWED_HOSTS: is not set; name the hosts that it answers to.\n  LOG_LEVEL: Must be one",
        ),
    ],
)
def test_a_bad_start_is_refused_and_names_the_variable(environment, said):
    result = start(**environment)
    assert result.returncode != 0
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    for name in ("SECRET_KEY", "KB_METRICS_TOKEN"):
        assert environment.get(name) in (None, GOOD["SECRET_KEY"]) or environment[name] not in result.stderr


@pytest.mark.slow
def test_a_server_that_refuses_to_start_says_why_without_a_traceback():
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "manage.py", "serve", "--port", "0"]
    result = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60, check=False)
    assert "SECRET_KEY: is not set" in result.stderr + result.stdout
    assert "Traceback" not in result.stderr + result.stdout


@pytest.mark.slow
def test_lists_may_have_spaces_after_their_commas():
    script = (
        "from django.conf import settings as s; print(s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS, s.SECRET_KEY_FALLBACKS)"
    )
    told = {
        "ALLOWED_HOSTS": "a.example, .b.example , [::1]",
        "CSRF_TRUSTED_ORIGINS": "https://a.example, https://*.b.example",
    }
    result = start("shell", "--no-imports", "-c", script, **GOOD | told | {"SECRET_KEY_FALLBACKS": ""})
    assert result.stdout.strip() == (
        "['a.example', '.b.example', '[::1]'] ['https://a.example', 'https://*.b.example'] []"
    ), result.stderr


@pytest.mark.slow
def test_a_good_start_passes_djangos_deployment_check():
    result = start("check", "--deploy", "--fail-level", "WARNING", **GOOD)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
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
    listed = re.findall(r"(?m)^\| `([A-Z_]+)` \|", readme)
    assert set(listed) == read | {"PORT"}
    assert len(listed) == len(set(listed))


def test_the_readme_groups_the_settings():
    readme = (ROOT / "README.md").read_text()
    settings = readme.split("### Settings\n")[1].split("\n## ")[0]
    groups = re.findall(r"(?m)^\*\*(\w[\w-]*).*\*\*\n\n\| variable ", settings)
    assert groups == ["Required", "Database", "Sign-in", "Limits", "Look"]
