"""Secrets and personal data in a pasted text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.detection.judgement import candidates
from kb.text.safety.mask import BULLET, mask
from tests.work import grows_faster_than_the_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEabc+/=\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ('{"Authorization":"Basic dXNlcjpwYXNz"}', "dXNlcjpwYXNz"),
        ("curl -H 'authorization: token 1234567890abcdef'", "1234567890abcdef"),
        ("bearer AbCdEfGhIjKlMnOp", "AbCdEfGhIjKlMnOp"),
        ('"AppSign": "deadbeef00"', "deadbeef00"),
        ("ServerSecret=0123abcd", "0123abcd"),
        ('{\\"ServerSecret\\":\\"0123abcd\\"}', "0123abcd"),
        ("server_secret: '0123abcd'", "0123abcd"),
        ("X-Api-Key: k-12345", "k-12345"),
        ("api_key=k12345&x=1", "k12345"),
        ("GET /v1?AppId=1&Signature=9f8e7d&Action=x", "9f8e7d"),
        ("access_token=ya29.abc", "ya29.abc"),
        ("client_secret = 's3cr3t'", "s3cr3t"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtn/FEMI", "wJalrXUtn/FEMI"),
        (f"jwt {JWT} end", JWT),
        (f"auth-{JWT}", JWT),
        ("password:\npassword: hunter2", "hunter2"),
        ("token=\ntoken = abcdefg", "abcdefg"),
        (f"eyj-no-token eyJ.no {JWT}", JWT),
        ("password: hunter2", "hunter2"),
        ('{"password":"two words"}', "two words"),
        ("密码：hunter2", "hunter2"),
        ("Passwort=geheim", "geheim"),
        ("Cookie: sessionid=abc; csrftoken=def", "sessionid=abc; csrftoken=def"),
        ("Set-Cookie: a=b; Path=/", "a=b; Path=/"),
        ("postgres://app:s3cr3t@db/x", "s3cr3t"),
        ("key sk_live_abcdefghijklmnop", "sk_live_abcdefghijklmnop"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP"),
        ("sign " + "0af1" * 16, "0af1" * 16),
        ("mail bob.o+x@example.co.uk now", "bob.o+x@example.co.uk"),
        ("call +49 170 1234567", "+49 170 1234567"),
        ("call +8613800138000", "+8613800138000"),
        ("手机 13800138000", "13800138000"),
        ("(515) 555-0100", "(515) 555-0100"),
        ("Tel.: 0660 300 001", "0660 300 001"),
        ("phone=030123456", "030123456"),
        (KEY, "MIIEabc+/="),
        ("3056 930902 5904 refused", "3056 930902 5904"),
        ("iban de89 3704 0044 0532 0130 00", "de89 3704 0044 0532 0130 00"),
        ("Ｐａｓｓ １ password：ｘ１２３４", "ｘ１２３４"),
        ("your code is 482913", "482913"),
        ("anna [at] example [dot] com", "anna [at] example [dot] com"),
    ],
)
def test_a_secret_is_hidden(text, secret):
    assert secret in text
    masked = mask(text)
    assert secret not in masked
    assert BULLET * len(secret) in masked or "\n" in secret


@pytest.mark.parametrize(
    "text",
    [
        '{"Code":660300001,"Message":"Room does not exist.","RequestId":"343649807833778782"}',
        "error 660300001 at 2025-07-15 10:00:00,123 from 10.0.0.3:50014",
        "invalid token: 660300001",
        "Signature error. 100000005",
        "signature: 100000004 expired",
        "the code +660300001 is new",
        "ORA-00942 0xC0000005 42P01 -1009",
        "1752566400 1752566400123 20250715",
        "6f1c2a5e-1d1f-4a52-9d5b-660300001abc",
        "Password is wrong, code 3",
        "room@ and @name and a @ b",
        "root@10.0.0.3 and icon@2x.png and react@18.2.0",
        "Password: required",
        "docker run -u 1000:1000 -p 8080:80",
        "sha256:" + "0af1" * 16,
        "the error code is 21408",
        "GET /api/v1/codes/zim-server/660300001/ 200 1234",
        "660300001 200 1234",
        "the basic input/output system",
        "codes 4001 4002 4003 4010 since noon",
    ],
)
def test_ordinary_log_lines_stay_readable(text):
    assert mask(text) == text


TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(
        st.sampled_from(
            [
                "password",
                ":",
                "=",
                '"',
                "\\",
                "\n",
                "\r\n",
                "a@b.c",
                "+49 ",
                "170",
                "token",
                "cookie",
                "İ",
                " ",
                KEY,
                JWT,
                "x",
                *(
                    "4111 1111 1111 1111",
                    "DE89 3704 0044 0532 0130 00",
                    "iban",
                    "card",
                    "pin ",
                    "1234",
                    "-",
                    " is ",
                    "://",
                ),
                *(
                    "078-05-1120",
                    "660 300 001",
                    "tel ",
                    "-u ",
                    "curl ",
                    " -p",
                    "mysql ",
                    "sk-",
                    "g-1234",
                    "•",
                    "00",
                    "1.",
                    "/",
                ),
            ]
        ),
        max_size=40,
    ).map("".join),
)


@given(TEXTS)
def test_masking_keeps_length_and_lines(text):
    masked = mask(text)
    assert len(masked) == len(text)
    assert [i for i, letter in enumerate(masked) if letter in "\r\n"] == [
        i for i, letter in enumerate(text) if letter in "\r\n"
    ]
    assert all(new in (old, BULLET) for old, new in zip(text, masked, strict=True))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('password: "x a@b.de y" z', 'password: "••••••••••" z'),
        ("Tel: 030 1234567@x.de z", "Tel: •••••••••••••••• z"),
        ("Tel: 030 1234567@x.de a@b.de", "Tel: •••••••••••••••• ••••••"),
    ],
)
def test_secrets_that_overlap_are_hidden_once(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(("number", "is_hidden"), [("6603000011", False), ("66030000112", True), ("660300001x", True)])
def test_a_number_of_up_to_ten_digits_after_a_token_is_more_often_a_code(number, is_hidden):
    for text in (f"invalid token: {number}", f"signature={number}"):
        assert (number not in mask(text)) is is_hidden
    assert number not in mask(f"password: {number}")


@given(TEXTS)
def test_masking_twice_is_masking_once(text):
    assert mask(mask(text)) == mask(text)


@given(TEXTS, TEXTS)
def test_what_is_hidden_in_a_line_is_hidden_with_other_lines_around_it(before, after):
    line = f"password: hunter2 {JWT} a@example.com"
    hidden = mask(f"{before}\n\n{line}\n\n{after}").splitlines()
    assert not any("hunter2" in text or JWT in text or "a@example" in text for text in hidden)


@given(
    st.integers(100_000_000, 999_999_999),
    st.sampled_from(['{"Code":%s}', "errorCode=%s", "error %s", "it says %s", "错误码：%s"]),
)
def test_a_return_code_of_nine_digits_is_never_hidden(number, pattern):
    text = pattern % number
    assert mask(text) == text
    assert [candidate.written for candidate in candidates(mask(text))] == [str(number)]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        '"',
        "password",
        "token=",
        "-----BEGIN PRIVATE KEY-----",
        "a@",
        "eyJ",
        "+1 ",
        "1 ",
        "://",
        "secret_",
        "cookie:",
        "0 - ",
        "mysql -u ",
        "-u a:",
        "4111 1111 ",
        "DE89 ",
        "ab12",
        "12.34.",
        "password a ",
        "password is ",
        "pin 123",
        "1234 is your ",
        "tel ",
        "ssn a",
        "http://a@",
        "sk-1",
        "<password ",
        "&a,",
        "password=\x7f",
        "•@a.",
        "，是",
    ],
)
def test_the_work_grows_no_faster_than_a_hostile_text(unit):
    assert not grows_faster_than_the_text(mask, unit)
