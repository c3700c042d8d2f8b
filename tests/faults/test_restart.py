"""Two servers behind a proxy are restarted in turn, under load and during edits: nothing is lost."""

import shutil
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.restart.__main__ import in_turn, measure, proxy
from bench.restart.__main__ import server as one_server
from tests.faults.server import Site, environment, free_port, manage, run_doctor

NOTE = "/admin/kb/troubleshootingnote/add/"
tools = [name for name in ("nginx", "wrk") if not shutil.which(name)]


def write(site, done, answers):
    """Write one note after the other, each with a number."""
    editor = site.session("editor")
    while not done.is_set():
        fields = {"title": f"Note {len(answers)}", "audience": "internal", "resolution": "Look."}
        answers.append(site.post(editor, NOTE, fields).status_code)


@pytest.mark.soak
@pytest.mark.skipif(bool(tools), reason=f"{' and '.join(tools)} not installed")
def test_servers_restarted_in_turn_lose_no_request_and_no_edit(figures, capsys):
    with tempfile.TemporaryDirectory(prefix="codebook-restart-") as folder, ExitStack() as last:
        home = Path(folder)
        home.chmod(0o755)
        url = f"sqlite:///{home}/demo.sqlite3"
        manage(url, "demo")
        front, ports = free_port(), (free_port(), free_port())
        servers, told = [ExitStack(), ExitStack()], environment(url)
        # Whichever stand in the list by then.
        last.callback(lambda: [stack.close() for stack in servers])
        for stack, port in zip(servers, ports, strict=True):
            stack.enter_context(one_server(told, port, 1))
        last.enter_context(proxy(home, front, ports))
        done, answers = threading.Event(), []
        writer = threading.Thread(target=write, args=(Site(f"http://127.0.0.1:{front}"), done, answers))
        writer.start()
        lost = measure("two servers behind nginx", front, lambda: in_turn(told, servers, ports))
        done.set()
        writer.join()
        figures("restart: " + " ".join(capsys.readouterr().out.split()) + f"; {len(answers)} notes written meanwhile")
        assert lost == 0
        assert set(answers) == {200}
        count = "from kb.models import *; print(TroubleshootingNote.objects.filter(title__startswith='Note ').count())"
        assert int(manage(url, "shell", "-v", "0", "-c", count)) == len(answers) > 5
        run_doctor(url)
