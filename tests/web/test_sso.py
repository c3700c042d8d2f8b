"""Single sign-on is off by default, names its missing settings, and works when it is on."""

import os
import socket
import subprocess
import sys

import pytest
from django.urls import NoReverseMatch, reverse

from tests import ROOT
from tests.config.test_settings import GOOD, start

ON = {
    "KB_SSO": "1",
    "KB_SSO_NAME": "Example",
    "KB_SSO_ISSUER": "https://login.example/realms/support",
    "KB_SSO_CLIENT_ID": "codebook",
    "KB_SSO_CLIENT_SECRET": "s",
}


def test_single_sign_on_is_off_by_default(settings):
    assert not [app for app in settings.INSTALLED_APPS if "allauth" in app]
    with pytest.raises(NoReverseMatch):
        reverse("openid_connect_login", args=["sso"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (ON, ""),
        (ON | {"KB_SSO_CLIENT_ID": "", "KB_SSO_CLIENT_SECRET": ""}, "KB_SSO_CLIENT_ID, KB_SSO_CLIENT_SECRET"),
        (ON | {"KB_SSO_ISSUER": "http://login.example/"}, "KB_SSO_ISSUER"),
    ],
)
def test_a_start_without_its_settings_names_them(environment, message):
    result = start("check", "--deploy", "--fail-level", "WARNING", **GOOD, **environment)
    assert (message in result.stderr and result.returncode != 0) if message else result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_single_sign_on_logs_people_in_and_joins_no_accounts(tmp_path):
    run("sso_on.py", tmp_path)


@pytest.mark.slow
def test_a_provider_that_is_away_stops_nobody_but_its_own_logins(tmp_path):
    run("sso_away.py", tmp_path)


def run(file, tmp_path):
    """Run the tests of a file with single sign-on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | ON | {"KB_SSO_ISSUER": f"http://127.0.0.1:{port}"}
    environment |= {"DATABASE_URL": f"sqlite:///{tmp_path}/sso.sqlite3"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/web/{file}"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-6000:]
