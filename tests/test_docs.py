"""What the documents name is there: tests, files, commands, settings and numbers."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from prometheus_client import REGISTRY

from tests.test_access import ACCESS

ROOT = Path(__file__).parents[1]
THREATS = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
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


@pytest.mark.parametrize("name", ["capacity.md", "operating.md", "threats.md"])
def test_every_linked_file_is_there(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    assert [link for link in links if "://" not in link and not (ROOT / "docs" / link).exists()] == []


def test_every_command_setting_and_address_for_operators_is_there():
    commands = set(re.findall(r"manage\.py ([a-z_]+)", OPERATING))
    assert commands >= {"backup", "restore", "doctor", "migrate"}
    assert commands <= set(get_commands())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    known = set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", readme)) | {"POSTGRES_PASSWORD", "CREATEDB", "FLUSHDB"}
    assert set(re.findall(r"`([A-Z][A-Z_]{4,})\b", OPERATING)) <= known
    assert set(re.findall(r"`/([a-z]+z|metrics)`", OPERATING)) <= set(ACCESS)


def test_every_number_worth_an_alarm_is_counted():
    counted = {family.name for family in REGISTRY.collect()} | {"codebook_database_up", "codebook_index_lag"}
    named = {name.removesuffix("_total") for name in re.findall(r"codebook_[a-z_]+", OPERATING)}
    assert named
    assert named <= counted
