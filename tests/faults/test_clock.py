"""A server's clock is set back by an hour: order, validators and histories follow the feed."""

import re
import time
from pathlib import Path

import pytest
import requests

from tests.faults.server import Server, manage, run_doctor

LIBRARY = next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), "")
CARD, CODE = "/codes/zim-server/660300001/", "/api/v1/codes/?code=660300001"
EDIT = """
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.services.notes import save_note
from kb.models import *
code = ReturnCode.objects.get(code="660300001")
edit_code(code, code.version, {"possible_reasons": "%s"}, By(None, Door.SHELL))
note = TroubleshootingNote.objects.filter(state="draft").first() or TroubleshootingNote(title="About clocks")
save_note(note, note.version if note.pk else None, {"resolution": "%s"}, By(None, Door.SHELL))
"""


@pytest.fixture
def clock(tmp_path):
    """Return the environment of processes whose clock stands in a file, and the function that sets it."""
    if not LIBRARY:
        pytest.skip("libfaketime is not installed")
    file = tmp_path / "clock"
    told = {
        "LD_PRELOAD": LIBRARY,
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    file.write_text("+3600s\n")
    return told, lambda text: file.write_text(f"{text}\n")


def feed_page(server, since):
    """Return the objects that changed after a place, in order, and the next place."""
    page = requests.get(f"{server.address}/api/v1/changes/?since={since}&limit=1000", timeout=20).json()
    return [(entry["noun"], entry["id"], entry["sequence"]) for entry in page["results"]], page["next"]


def token(url, told, expires):
    """Return a token of the agent's, made by today's clock."""
    made = manage(
        url, "create_token", "Bot", "--user", "agent", "--scope", "read_internal", "--expires", expires, **told
    )
    return {"Authorization": f"Bearer {made.strip()}"}


@pytest.mark.soak
def test_a_clock_that_is_set_back_breaks_no_order(tmp_path, clock, figures):
    told, set_clock = clock
    url = f"sqlite:///{tmp_path}/demo.sqlite3"
    manage(url, "demo", **told)
    manage(url, "shell", "-v", "0", "-c", EDIT % ("Words of the future.", "Steps of the future."), **told)
    short, long = token(url, told, "1h"), token(url, told, "12h")
    upload = tmp_path / "codes.csv"
    upload.write_text("code,description\n1,One\n2,Two\n")
    table = ["--table", "few", "--create", "--vendor", "Few", "--product", "Codes", "--name", "All"]
    manage(url, "import_table", str(upload), *table, **told)
    server = Server(url, **told)
    try:
        reviewer = server.session("reviewer")
        before = requests.get(server.address + CODE, timeout=20)
        _, place = feed_page(server, 0)
        set_clock("+0s")
        time.sleep(1.2)
        date = before.headers.get("Last-Modified", "")
        told_now = {"If-None-Match": before.headers["ETag"], "If-Modified-Since": date}
        assert requests.get(server.address + CODE, headers=told_now, timeout=20).status_code == 304
        manage(url, "shell", "-v", "0", "-c", EDIT % ("Words of today.", "Steps of today."), **told)
        time.sleep(1.2)
        after = requests.get(server.address + CODE, headers=told_now, timeout=20)
        assert after.status_code == 200
        assert "Words of today." in after.text
        assert after.headers["ETag"] != before.headers["ETag"]
        entries, _ = feed_page(server, place)
        assert [noun for noun, _id, _sequence in entries] == ["code"], "a draft is not the public's"
        moments = [line.split("|") for line in change_rows(url, told)]
        assert [at for _sequence, at in moments] == sorted(at for _sequence, at in moments)
        page = reviewer.get(server.address + "/changes/").text
        # The latest first, with the words that it replaced.
        assert 0 < page.index("today") - page.index("future") < 100
        card = reviewer.get(server.address + CARD).text
        assert "Words of today." in card
        check_pages(server, reviewer)
        # What was to end by the clock of then ends by that of now, an hour later, and nothing earlier.
        for given in (short, long):
            assert requests.get(server.address + CODE, headers=given, timeout=20).status_code == 200
        set_clock("+7300s")
        assert requests.get(server.address + CODE, headers=short, timeout=20).status_code == 401
        assert requests.get(server.address + CODE, headers=long, timeout=20).status_code == 200
        set_clock("+0s")
        apply_plan_of_the_future(url, told)
        figures("clock set back by an hour: feed, validators, histories, tokens, plans and pages in order")
    finally:
        server.stop()
    run_doctor(url)


def change_rows(url, told):
    """Return each change's number and date, in the feed's order."""
    dated = "print(*[f'{c.sequence}|{c.at:%Y-%m-%dT%H:%M:%S.%f}' for c in Change.objects.order_by('sequence')])"
    script = f"from kb.models import *\n{dated}"
    return manage(url, "shell", "-v", "0", "-c", script, **told).split()


def check_pages(server, reviewer):
    """Open every page with histories, ages and days."""
    code = re.search(r"/admin/kb/returncode/(\d+)/change/", reviewer.get(server.address + CARD).text)[1]
    shown = reviewer.get(f"{server.address}/admin/kb/returncode/{code}/history/").text
    assert 0 < shown.index("today") - shown.index("future") < 100
    for path in ("/admin/", "/admin/health/", "/admin/kb/flag/", "/admin/kb/proposal/", "/changes/feed/", "/flags/"):
        assert reviewer.get(server.address + path).status_code == 200, path


def apply_plan_of_the_future(url, told):
    """Apply a plan from before the clock change, and roll it back."""
    script = (
        "from kb.importing.applying.transaction import apply_import\n"
        "from kb.importing.applying.rollback import roll_back\n"
        "from kb.services.journal import By\nfrom kb.models import *\nby = By(None, Door.IMPORT)\n"
        "done = apply_import(TableImport.objects.get(state='planned'), by)\nprint(roll_back(done, by).state)"
    )
    assert manage(url, "shell", "-v", "0", "-c", script, **told).strip() == "applied"
