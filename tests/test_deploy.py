"""What a deployment is made of names files, options, settings and services that exist."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kb.management.commands.serve import Command
from tests import ROOT
from tests.config.test_settings import GOOD, start

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICE = (ROOT / "deploy" / "codebook@.service").read_text()
SETTINGS = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text()))
APPS = {name: service for name, service in COMPOSE["services"].items() if service.get("image") == "codebook"}


def instructions(name):
    return re.findall(rf"(?m)^{name} (.*)$", DOCKERFILE)


def exec_form(text):
    return re.findall(r'"((?:[^"\\]|\\.)*)"', text)


def commands():
    yield exec_form(instructions("CMD")[-1])
    yield shlex.split(re.search(r"(?m)^ExecStart=(.*)$", SERVICE)[1])
    yield shlex.split(re.search(r"exec \$\(BIN\)/(.*manage.py .*)", (ROOT / "Makefile").read_text())[1])


def test_every_file_that_the_image_copies_is_there_and_not_ignored():
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [line.split()[0].rstrip("/") for line in instructions("COPY") if not line.startswith("--from")]
    assert len(copied) == 5
    assert [path for path in copied if not (ROOT / path).exists() or path not in let_in] == []


@pytest.mark.slow
def test_the_image_needs_no_more_than_it_copies(tmp_path):
    """Static files are collected from the copied files alone, with the settings that the image gives."""
    for line in instructions("COPY"):
        if not line.startswith("--from"):
            source = ROOT / line.split()[0]
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, tmp_path / source.name)
    (command,) = [line for line in instructions("RUN") if "collectstatic" in line]
    result = subprocess.run(
        ["sh", "-c", command.replace("/venv/bin", str(Path(sys.executable).parent))],
        cwd=tmp_path,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "staticfiles" / "staticfiles.json").exists()


def test_the_image_runs_as_nobody_in_particular_and_looks_after_itself():
    assert instructions("USER") == ["10001"]
    assert DOCKERFILE.index("\nUSER") < DOCKERFILE.index("\nCMD")
    (check,) = instructions("HEALTHCHECK")
    command = exec_form(check.partition("CMD")[2])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "HEALTHCHECK", "exec")
    assert "/healthz" in command[2]
    assert not re.search(r'(?i)(secret_key|password)=(?!"\$\()', DOCKERFILE)


def test_servers_are_started_with_options_that_exist():
    parser = Command().create_parser("manage.py", "serve")
    for command in commands():
        assert command[0].endswith("python")
        assert command[1:3] == ["manage.py", "serve"]
        parser.parse_args([part.replace("%i", "1").replace("$(PORT)", "1") for part in command[3:]])


def test_what_is_installed_is_locked_with_everything_that_is_used():
    locked = (ROOT / "requirements.txt").read_text()
    assert re.search(r"(?m)^psycopg==", locked)
    assert re.search(r"(?m)^redis==", locked)
    assert "--hash=" in locked


@pytest.mark.parametrize("name", APPS)
def test_a_container_is_told_settings_that_exist_and_may_do_little(name):
    service = APPS[name]
    assert set(service["environment"]) <= SETTINGS
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["environment"]["SECRET_KEY"].startswith("${SECRET_KEY:?")


def test_services_depend_on_services_that_exist():
    services, networks = COMPOSE["services"], COMPOSE["networks"]
    for service in services.values():
        assert set(service.get("depends_on", [])) <= set(services)
        assert set(service["networks"]) <= set(networks)
        for mount in service.get("volumes", []):
            source = mount.partition(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists()
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_the_proxy_knows_the_servers_by_name():
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    assert set(re.findall(r"server ([\w-]+):8000", site)) == {name for name in APPS if name != "migrate"}
    assert "location = /metrics { return 404; }" in site


def test_the_proxys_log_holds_no_word_that_somebody_searched_for():
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    named = re.search(r"(?s)log_format codebook (.*?);", site)[1]
    variables = set(re.findall(r"\$(\w+)", named))
    assert variables
    assert not [name for name in variables if re.search("request$|uri|args|query|referer|agent|cookie|remote", name)]
    assert re.findall(r"(?m)^ *access_log (\S+) (\w+);", site) == [("/var/log/nginx/access.log", "codebook")]
    assert "error.log crit;" in site


@pytest.mark.slow
def test_containers_settings_start_a_server(tmp_path):
    told = {name: str(value) for name, value in APPS["app-1"]["environment"].items() if "${" not in str(value)}
    assert told["PROMETHEUS_MULTIPROC_DIR"] == "/run/metrics"
    assert any(mount.startswith("/run/metrics:") for mount in APPS["app-1"]["tmpfs"])
    told["PROMETHEUS_MULTIPROC_DIR"] = str(tmp_path)
    result = start("check", **(GOOD | told | {"DATABASE_URL": "postgres://codebook:x@database/codebook"}))
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_nginx_understands_the_proxys_file(tmp_path):
    site = re.sub(r"app-[12]:8000", "127.0.0.1:8000", (ROOT / "deploy" / "nginx.conf").read_text())
    site = site.replace("/var/log/nginx", str(tmp_path))
    main = f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ access_log off; {site} }}"
    (tmp_path / "nginx.conf").write_text(main)
    command = ["nginx", "-t", "-q", "-c", tmp_path / "nginx.conf", "-e", tmp_path / "log"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path):
    unit = tmp_path / "codebook@8001.service"
    unit.write_text(re.sub(r"/srv/codebook/\.venv/bin/\w+", "/bin/true", SERVICE))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "Unknown" not in result.stderr
    offline = ["systemd-analyze", "security", "--offline=true", unit]
    told = subprocess.run(offline, capture_output=True, text=True, check=False).stdout
    assert float(re.search(r"exposure level for \S+ ([\d.]+)", told)[1]) < 2


def test_the_unit_waits_until_the_server_is_ready():
    script = shlex.split(re.search(r"(?m)^ExecStartPost=(.*)$", SERVICE)[1].replace(r"\'", "'\\''"))[2]
    compile(re.search(r'-c "(.*?)" ', script)[1], "ExecStartPost", "exec")
    assert "/readyz" in script
