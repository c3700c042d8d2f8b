"""Commands and examples of the README work as written: a fresh demo, a real server, every console block."""

import doctest
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests import ROOT

# One demo serves them all; split between processes, each would make its own.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("readme")]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
TABLE = "payments.csv"
COMPARE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def steps(block):
    """Split a console block into (command, expected output); a line that ends in a backslash goes on."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif found and found[-1][0].endswith("\\"):
            found[-1][0] = found[-1][0][:-1] + line.strip()
        elif found:
            found[-1][1] += line + "\n"
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Serve the demo from a database of its own; yields what a shell needs to follow the README."""
    home = tmp_path_factory.mktemp("demo")
    (home / TABLE).write_text(re.search(r"```csv\n(.*?)```", README, re.DOTALL)[1], encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bin_dir = Path(sys.executable).parent
    environment = os.environ | {
        "DEBUG": "1",
        "KB_PUBLIC_READ": "1",
        "DATABASE_URL": f"sqlite:///{home}/demo.sqlite3",
        "PATH": f"{bin_dir}:{os.environ['PATH']}",
        "PORT": str(port),
        "TABLE": str(home / TABLE),
    }
    command = [sys.executable, "manage.py", "serve", "--demo", "--port", str(port), "--workers", "1"]
    with (
        (home / "server.log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as server,
    ):
        for _ in range(300):
            time.sleep(0.1)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield environment
        server.terminate()


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_console_block_prints_what_it_says(block, demo):
    for command, expected in steps(block):
        here = command.replace("127.0.0.1:8000", f"127.0.0.1:{demo['PORT']}").replace(TABLE, demo["TABLE"])
        here = here.replace("$PWD/.venv/bin", str(Path(sys.executable).parent))
        result = subprocess.run(
            ["bash", "-c", here], cwd=ROOT, env=demo, capture_output=True, text=True, timeout=60, check=False
        )
        printed = result.stdout.replace(demo["PORT"], "8000")
        assert doctest.OutputChecker().check_output(expected, printed, COMPARE), (
            f"$ {command}\n{printed}{result.stderr}"
        )


def test_there_are_console_blocks():
    assert len(BLOCKS) >= 2


def test_a_later_file_of_your_own_table_is_one_short_command(demo):
    file = Path(demo["TABLE"])
    reworded = file.read_text(encoding="utf-8").replace("Card expired.", "The card expired.")
    shorter = "".join(reworded.splitlines(keepends=True)[:-1])
    command = [sys.executable, "manage.py", "import_table", file, "--table", "payments", "--apply"]
    for text, options, change in [(reworded, [], "1 changed"), (shorter, ["--complete"], "1 retired")]:
        file.write_text(text, encoding="utf-8")
        result = subprocess.run([*command, *options], cwd=ROOT, env=demo, capture_output=True, text=True, check=True)
        assert change in result.stdout


@pytest.mark.parametrize("page", ["/", "/codes/zim-server/660300001/", "/login/", "/api/docs/"])
def test_the_demo_serves_its_pages(page, demo):
    with urllib.request.urlopen(f"http://127.0.0.1:{demo['PORT']}{page}", timeout=10) as answer:
        assert answer.status == 200


def test_a_second_demo_changes_nothing(demo):
    before = _feed(demo)
    subprocess.run([sys.executable, "manage.py", "demo"], cwd=ROOT, env=demo, check=True, capture_output=True)
    assert _feed(demo) == before


def _feed(demo):
    script = "from kb.models import Change; print(list(Change.objects.values_list('sequence', 'noun', 'label')))"
    command = [sys.executable, "manage.py", "shell", "-c", script]
    return subprocess.run(command, cwd=ROOT, env=demo, check=True, capture_output=True, text=True).stdout


def test_make_names_every_command_of_the_readme():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?=[`\s])", README)) - {"all"} <= targets


def test_pictures_are_small():
    pictures = [ROOT / path for path in re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)]
    assert len(pictures) == 3
    assert [picture.name for picture in pictures if picture.stat().st_size > 120_000] == []


def test_every_linked_file_is_there():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
