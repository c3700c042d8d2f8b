"""A Tab in a real bash completes commands, options, tables and codes, quickly, and runs nothing that a code holds."""

import os
import pty
import re
import resource
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from kb.management.completion import words
from kb.models import Scope, Tombstone
from tests import ROOT, make
from tests.mcp.test_transports import stdio

pytestmark = [pytest.mark.django_db]


def tab(line, script):
    """Return what a Tab at the end of a line offers."""
    parts = [*shlex.split(line), ""] if line.endswith(" ") else shlex.split(line)
    at = f"COMP_WORDS=({' '.join(map(shlex.quote, parts))}) COMP_CWORD={len(parts) - 1}"
    body = f'{script}\n{at}\n_codebook\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
    answer = subprocess.run(
        ["bash", "-c", body], cwd=ROOT, env=os.environ | stdio().env, capture_output=True, text=True, check=True
    )
    return answer.stdout.split()


def tabs_in(command, lines, home):
    """Return what stands in the line of an interactive shell after a Tab at the end of each text."""
    ours, theirs = pty.openpty()
    environment = os.environ | stdio().env | {"ZDOTDIR": str(home), "TERM": "dumb"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    shell = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment, start_new_session=True
    )
    os.close(theirs)
    try:
        output(ours, "> ")
        for line in lines:
            # Control-U empties the line, for the next one; the shell echoes what it shows.
            os.write(ours, f"\x15python manage.py {line}\t".encode())
            yield output(ours, rf"manage\.py {re.escape(line)}\S* ").rpartition("manage.py ")[2]
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)


def output(terminal, end):
    """Return what a terminal shows, up to a pattern at its end; stop after 20 seconds."""
    shown, stop = "", time.monotonic() + 20
    while not re.search(f"{end}$", shown) and select.select([terminal], [], [], max(0, stop - time.monotonic()))[0]:
        # Without the bell of a Tab that has nothing to offer.
        shown += os.read(terminal, 65536).decode(errors="replace").replace("\a", "")
    return shown


@pytest.fixture
def script(capsys):
    call_command("completion", "bash")
    return capsys.readouterr().out


@pytest.mark.slow
def test_a_tab_offers_commands_options_tables_and_codes(transactional_db, script):
    for number in ("660300001", "660300002", "7"):
        make.code(number)
    make.table("rtc")
    manage = f"{sys.executable} manage.py"
    assert tab(f"{manage} look", script) == ["lookup"]
    assert {"detect", "export_table", "import_table", "lookup"} <= set(tab("./manage.py ", script))
    assert tab(f"{manage} export_table --f", script) == ["--format"]
    assert tab(f"{manage} detect --", script) == ["--json", "--public"]
    assert {"--apply", "--column", "--table"} <= set(tab(f"{manage} import_table x.csv --", script))
    assert tab(f"{manage} export_table --format ", script) == ["csv", "xlsx", "json", "ndjson", "sqlite"]
    assert tab(f"{manage} export_table --words s", script) == ["support"]
    assert tab(f"{manage} export_table --table ", script) == ["rtc", "zim-server"]
    assert tab(f"{manage} import_table x.csv --table z", script) == ["zim-server"]
    assert tab(f"{manage} lookup 6603", script) == ["660300001", "660300002"]
    assert tab(f"{manage} lookup --public 7", script) == ["7"]
    assert tab(f"{manage} create_token --scope read", script) == ["read_public", "read_internal"]
    assert tab(f"{manage} create_token bot --user anna --scope ", script) == [*Scope.values]
    # Files are completed by the shell.
    assert tab(f"{manage} detect app", script) == tab("python other.py ", script) == []


@pytest.mark.slow
def test_a_tab_takes_less_than_half_a_second(transactional_db):
    make.codes([str(n) for n in range(100_000, 105_000)], make.table())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "manage.py", "completion", "codes", "1001"],
        cwd=ROOT,
        env=os.environ | stdio().env,
        capture_output=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Of processor time: the machine may do other things meanwhile.
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 0.5


def test_a_code_that_a_shell_would_run_is_not_offered():
    for code in ("1$(reboot)", "1;ls", "1 2", "1`x`", "1*", "1'", "1:2", "1-2"):
        make.code(code)
    assert words("codes", "1") == ["1-2"]


def test_a_code_that_no_vendor_lists_is_not_offered():
    make.code("11")
    Tombstone.objects.create(code=make.code("12"))
    assert words("codes", "1") == ["11"]
    assert words("codes", "") == words("codes", "\x00") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "before"),
    [("bash --noprofile --rcfile {} -i", ""), ("zsh -i", "autoload -U compinit && compinit -u\n")],
    ids=["bash", "zsh"],
)
def test_a_tab_in_an_interactive_shell_completes(command, before, transactional_db, tmp_path):
    shell, setup = command.split()[0], tmp_path / ".zshrc"
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    make.code("660300001")
    make.table("rtc")
    setup.write_text(f"PS1='> '\n{before}source <(python manage.py completion {shell})\n")
    lines = {
        "look": "lookup ",
        "lookup 660300": "lookup 660300001 ",
        "export_table --table r": "export_table --table rtc ",
        "export_table --w": "export_table --words ",
        "export_table --words s": "export_table --words support ",
        "export_table --delimiter t": "export_table --delimiter tab ",
        "create_token --scope d": "create_token --scope detect ",
        # The shell completes files.
        "export_table --output READ": "export_table --output README.md ",
        "detect READ": "detect README.md ",
    }
    assert dict(zip(lines, tabs_in(command.format(setup).split(), lines, tmp_path), strict=True)) == lines


def test_the_command_offers_the_same_words(capsys):
    make.code("11")
    call_command("completion", "codes", "1")
    call_command("completion", "tables")
    assert capsys.readouterr().out.split() == ["11", "zim-server"]
    with pytest.raises(CommandError, match="invalid choice: 'fish'"):
        call_command("completion", "fish")
