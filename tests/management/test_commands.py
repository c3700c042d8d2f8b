"""Lookup and detection from the shell: output, exit status, and no control characters."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from kb.models import ReturnCode
from kb.services import usage
from tests import ROOT, make

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(db):
    return make.code("660300001", suggested_actions="Please confirm whether the input RoomId is correct.")


def run(*arguments):
    """Return what a command prints and its exit status."""
    out = io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command(*arguments, stdout=out)
    return out.getvalue(), left.value.code


@pytest.mark.parametrize(
    ("query", "words", "status"),
    [
        (["660300001"], "660300001  Room does not exist.", 0),
        (["0660300001"], "Read as: leading zeros aside.", 0),
        (["room", "does", "not", "exist"], "1 about “room does not exist”", 0),
        (["room does not exist"], "Fix the request", 0),
        (["660300007"], "near: 660300001", 1),
        (["quite other words altogether"], "is not in any table", 1),
        (["ROOM-77"], "ROOM-77 is not in any table", 1),
    ],
)
def test_a_lookup_prints_its_answer_and_exits_with_a_status(query, words, status, room):
    printed, left = run("lookup", *query)
    assert words in printed
    assert left == status


def test_a_card_has_what_an_agent_needs_in_order(room):
    note = {"customer_reply": "Dear customer, {code} of {date}.", "resolution": "1. Ask."}
    make.note("Room is gone", room, **note)
    make.incident("Rooms fail", room)
    printed, _ = run("lookup", "660300001")
    parts = [
        "OPEN INCIDENT: Rooms fail",
        "What to do: Fix the request",
        "Dear customer, 660300001 of 20",
        "1. Ask.",
        "from the vendor",
    ]
    places = [printed.find(part) for part in parts]
    assert places == sorted(places)
    assert -1 not in places


@pytest.mark.parametrize(
    ("fields", "query", "words"),
    [
        ({}, "660300001", ["ZEGOCLOUD ZIM: Return codes / Public", "Who can fix it: Customer."]),
        ({"in_section": ""}, "660300001", ["  ZEGOCLOUD ZIM: Return codes\n"]),
        ({"retired_at": timezone.now()}, "660300001", ["Retired: the vendor no longer lists it."]),
        ({"description": ""}, "660300001", ["660300001  No description."]),
        ({"possible_reasons": "It is gone."}, "660300001", ["Possible reasons from the vendor:\n    It is gone."]),
        ({}, "0660300001", ["Read as: leading zeros aside."]),
    ],
)
def test_a_card_says_what_is_known(fields, query, words):
    actions = {"suggested_actions": "Please confirm whether the input RoomId is correct."}
    make.code("660300001", **actions | fields)
    printed, left = run("lookup", query)
    assert left == 0
    assert all(word in printed for word in words)
    others = {"Retired", "Read as", "Possible reasons", "No description", "Tell the customer"}
    assert not [word for word in others if word in printed and word not in " ".join(words)]


def test_a_card_has_the_resolution_of_notes_that_are_live(room):
    make.note("Live note", room, resolution="Do this.", state="validated")
    make.note("Old note", room, resolution="Do not do this.", state="archived")
    make.note("Bare note", room, resolution=" ")
    printed, _ = run("lookup", "660300001")
    assert "Do this." in printed
    assert "Do not do this." not in printed


@pytest.mark.parametrize(("count", "first"), [(20, "20 about"), (21, "The best 20 about")])
def test_words_find_at_most_twenty_codes(count, first):
    table = make.table()
    for n in range(count):
        make.code(f"7000{n}", table, description="Gateway is offline.")
    printed, _ = run("lookup", "gateway offline")
    assert printed.startswith(f"{first} “gateway offline”:")
    assert len(printed.splitlines()) == 21


def test_a_misspelt_word_is_named_with_what_was_searched_instead(room):
    printed, left = run("lookup", "romo does not exist")
    assert ("Showing results for “room”" in printed, left) == (True, 0)


def test_an_unknown_code_says_in_which_range_it_is_and_what_is_near():
    make.code("660300001")
    make.code_range("Room")
    printed, left = run("lookup", "660300002")
    assert "660300002 is not in any table, but in a known range." in printed
    assert "belongs to 6603xxxxx Room, ZEGOCLOUD ZIM" in printed
    assert "near: 660300001  Room does not exist." in printed
    assert left == 1
    beginnings = json.loads(run("lookup", "66030", "--json")[0])["begins_so"]
    assert [code["code"] for code in beginnings] == ["660300001"]


def test_lookups_are_counted_and_those_without_an_answer_are_misses(room):
    run("lookup", "660300001")
    assert list(usage._codes.values()) == [1]
    run("lookup", "nothing like this at all")
    assert [text for text, _ in usage._misses] == ["nothing like this at all"]
    run("lookup", "room does not exist")
    assert (list(usage._codes.values()), len(usage._misses)) == ([1], 1)
    run("lookup", "other words of the public", "--public")
    assert len(usage._misses) == 1


def test_detected_codes_are_counted_if_they_are_likely(room, tmp_path):
    log = tmp_path / "app.log"
    log.write_text("error code: 660300001")
    run("detect", str(log))
    assert list(usage._codes.values()) == [1]
    make.code("404")
    log.write_text("took 404 ms")
    assert run("detect", str(log))[1] == 1
    assert list(usage._codes.values()) == [1]


def test_detect_reads_what_the_public_may_read(tmp_path):
    make.code("660300001", make.table("secret", audience="internal"))
    log = tmp_path / "app.log"
    log.write_text("error code: 660300001")
    assert run("detect", str(log))[1] == 0
    printed, left = run("detect", str(log), "--public")
    assert ("Room does not exist" in printed, left) == (False, 1)


def test_detect_names_the_range_of_an_unknown_code(tmp_path):
    make.code_range("Room")
    log = tmp_path / "app.log"
    log.write_text("x\nerror code: 660399998")
    printed, left = run("detect", str(log))
    assert "660399998  not in any table, in the range 6603xxxxx Room; line 2" in printed
    assert left == 1


def test_lookup_prints_json(room):
    printed, left = run("lookup", "660300001", "--json")
    answer = json.loads(printed)
    assert (answer["verdict"], answer["meanings"][0]["code"], left) == ("known_without_note", "660300001", 0)
    printed, left = run("lookup", "660300007", "--json")
    assert [near["code"] for near in json.loads(printed)["near"]] == ["660300001"]
    assert left == 1


EVERYTHING = ["actions", "reply", "notes", "incidents", "ranges"]


@pytest.mark.parametrize("query", ["660300001", "660300007", "0x800706BA"])
def test_json_of_the_shell_is_that_of_the_api(query, room, tmp_path, client, admin_user):
    make.note("Room is gone", room, customer_reply="Code {code}.", audience="internal")
    make.incident("Rooms fail", room)
    client.force_login(admin_user)
    log = tmp_path / "app.log"
    log.write_text(f"code={query}")

    def api(noun, **body):
        answer = client.post(f"/api/v1/{noun}/", body, content_type="application/json").content.decode()
        return json.loads(answer.replace("http://testserver/", "http://127.0.0.1:8000/"))

    with override_settings(DEBUG=True):
        looked_up = json.loads(run("lookup", query, "--json")[0])
        detected = json.loads(run("detect", str(log), "--json")[0])
    (verdict,) = api("lookup", codes=[query], include=EVERYTHING)["verdicts"]
    assert {name: looked_up[name] for name in verdict} == verdict
    assert looked_up.keys() - verdict.keys() == {"results", "corrected", "more", "begins_so"}
    answer = api("detect", text=f"code={query}", include=EVERYTHING)
    assert detected == answer | {"masked": f"code={query}"}


def test_words_find_codes_in_the_shape_of_the_api(room):
    answer = json.loads(run("lookup", "romo does not exist", "--json")[0])
    assert [(one["code"], one["section"]["slug"]) for one in answer["results"]] == [("660300001", "public")]
    assert answer["corrected"] == {"romo": "room"}


@pytest.mark.parametrize(
    "command", [["lookup", "660300001"], ["detect", "/dev/null"], ["export_table", "--format", "sqlite"]]
)
def test_a_site_that_the_public_may_not_read_says_so(command, settings):
    settings.KB_PUBLIC_READ = False
    with pytest.raises(CommandError, match="The public may read nothing on this site") as refused:
        call_command(*command, "--public")
    assert refused.value.returncode == 2


def test_an_export_for_the_public_is_sqlite(room):
    with pytest.raises(CommandError, match="--public is for sqlite, not for csv"):
        call_command("export_table", "--table", "zim-server", "--public")


def test_bytes_that_are_no_text_are_looked_up(room):
    assert json.loads(run("lookup", "66\udcff", "--json")[0])["verdict"] == "unknown"


def test_the_shell_reads_everything_except_with_public(settings):
    make.code("77", make.table("secret", audience="internal"), description="Internal words.")
    assert run("lookup", "77")[1] == 0
    printed, left = run("lookup", "77", "--public")
    assert "Internal" not in printed
    assert left == 1


def test_control_characters_are_not_printed():
    make.code("5", description="Red \x1b[31malert\x1b[0m \u202egnp \x07")
    printed, _ = run("lookup", "5")
    assert not set("\x1b\u202e\x07") & set(printed)


@pytest.mark.parametrize(
    ("text", "words", "status"),
    [
        ('{"code": 660300001, "mail": "anna@example.com"}', "660300001  Room does not exist.", 0),
        ("error code: 660300001\n" * 3, "3 times, first on line 1.", 0),
        ("all is well", "No known code", 1),
        ("error code: 660399999", "660399999  not in any table", 1),
        ("", "No known code", 1),
    ],
)
def test_codes_of_a_file_are_found(text, words, status, room, tmp_path):
    log = tmp_path / "app.log"
    log.write_text(text)
    printed, left = run("detect", str(log))
    assert words in printed
    assert left == status


def test_detect_prints_json_with_codes_and_masked_text(room, tmp_path):
    log = tmp_path / "app.log"
    log.write_text('{"code": 660300001, "mail": "anna@example.com"}')
    answer = json.loads(run("detect", str(log), "--json")[0])
    assert answer["codes"][0]["meanings"][0]["code"] == "660300001"
    assert "anna@" not in answer["masked"]


def test_codes_beyond_those_that_are_listed_are_counted(tmp_path):
    log = tmp_path / "app.log"
    log.write_text("\n".join(f"code=66000{n:04}" for n in range(103)))
    assert "\n3 more look like codes and are not in any table.\n" in run("detect", str(log))[0]
    assert json.loads(run("detect", str(log), "--json")[0])["not_listed"] == 3


def test_standard_input_is_read(room, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"code: 660300001 \xff\xfe")))
    assert run("detect", "-")[1] == 0


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_detect_reads_a_log_in_utf_16(room, tmp_path, charset):
    log = tmp_path / "app.log"
    log.write_bytes("failed, code=660300001\r\n".encode(charset))
    printed, left = run("detect", str(log))
    assert (left, "660300001" in printed) == (0, True)


def test_detect_refuses_bytes_that_are_no_text_in_a_sentence(tmp_path):
    log = tmp_path / "app.log"
    log.write_bytes(b"ab\x00cd\x00\x00e" * 50)
    with pytest.raises(CommandError, match="Send it in UTF-8") as error:
        call_command("detect", str(log))
    assert error.value.returncode == 2


@pytest.mark.parametrize("arguments", [["detect", "/no/such/file"], ["lookup", "  "]])
def test_wrong_usage_says_what_is_wrong(arguments):
    with pytest.raises(CommandError) as refused:
        call_command(*arguments)
    assert refused.value.returncode == 2


def test_a_file_that_is_too_long_is_refused(tmp_path):
    (tmp_path / "big.log").write_bytes(b"x" * 2**20)
    assert run("detect", str(tmp_path / "big.log"))[1] == 1
    (tmp_path / "big.log").write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(CommandError, match="the limit is 1,048,576") as refused:
        call_command("detect", str(tmp_path / "big.log"))
    assert refused.value.returncode == 2


def test_a_real_shell_sees_status_2_and_no_traceback():
    environment = os.environ | {"DEBUG": "1"}
    result = subprocess.run(
        [sys.executable, "manage.py", "lookup"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "usage:" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def environment(transactional_db):
    """Return what a process needs to use the database of this test."""
    name = connection.settings_dict["NAME"]
    server = "sqlite://" if connection.vendor == "sqlite" else os.environ["DATABASE_URL"].rpartition("/")[0]
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "1",
        "DATABASE_URL": f"{server}/{name}",
    }


@pytest.mark.slow
def test_an_export_whose_reader_leaves_early_ends_in_silence(environment):
    table = make.table()
    section = make.section(table)
    ReturnCode.objects.bulk_create(
        ReturnCode(
            table=table, section=section, code=n, identity=n, canonical=n, position=n, vendor_description="Busy. " * 900
        )
        for n in range(200)
    )
    # 1 MB: far more than a pipe holds.
    command = f"{sys.executable} manage.py export_table --table zim-server | head -n 1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (141, "")
    assert result.stdout.startswith("section,code,")
    assert result.stdout.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["lookup", "660300001"],
        ["detect", "-", "--json"],
        ["export_table", "--format", "sqlite"],
    ],
    ids=" ".join,
)
def test_a_command_whose_reader_is_gone_ends_in_silence(command, room, environment):
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(writer)
    assert (process.communicate()[1], process.returncode) == (b"", 141)


@pytest.mark.slow
def test_an_export_to_a_full_disk_says_so(room, environment):
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "manage.py", "export_table", "--table", "zim-server"],
            cwd=ROOT, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (result.returncode, result.stderr) == (1, "CommandError: [Errno 28] No space left on device\n")


def test_detect_prints_what_fills_a_message(tmp_path):
    make.code("70001", description='shelf "%s" is not part of aisle "%s"')
    log = tmp_path / "app.log"
    log.write_text('x\nERROR: shelf "B\x1b7" is not part of aisle "north"')
    printed, left = run("detect", str(log))
    assert "Line 2. The line has the message of this code." in printed
    assert "aisle: north" in printed
    assert "\x1b" not in printed
    (code,) = json.loads(run("detect", str(log), "--json")[0])["codes"]
    assert code["filled"][1] == {"name": "aisle", "text": "north"}
    assert (code["message"], left) == (code["query"], 0)


def test_a_lookup_of_an_unknown_code_says_so_before_the_codes_that_mention_it(room):
    make.code("5", description="Like 99 in the old version.")
    printed, left = run("lookup", "99")
    assert left == 0
    assert printed.index("99 is not in any table.") < printed.index("1 about “99”:")
