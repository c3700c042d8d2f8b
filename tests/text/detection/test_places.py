"""Numbers that are a process, a port or a line of a file are no codes; lines of the kinds that system logs have."""

import pytest

from kb.text.detection.judgement import candidates, judge
from kb.text.detection.places import is_part_of_a_place

CODES = {text: text for text in ("21211", "3307", "8080", "1204", "11012", "-1856", "-1")}


def is_place(before, number, after=""):
    return is_part_of_a_place(f"{before}{number}{after}", len(before), len(before) + len(number))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Mar  4 06:25:01 gate sshd[", "]: authentication failure for anna"),
        ("2026-03-04 gate postfix/smtpd[", "]: fatal: no SASL mechanisms"),
        ("Mar  4 06:25:01 gate cron(pam_unix)[", "]: session could not start"),
        ("denied by policy: com.acme.Chat(", ") may not read /etc/hosts"),
        ("10.0.0.9:", " error: refused"),
        ("relay.acme.example:", " failed"),
        ("http://localhost:", " is unreachable"),
        ("[fe80::1]:", " unreachable"),
        ("panic at room.go:", " error"),
    ],
)
def test_a_process_a_port_and_a_line_are_places(before, after):
    assert is_place(before, "3307", after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("06:25:01 ConnectionError[", "]: gateway hung up"),
        ("TwilioRestException(", "): invalid number"),
        ("com.acme.ChatException(", "): gone"),
        ("psycopg.errors:", " gone"),
        ("gateway[", "]: it hung up"),
        ("06:25:01 [", "]: it hung up"),
        ("06:25:01 sshd[", "): it hung up"),
        ("reply (", ") of the gateway"),
        ("Chat.Room:", " is gone"),
        ("error:", " is gone"),
        ("3307", ""),
        ("", ""),
    ],
)
def test_a_number_behind_the_name_of_an_error_is_none(before, after):
    assert not is_place(before, "3307", after)


def likely(text):
    return [match.id for match in judge(text, candidates(text), CODES, (), lambda _: "The process has failed.").codes
            if match.is_likely]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "Mar  4 06:25:01 gate sshd[3307]: the process has failed to start",
        "Faulting process id: 0x2b04, the process failed",
        "the process stopped, flags: 0x2b04",
        "failed to start at 0x2b04",
        "vis=0xc0000700 on the StatusBar",
        "chat.exe - 10.0.0.9:8080 error : refused by the proxy",
        "node 12 fan critical\n3307 fan7 speed 88 normal",
        "connection state: -2147483632, next: 0",
        "message 7 is not 51 or 4294967295",
        "hash tables of 262144 entries",
    ],
)
def test_no_number_of_a_system_log_is_likely(line):
    known = CODES | {"3221227264": "0xC0000700", "2147483664": "0x80000010", "262144": "size"}
    codes = judge(line, candidates(line), known, (), lambda _: "The process has failed.").codes
    assert [match.id for match in codes if match.is_likely] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("it failed with 0x2b04", "11012"),
        ("The page shows:\n21211\nwhat is it?", "21211"),
        ("The page shows\n21211", "21211"),
        ("06:25:01 ConnectionError[21211]: gateway hung up", "21211"),
        ("Error in drag handler, returned -1856", "-1856"),
        ("open failed with -1856.", "-1856"),
    ],
)
def test_what_words_right_beside_it_call_a_code_is_likely(text, code):
    assert likely(text) == [code]


@pytest.mark.parametrize("text", ["rooms 20 -1856", "chat-1856 failed", "it failed in (5)-1856", "-1856 ms late"])
def test_a_hyphen_before_a_number_is_not_always_a_sign(text):
    assert likely(text) == []
