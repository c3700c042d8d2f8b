"""Secrets and personal data in a pasted text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.detection.judgement import candidates
from kb.text.safety import mask as mask_module
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


KINDS = {
    "a password with a semicolon": [
        ("Server=sql7;Uid=anna;Pwd=sun;flower8;Database=shop", "sun;flower8"),
        ("Data Source=x;Password=oak;Elm7;Connection Timeout=30", "oak;Elm7"),
        ("password = maple;birch;3\nport = 1", "maple;birch;3"),
    ],
    "a doubled quote": [
        ("Pwd='it''s;mine4';Server=x", "it''s;mine4"),
        ('Password="say ""no"" 4";Server=x', 'say ""no"" 4'),
        ("WITH PASSWORD = N'two;words'", "two;words"),
    ],
    "what code stores under a name": [
        ("define('FTP_PASSWORD', 'green garden gate');", "green garden gate"),
        ('props.setProperty("db.password", "green gate");', "green gate"),
        ("define('AUTH_SALT', 'g]r(e;e n#g&a t+e');", "g]r(e;e n#g&a t+e"),
    ],
    "a key of PuTTY": [
        ("Private-Lines: 1\nAAAAIGq8Zt0PmXc5VbNaLrKjHg\nPrivate-MAC: 00ff", "AAAAIGq8Zt0PmXc5VbNaLrKjHg"),
        ("Private-MAC: 00112233445566778899aabbccddeeff00112233", "00112233445566778899aabbccddeeff00112233"),
    ],
    "plain words": [
        ("passphrase: velvet anchor noodle", "velvet anchor noodle"),
        ("Passphrase: correct donkey velvet anchor", "correct donkey velvet anchor"),
        ("the passphrase of my key is velvet anchor noodle, still 255", "velvet anchor noodle"),
        ("my password is velvet anchor noodle but I get 530", "velvet anchor noodle"),
        ("my passphrase (velvet anchor noodle) is refused", "velvet anchor noodle"),
        ('the password is "velvet anchor"', "velvet anchor"),
        ("SMTP_PASSWORD=the velvet anchor\nSMTP_PORT=25", "the velvet anchor"),
    ],
    "lines of YAML": [
        ("client_secret: |\n  ab12CD34\n  ef56GH78\nnext: 1", "ab12CD34"),
        ("client_secret: |\n  ab12CD34\n  ef56GH78\nnext: 1", "ef56GH78"),
    ],
    "Kubernetes": [
        ("kind: Secret\ndata:\n  dsn: cG9zdGdyZXM6Ly94\n", "cG9zdGdyZXM6Ly94"),
        ("stringData:\n  a: one two\n  b: pony\nkind: Secret", "one two"),
        ('{"kind": "Secret", "data": {"dsn": "cG9zdGdyZXM6Ly94"}}', "cG9zdGdyZXM6Ly94"),
    ],
    "an element with its name in an attribute": [
        ('<entry key="smtp.password">pony</entry>', "pony"),
        ("<password>\n  pony\n</password>", "pony"),
    ],
    "a command": [
        ("sshpass -p 'pony ride' ssh anna@h", "pony ride"),
        ("curl -u 'anna:pony ride' https://a.example", "pony ride"),
        ("echo pony | docker login -u anna --password-stdin", "pony"),
        ("snmpget -v2c -c pony 10.0.0.1 sysName", "pony"),
        ("snmp-server community pony RO", "pony"),
        ("radius-server host 10.0.0.1 key pony1", "pony1"),
        ("SET PASSWORD FOR 'anna'@'%' = 'pony'", "pony"),
        ("UPDATE user SET password=MD5('pony') WHERE id=1", "pony"),
        ("machine a.example login anna password pony", "pony"),
        ("enable password 7 0822455D0A16", "0822455D0A16"),
    ],
    "a password beside its name": [
        ('use the password "pony ride 7" for it', "pony ride 7"),
        ("the passphrase velvet-anchor-noodle-moss is refused", "velvet-anchor-noodle-moss"),
        ("das Passwort für den Zugang ist Erle-2047", "Erle-2047"),
        ("my pw's pony4ride, please check", "pony4ride"),
        ("мой пароль от кабинета pony1234x", "pony1234x"),
        ("password -> pony4ride", "pony4ride"),
        ("[password] pony4ride", "pony4ride"),
        ("Password.......: pony", "pony"),
        ("db.password=pony\\:ride", "ride"),
        ('docker run -e "DB_PASSWORD=pony ride" x', "pony ride"),
        ('password             = "pony"', "pony"),
        ('variable "db_password" { default = "pony ride" }', "pony ride"),
    ],
    "arguments": [
        ('requests.get(url, auth=("anna", "p0nyride"))', "p0nyride"),
        ('new NetworkCredential("anna", "p0nyride")', "p0nyride"),
        ('new PDO("mysql:host=h", "anna", "pony")', "pony"),
        ("user.setPassword('pony')", "pony"),
    ],
    "a setting of a server": [("requirepass pony", "pony"), ("rootpw  pony", "pony")],
    "a log-in": [
        ("login/pw: anna / pony!44", "pony!44"),
        ("Username: anna\nPass: pony\nHost: h", "pony"),
        ("C: USER anna\nS: 331 Password required\nC: PASS pony", "pony"),
        ("a3 LOGIN anna pony", "pony"),
        ("AUTH PLAIN AGFubmEAcG9ueQ==", "AGFubmEAcG9ueQ=="),
        ("334 UGFzc3dvcmQ6\ncG9ueXk=", "cG9ueXk="),
    ],
    "a code for something": [
        ("the PIN of the second card is 7315", "7315"),
        ("Telefon: 030 / 44 55 66 77", "44 55 66 77"),
        ("office (030) 445 566 77", "(030) 445 566 77"),
        ("the code 731 504 from the SMS is refused", "731 504"),
        ("recovery codes:\n1. ab12-cd34\n2. ef56-gh78", "ef56-gh78"),
    ],
    "a hash of a password": [
        ("anna:$6$Zk3lMn0P$q9rSt2Uv4Wx6Yz8Ab:19000:0", "q9rSt2Uv4Wx6Yz8Ab"),
        ("userPassword: {SSHA}q9rSt2Uv4Wx6Yz8Ab", "q9rSt2Uv4Wx6Yz8Ab"),
    ],
    "a vendor's key": [
        ("Authorization: Acme-oauthtoken 1000.8cb99d.9b8e fails", "1000.8cb99d.9b8e"),
        ("discord bot NzEyMzQ1Njc4OTAxMjM0NTY3.GaBcDe.q9rSt2Uv4Wx6Yz8Ab1Cd3Ef5Gh7", "q9rSt2Uv4Wx6Yz8Ab1Cd3Ef5Gh7"),
        ("https://a.example/reset/q9rSt2Uv4Wx6Yz8Ab1Cd3Ef5", "q9rSt2Uv4Wx6Yz8Ab1Cd3Ef5"),
    ],
}


@pytest.mark.parametrize(("text", "secret"), [case for cases in KINDS.values() for case in cases])
def test_secrets_of_each_kind_are_hidden(text, secret):
    assert secret in text
    assert secret not in mask(text)
    assert mask(text)[text.index(secret)] == BULLET


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("we send Authorization: Bearer q9rSt2Uv4Wx6 and get 40101", "and get 40101"),
        ('Authorization: Digest username="anna", response="00ff" then 401', "then 401"),
        ("Cookie: sid=q9rSt2Uv is sent, answer 403", "is sent, answer 403"),
        ("Set-Cookie: sid=q9rSt2Uv; Path=/; Secure then 403", "then 403"),
        ("curl -b sid=q9rSt2Uv https://a.example", "https://a.example"),
        ("postgres://anna:po%40ny@db.example.com:5432/x", "@db.example.com:5432/x"),
        ("https://anna:po!ny@proxy.example.com:3128", "@proxy.example.com:3128"),
        ("Pwd=pony;ride4;Connection Timeout=30", ";Connection Timeout=30"),
        ("my password is velvet anchor noodle but I get 530", "but I get 530"),
    ],
)
def test_the_text_behind_a_secret_stays(text, rest):
    assert mask(text).endswith(rest)
    assert mask(text) != text


@pytest.mark.parametrize(
    "text",
    [
        "the passphrase is wrong for this key",
        "the password error of this user is STATE-1045",
        "password for user anna1985x expired",
        "password -> hash -> store",
        'the field "password" "must be long"',
        "Enter passphrase for key '/home/anna/.ssh/id_rsa':",
        "Password: please enter your current password",
        "define('DB_HOST', 'localhost');",
        "setError('password', 'Password is too short')",
        'mysql -u root -p"$MYSQL_PASSWORD" shop',
        "kind: ConfigMap\ndata:\n  level: debug\n---\nkind: Secret",
        "if (password == other) return 5;",
        "User: 5 errors\nPass: 88",
        "we send Authorization: Bearer <token> and get 40101",
        "<token> is missing in line 4",
        "login/password pair rejected, code 1017",
    ],
)
def test_words_about_passwords_stay(text):
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


def test_a_server_compiles_every_pattern_before_it_answers():
    mask_module.make_ready()
    rules = [rule for rules in mask_module._RULES_BY_CLUES.values() for rule in rules]
    assert all("compiled" in vars(rule.pattern) for rule in (*rules, *mask_module._NAMES))
