"""What the documents name is there: tests, files, commands, settings and numbers."""

import importlib
import re
import subprocess
import tomllib

import pytest
import yaml
from django.core.management import get_commands
from prometheus_client import REGISTRY

from kb import VERSION
from kb.ops.replicas import status
from kb.ops.replicas.watch import WATCH, State
from tests import ROOT
from tests.postgres import bin_dir
from tests.test_access import ACCESS

THREATS = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
DEVELOPING = (ROOT / "docs" / "developing.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
LINES = [line for line in THREATS.splitlines() if line.startswith("| ")][2:]


def test_every_threat_names_a_test_that_is_there():
    assert len(LINES) > 25
    for line in LINES:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", line)
        assert named, line
        for path, name in named:
            code = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"(?m)^def {name}\(", code), f"{path} has no {name}"


def test_everything_that_was_broken_names_its_test_and_no_test_of_it_is_left_out():
    named = set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", OPERATING))
    there = {
        (path.name, name)
        for path in (ROOT / "tests" / "faults").glob("test_*.py")
        for name in re.findall(r"(?m)^def (test_\w+)\(", path.read_text(encoding="utf-8"))
    }
    assert named == there


@pytest.mark.parametrize("name", ["capacity.md", "developing.md", "operating.md", "threats.md"])
def test_every_linked_file_is_there(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    assert [link for link in links if "://" not in link and not (ROOT / "docs" / link).exists()] == []


def test_every_command_setting_and_address_for_operators_is_there():
    commands = set(re.findall(r"manage\.py ([a-z_]+)", OPERATING))
    assert commands >= {"backup", "restore", "doctor", "migrate"}
    assert commands <= set(get_commands())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    known = set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", readme)) | {"POSTGRES_PASSWORD", "CREATEDB"}
    assert set(re.findall(r"`([A-Z][A-Z_]{4,})\b", OPERATING)) <= known
    assert set(re.findall(r"`/([a-z]+z|metrics)`", OPERATING)) <= set(ACCESS)


def test_every_number_worth_an_alarm_is_counted(settings, monkeypatch):
    settings.REPLICAS = ["replica1"]
    monkeypatch.setattr(WATCH, "state", lambda: State({}, primary=1))
    asked = {family.name for family in status.figures()} | {
        f"codebook_{name}" for name in ("database_up", "feed_sequence", "index_lag", "sources_troubled")
    }
    counted = {family.name for family in REGISTRY.collect()} | asked
    named = {re.sub("_(total|bucket)$", "", name) for name in re.findall(r"codebook_[a-z_]+", OPERATING)}
    assert named == {name for name in counted if name.startswith("codebook_")}


def test_what_prometheus_is_told_can_be_read():
    (scrape,) = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", OPERATING, re.DOTALL)]
    assert scrape["scrape_configs"][0]["job_name"] == "codebook"


SHELL = re.findall(r"```sh\n(.*?)```", OPERATING, re.DOTALL)


@pytest.mark.parametrize("block", SHELL, ids=range(len(SHELL)))
def test_a_shell_understands_what_it_is_told(block):
    result = subprocess.run(["sh", "-n"], input=block, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(not bin_dir(), reason="PostgreSQL is not installed")
def test_programs_of_postgresql_know_their_options():
    for program in ("pg_basebackup", "psql"):
        told = subprocess.run([bin_dir() / program, "--help"], capture_output=True, text=True, check=True).stdout
        lines = re.findall(rf"(?m)^{program} (.*)$", "\n".join(SHELL))
        assert lines
        assert {option for line in lines for option in re.findall(r"--[a-z-]+", line)} <= set(
            re.findall(r"--[a-z-]+", told)
        )


def test_the_product_says_its_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


def test_the_policy_names_the_versions_that_can_be_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rows = dict(re.findall(r"(?m)^\| (\w+) \| ([\d., ]+)", (ROOT / "SECURITY.md").read_text(encoding="utf-8")))
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()
    assert rows["Python"].strip() == ", ".join(f"3.{minor}" for minor in range(int(low), int(high)))
    assert f"django>={rows['Django'].strip()}," in " ".join(project["dependencies"])
    (image,) = re.findall(r"image: postgres:(\d+)", (ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert image in rows["PostgreSQL"].split(", ")[-1]


def test_services_and_units_are_named_as_they_are():
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    told = " ".join(re.findall(r"docker compose (?:exec|run|up)[^`\n]*", OPERATING))
    assert set(re.findall(r"\b(?:app-\d|migrate|database|cache|proxy)\b", told)) <= set(compose["services"])
    assert set(re.findall(r"deploy/[\w@.-]+", OPERATING)) <= {
        str(p.relative_to(ROOT)) for p in (ROOT / "deploy").iterdir()
    }


CREATED = {"kb/web/sections.py", "templates/kb/sections.html", "tests/web/test_sections.py", "KB_CHANGES_DAYS"}
"""What the examples of recipes create."""

PROSE = re.sub(r"(?m)^ *```.*?^ *```", "", DEVELOPING, flags=re.DOTALL)
FOLDERS = "kb|config|docs|templates|tests|bench|fixtures|deploy"


def test_every_path_for_developers_is_there():
    paths = set(re.findall(rf"[` ]((?:{FOLDERS})/[\w./-]*)(?=[` ])", PROSE))
    assert len(paths) > 80
    assert [path for path in sorted(paths - CREATED) if not (ROOT / path).exists()] == []
    files = set(re.findall(r"`([\w.-]+\.(?:md|txt|toml))`", PROSE))
    assert [name for name in files if not ((ROOT / name).exists() or (ROOT / "docs" / name).exists())] == []


def test_every_file_beside_another_is_there():
    pairs = [
        (path, name)
        for line in PROSE.splitlines()
        for path in re.findall(rf"`((?:{FOLDERS})/[\w/]+)/\w+\.py`", line)[:1]
        for name in re.findall(r"`(\w+\.py)`", line)
    ]
    assert len(pairs) > 4
    assert [pair for pair in pairs if not (ROOT / pair[0] / pair[1]).exists()] == []


def test_every_name_with_a_module_is_there():
    names = re.findall(r"`(kb(?:\.\w+)+)\.(\w+)`", PROSE)
    assert names
    assert [name for module, name in names if not hasattr(importlib.import_module(module), name)] == []


def test_every_name_that_a_step_finds_in_a_file_is_there():
    steps = re.findall(r"(?m)^\d+\. `([\w./-]+\.py)`: (.*)$", PROSE)
    names = {(path, name) for path, step in steps for name in re.findall(r"`(_?[A-Z]\w+)`", step)}
    assert len(names) > 6
    assert [
        f"{path} has no {name}"
        for path, name in sorted(names)
        if not CREATED & {path, name} and name not in (ROOT / path).read_text(encoding="utf-8")
    ] == []


def test_the_map_lists_every_package_once_in_the_order_of_the_floors():
    packages = re.findall(r"(?m)^\| `kb/(\w+)/` \|", DEVELOPING)
    assert sorted(packages) == sorted(
        path.name for path in (ROOT / "kb").iterdir() if path.is_dir() and not path.name.startswith("_")
    )
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    floors = {name: floor for floor, names in enumerate(contracts[0]["layers"]) for name in names.split(" | ")}
    order = [floors[name] for name in packages if name in floors]
    assert order == sorted(order)
    assert {*packages} - floors.keys() == {"migrations", "static"}
