"""What a deployment is made of names files, options, settings and services that exist."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from kb.management.commands.serve import Command
from kb.ops.security_headers import HEADERS
from tests import ROOT
from tests.config.test_settings import GOOD, start
from tests.faults.cluster import PRIMARY, Cluster
from tests.faults.server import manage, run_doctor
from tests.postgres import bin_dir

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
    assert "/readyz" in command[2]
    assert not re.search(r'(?i)(secret_key|password)=(?!"\$\()', DOCKERFILE)


def test_servers_are_started_with_options_that_exist():
    parser = Command().create_parser("manage.py", "serve")
    for command in commands():
        assert command[0].endswith("python")
        assert command[1:3] == ["manage.py", "serve"]
        parser.parse_args([part.replace("%i", "1").replace("$(PORT)", "1") for part in command[3:]])


def test_the_image_starts_the_server_by_a_command_of_the_product():
    command = exec_form(instructions("CMD")[-1])
    assert command == ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000", "--workers", "2"]


def test_everything_that_is_used_is_locked_with_hashes_and_in_the_image():
    """Each package of pyproject.toml and of its extras, but for the ones of developers. `meaning` has its own lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for extra, names in project["optional-dependencies"].items() if extra != "dev" for name in names]
    asked = {re.match(r"[\w-]+", name)[0].lower() for name in project["dependencies"] + extras}
    locked = re.findall(r"(?m)^([\w.-]+)==\S+.*\n    --hash=", (ROOT / "requirements.txt").read_text())
    assert {"psycopg", "redis", "mcp", "django-allauth"} <= asked
    meaning = {re.match(r"[\w-]+", name)[0] for name in project["optional-dependencies"]["meaning"]}
    assert asked - {*locked} == meaning
    larger = re.findall(r"(?m)^([\w.-]+)==\S+.*\n    --hash=", (ROOT / "requirements-meaning.txt").read_text())
    assert asked | {*locked} <= {*larger}
    assert "ARG REQUIREMENTS=requirements.txt" in DOCKERFILE
    assert '--require-hashes -r "$REQUIREMENTS"' in DOCKERFILE


def test_hadolint_finds_nothing_in_the_image():
    command = [Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_may_do_little_and_has_limits(name):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode", "userns_mode"}
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["pids_limit"] <= 256
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert "docker.sock" not in str(service)


def test_every_image_is_pinned_by_digest():
    images = [service["image"] for service in COMPOSE["services"].values() if service["image"] != "codebook"]
    images += [line.split()[0] for line in instructions("FROM") if line.split()[0] != "base"]
    assert len(images) == 4
    assert [image for image in images if not re.fullmatch(r"[\w/-]+:[\w.-]+@sha256:[0-9a-f]{64}", image)] == []


def substituted(text, known):
    """Return a value of compose.yaml as Compose reads it: `${NAME}`, `${NAME:-default}` and `${NAME:?error}`."""
    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", lambda m: known.get(m[1]) or m[2] or "", str(text))


@pytest.mark.parametrize("name", APPS)
def test_a_container_is_told_every_setting_of_the_readme(name):
    """What somebody writes into `.env` reaches the server, except for what the services decide."""
    settings = set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text())) - {"PORT"}
    assert settings == SETTINGS
    written = {setting: f"value-of-{setting}" for setting in settings} | {"POSTGRES_PASSWORD": "p$%&/ w"}
    service = APPS[name]
    assert service["env_file"] == [".env"]
    own = {setting: substituted(value, written) for setting, value in service["environment"].items()}
    told = written | own
    assert {setting for setting in settings if told[setting] != written[setting]} == {"PROMETHEUS_MULTIPROC_DIR"}
    assert set(own) - settings == {"PGPASSWORD"}
    assert own["PGPASSWORD"] == written["POSTGRES_PASSWORD"]
    for needed in ("SECRET_KEY", "ALLOWED_HOSTS"):
        assert service["environment"][needed].startswith(f"${{{needed}:?")


def test_servers_reach_the_outside_and_nothing_outside_reaches_the_database():
    inside, outside = (
        {name for name, service in COMPOSE["services"].items() if network in service["networks"]}
        for network in ("inside", "outside")
    )
    assert COMPOSE["networks"] == {"inside": {"internal": True}, "outside": None}
    assert inside == {*APPS, "database", "cache"}
    assert outside == {*APPS, "proxy"}


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
def test_compose_understands_its_file(tmp_path):
    for path in ("compose.yaml", "Dockerfile"):
        shutil.copy(ROOT / path, tmp_path)
    needed = "SECRET_KEY=abc\nALLOWED_HOSTS=desk.example\nPOSTGRES_PASSWORD=p"
    (tmp_path / ".env").write_text(f"{needed}\nKB_SSO=1\n")
    command = ["docker-compose", "--project-directory", tmp_path, "--file", tmp_path / "compose.yaml", "config"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    server = yaml.safe_load(result.stdout)["services"]["app-2"]
    assert (
        server["environment"].items() >= {"KB_SSO": "1", "REDIS_URL": "redis://cache:6379/0", "PGPASSWORD": "p"}.items()
    )
    for line in needed.splitlines():
        (tmp_path / ".env").write_text(needed.replace(line, ""))
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode != 0
        assert "into .env" in result.stderr


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
    told = {name: substituted(value, GOOD) for name, value in APPS["app-1"]["environment"].items()}
    assert told["PROMETHEUS_MULTIPROC_DIR"] == "/run/metrics"
    assert any(mount.startswith("/run/metrics:") for mount in APPS["app-1"]["tmpfs"])
    told["PROMETHEUS_MULTIPROC_DIR"] = str(tmp_path)
    result = start("check", **(GOOD | told))
    assert result.returncode == 0, result.stderr


def test_the_proxys_own_answers_have_the_security_headers_of_the_site():
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    own = dict(re.findall(r'(?m)^ *add_header ([\w-]+) "?(.*?)"? always;$', site))
    # The proxy's pages load nothing, so their policy is stricter.
    assert own.pop("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'"
    expected = {name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"}
    assert {name: own.get(name) for name in expected} == expected


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


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_the_timer_of_watched_sources(tmp_path):
    for name in ("codebook-fetch.service", "codebook-fetch.timer"):
        text = (ROOT / "deploy" / name).read_text()
        assert "ExecStart" not in text or "python manage.py fetch_tables\n" in text
        (tmp_path / name).write_text(re.sub(r"/srv/codebook/\.venv/bin/\w+", "/bin/true", text))
        result = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", tmp_path / name], capture_output=True, text=True, check=False
        )
        assert (result.returncode, "Unknown" in result.stderr) == (0, False), result.stderr
    offline = ["systemd-analyze", "security", "--offline=true", tmp_path / "codebook-fetch.service"]
    told = subprocess.run(offline, capture_output=True, text=True, check=False).stdout
    assert float(re.search(r"exposure level for \S+ ([\d.]+)", told)[1]) < 2


def test_the_unit_waits_until_the_server_is_ready():
    script = shlex.split(re.search(r"(?m)^ExecStartPost=(.*)$", SERVICE)[1].replace(r"\'", "'\\''"))[2]
    compile(re.search(r'-c "(.*?)" ', script)[1], "ExecStartPost", "exec")
    assert "/readyz" in script


def psql(cluster, role, *options):
    """Run psql as a role, in the database of its name."""
    command = [cluster.bin / "psql", "-h", cluster.home, "-p", str(PRIMARY), "-U", role, "-d", role, *options]
    known = os.environ | {"POSTGRES_PASSWORD": "p$%'\\ w"}
    return subprocess.run(command, env=known, capture_output=True, text=True, check=False)


@pytest.fixture
def database():
    """A cluster whose database `deploy/database.sql` has made, as compose.yaml does; yields it and the server's URL."""
    cluster = Cluster(alone=True, superuser="postgres")
    try:
        result = psql(cluster, "postgres", "-f", ROOT / "deploy" / "database.sql")
        assert result.returncode == 0, result.stderr
        yield cluster, f"postgres:///codebook?user=codebook&host={cluster.home}&port={PRIMARY}"
    finally:
        cluster.stop()


@pytest.mark.slow
@pytest.mark.xdist_group("clusters")
@pytest.mark.skipif(not bin_dir(), reason="PostgreSQL is not installed")
def test_the_role_of_the_application_owns_its_database_and_nothing_else(database, tmp_path):
    """It migrates, works, and backs up; it reads no other database, no file and no password, and makes no role."""
    cluster, url = database
    rights = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolpassword LIKE 'SCRAM%'"
    asked = f"SELECT {rights} FROM pg_authid WHERE rolname = 'codebook'"
    assert cluster.sql(PRIMARY, asked) == "f|t|f|f|f|t"
    assert cluster.sql(PRIMARY, "SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'postgres'") == "t"
    manage(url, "migrate", "--verbosity", "0")
    manage(url, "demo")
    extensions = psql(cluster, "codebook", "-Atc", "SELECT extname FROM pg_extension").stdout.split()
    assert "pg_trgm" in extensions
    manage(url, "backup", str(tmp_path / "copy"))
    manage(url, "shell", "-c", "from kb.models import Flag; Flag.objects.all().delete()")
    manage(url, "restore", str(tmp_path / "copy"), "--yes")
    run_doctor(url)
    for statement in FORBIDDEN:
        refusal = psql(cluster, "codebook", "-Atc", statement).stderr
        assert re.search("permission denied|must be (superuser|owner)", refusal), (statement, refusal)


FORBIDDEN = (
    "SELECT rolpassword FROM pg_authid",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    "CREATE ROLE other SUPERUSER",
    "ALTER ROLE codebook SUPERUSER",
    "ALTER DATABASE postgres SET work_mem = '1GB'",
    "ALTER SYSTEM SET work_mem = '1GB'",
)
