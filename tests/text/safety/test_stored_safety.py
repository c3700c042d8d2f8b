"""Every text is masked, escaped, rendered and checked as stored here."""

from datetime import date

from kb.text.safety import escape, reply
from kb.text.safety.markdown import render
from kb.text.safety.mask import mask
from tests.text.detection import test_samples
from tests.text.stored import check

SIGN = "0af1" * 16
SECRETS = [
    *(f"password={'n' * count}password: b" for count in (31, 32, 33)),
    *(
        f"{name}{glue}abc123"
        for name in (
            "AppSign", "app_sign", "server-secret", "client_secret", "x-api-key", "PHPSESSID", "token",
            "access_token", "签名", "password", "xpassword", "pwd", "xpwd", "mot de passe", "密码", "cookie",
            "authorization", "name",
        )
        for glue in ("=", ": ", '": "', " => ", " ", ":= '", "：", '\\": \\"')
    ),
    *(
        f"{name}={value}"
        for name in ("secret", "token", "password", "x?sig", "x&auth")
        for value in ("660300001", "1234567890", "12345678901", "a1", "", "x y", "'x y'", '"x\ny"')
    ),
    *(f"Authorization: {kind} abc.def" for kind in ("Bearer", "Basic", "token", "Digest", "other", "")),
    "proxy-authorization: negotiate a", "Xauthorization: a", *(f"bearer {'a' * count}" for count in (11, 12, 13)),
    "basic\n  abcdefghijklmn", "xbearer abcdefghijklmnop",
    *(
        f"eyJ{'a' * first}.{'b' * second}{third}"
        for first, second in ((7, 4), (8, 3), (8, 4))
        for third in ("", ".", ".c")
    ),
    "eyI12345678.abcd", "eyK12345678.abcd",
    *(
        f"{scheme}://u:secret@h/x"
        for scheme in (
            "http", "https", "ftp", "ws", "rediss", "postgresql", "mysql", "mongodb+srv", "amqps", "ssh", "xhttp",
        )
    ),
    "https://u@h", "https://:pw@h", "https://u:p/w@h", "https://h/x:y@z",
    *(f"https://u:{'p' * count}@h" for count in (199, 200, 201)),
    *(
        f"{kind}_{mode}_{'a' * count}"
        for kind, mode in (("sk", "live"), ("pk", "test"), ("rk", "proj"), ("sk", "ant"), ("sk", "x"))
        for count in (9, 10)
    ),
    "sk-live-abcdefghij",
    *(
        f"{kind}{'a' * count}"
        for kind in ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "ghx_", "github_pat_")
        for count in (19, 20)
    ),
    *(f"glpat-{'a' * count}" for count in (15, 16)),
    *(f"xox{kind}-{'1' * count}" for kind in "abopqrs" for count in (9, 10)),
    *(f"{kind}{'A' * count}" for kind in ("AKIA", "ASIA", "ABIA") for count in (15, 16, 17)),
    *(f"AIza{'x' * count}" for count in (29, 30)), "a@b", "a@b.c", "x a+b.c@d-e.f.g.", "@a.b", "a@b.c.d.e.f.g.h.i",
    f"{'a' * 64}@b.c", f"{'a' * 65}@b.c", "é@b.c", "+49 1701234", "+49 170123", "+1 234567", "+1 2345678",
    "+1-(23)-45678", "+123456789", "+1234567890", "+123456789012345", "+1234567890123456",
    "+49 170 12345678901234",
    *(
        f"{word}{glue}0660300"
        for word in (
            "phone", "tel", "Tel.", "phone_no", "mobile number", "xphone", "fax", "手机", "我的手机号", "cell",
        )
        for glue in (" ", ": ", '": "', "=", "")
    ),
    "phone 066030", "phone 06-60-30-0", "phone (0660) 300 001", f"phone {'1' * 15}", f"phone {'1' * 16}", SIGN,
    SIGN[:-1], f"{SIGN}0", f"x{SIGN}", f"-{SIGN}", SIGN.upper(), f"{SIGN}g", "(515) 555-0100", "(515)555-0100",
    "515-555-0100", "515 555 0100", "515.555.0100", "5155550100", "x515-555-0100", "1-515-555-0100",
    "515-555-01000", "515-555-0100x", "515-555-0100-1", "13800138000", "12800138000", "23800138000",
    "138001380001", "x13800138000", "-13800138000", "13800138000.", "password:\npassword: hunter2",
    "secret=secret=secret=x", "token: token", f"password={'n' * 40}: b", f"password={'n' * 41}: b",
    f"password=password{'n' * 32}: b", 'password="a" token="b"', "a@b.c password=a@b.c", "secret=ab\r\ncd",
    "-----BEGIN PRIVATE KEY-----\nab\n-cd", "-----BEGIN A B C PRIVATE KEY-----x",
    "-----BEGIN A B C D PRIVATE KEY-----x", "-----BEGIN PUBLIC KEY-----x", "set-cookie: a=b; c\nd", "cookies: a",
    "İ password=x", "",
]  # fmt: skip
MARKUP = [
    *(f"a{sign}b" for sign in "\\`*_{}[]<>#|~&!$@^-+=.,:;()/'\"%?"),
    *(
        f"{sign}{after}"
        for sign in ("-", "+", "=", "1.", "1)", "123456789.", "1234567890.", "*", "1")
        for after in ("", " a", "a", "-", "=", "1")
    ),
    "http://a.b/c", "a://b", "a:/b", "a.b", "a. b", ".b", " .b", "a.1", "a._", "a.é", "a.B", " a  b\tc\nd ",
    "\x00a\x08b\x0bc\x0cd\x0ee\x1ff\x7fg\ufffeh\uffffi", "\ta", "\x80\x85\u2028", "", "a\nb", "a\n\nb\n", "\na",
    "- a\n1. b\r\nc\x0cd", "- ", "1.", "1. ", "a - b",
]  # fmt: skip
NOTES = [
    "", "# a", "## a", "### a\n#### b", "a\n===", "a\nb", "a  \nb", "*a* **b** ~~c~~ `d`", "> a", "- a\n- b",
    "3. a\n4. b", "| a | b |\n|---|:-:|\n| 1 | 2 |", "---", "```py\nx < 1\n```", "    x", "![a](https://b/c.png)",
    "[a](https://b \"t\")", "[a](javascript:b)", "[a](mailto:b@c.d)", "[a](ftp://b)", "[a](/b)",
    "https://a.example/b", "a.example", "mailto:a@b.example", "<https://a.example>", "<script>alert(1)</script>",
    "<b onclick=x>a</b>", "a & b < c", "[a]: https://b\n\n[a]", "&copy;", "\\*a\\*", "[a](HTTPS://b)",
    "[a](data:text/html,x)",
]  # fmt: skip
REPLIES = [
    *(f"http://[{'x' * count}" for count in (51, 52, 53)),
    "{code}", "{date}", "{ code }", "{Code}", "{name}", "{ na me }", "{_x}", "{1}", "{}", "{a-b.c}", "{a!}",
    f"{{{'a' * 41}}}", f"{{{'a' * 42}}}", "{x} {x} {y}", "{a} {b} {c} {d} {e}", "{a} {b} {c} {d} {e} {f}",
    "{a} {b} {c} {d} {e} {f} {g}", "\uff5bname\uff5d",
    *(f"https://x.{ending}/a" for ending in reply.INTERNAL_ENDINGS),
    *(f"see x.{ending}/a" for ending in reply.INTERNAL_ENDINGS),
    *(
        f"http://{host}/"
        for host in (
            "local", "wiki", "wiki.", "a.LOCAL", "a.local.", "local.example", "xlocal.example", "10.0.0.1",
            "172.15.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.1.1", "0.0.0.0", "8.8.8.8", "[::1]",
            "[fe80::1]", "[::]", "[2001:4860:4860::8888]", "[fd00::1]", "[x", "u@wiki", "a.example:8080",
            "team.acme.example", "acme.example", "xacme.example", "",
        )
    ),
    "localhost", "LOCALHOST:80", "localhosts", "xlocalhost", "server.local", "server.localx", "a.b", "a/b",
    "x@server.local", "e.g. this", "10.1.2.3", "8.8.8.8", "1.2", "2.16.0", "a_b.corp", "-a.corp", "/a.corp",
    "wiki.acme.example", "a@b.c", "Support@Example.com", "support@example.com.", "support@example.com.x",
    "x@localhost", "a+b@c-d.e.f", "a@b.c a@b.c d@e.f", "@a", "a@", "ａ@b.c",
    "see https://a.example/x, (https://b.example/y). https://a.example/x!", "status.example.com/x. a.example/",
    "HTTPS://A.example", "ftp://a.example/b", "a.example", "https://a.example/_*}", "x://a", "https://",
    "a.example/b(c)`d",
]  # fmt: skip
TITLES = ["Room closed", "ROOM  CLOSED", "Straße", "ﬁle", "x", ""]


def test_every_secret_is_hidden_and_every_other_text_stays_as_here():
    check("masked", SECRETS, lambda text: (mask(text), mask(f"a {text} b"), mask(f'"{text}"')))


def test_every_sample_is_masked_as_here():
    check(
        "masked_samples", [text for *_, text in test_samples.ALL], lambda text: mask(text) if mask(text) != text else ""
    )


def test_every_markup_is_escaped_as_here():
    check(
        "escaped", MARKUP, lambda text: (escape.markdown(text), escape.quotation(text), escape.without_controls(text))
    )


def test_every_note_is_rendered_as_here():
    check("rendered", NOTES, render)


def test_every_reply_has_the_problems_and_addresses_here():
    def answer(text):
        lists = ([], []), (["*.acme.example", "Wiki.example"], ["support@EXAMPLE.com", "a@b.c"])
        return *(reply.problems(text, *pair) for pair in lists), reply.addresses(text)

    check("replies", REPLIES, answer)


def test_every_reply_is_filled_in_and_searched_for_titles_as_here():
    texts = [
        "the room \n closed",
        "STRASSE {code}",
        "a file {date} {Date} {code}{code}",
        "{{code}}",
        "",
        "room  closed X",
    ]
    check("titles", texts, lambda text: (reply.titles_in(text, TITLES), reply.fill(text, "E-{date}", date(2025, 7, 5))))


LINKS = [("MAILTO:", "a@"), ("mailto:", "a@"), ("https://", "")]


def test_bare_links_stay_text_in_a_note_that_is_slow_to_search():
    def answer(count):
        texts = (f"{link}{who}b.example " + link * count for link, who in LINKS)
        return ["<a " in render(text) for text in texts]

    check("slow_notes", [1, 600, 700, 800, 840, 850, 1000], answer)
