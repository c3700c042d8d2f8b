"""Every address of an incident has the tracker, the reference and the key stored here, or is refused in these words."""

from kb.text.trackers import NotALink, read_address
from tests.text.stored import check
from tests.text.test_trackers import KNOWN, OTHERS, SYS_ID

KEPT = "ABCXYZabcxyz0189-._~"
TRACKING = (
    "utm_source", "utm_", "UTM_Medium", "utmx", "mc_cid", "mc_eid", "MC_CID", "mc_xid", "_hsenc", "_hsmi", "_HsMi",
    "_hx", "_ga", "_gl", "_GA", "_gx", "gclid", "fbclid", "yclid", "dclid", "msclid", "GCLID", "xclid", "gbraid",
    "wbraid", "xbraid", "igshid", "mkt_tok", "atlOrigin", "atlorigin", "origin", "gclid2", "agclid",
)  # fmt: skip
PATHS = [
    "", "/", "//", "/.", "/..", "/a/..", "/a/../..", "/../a", "/a/./b", "/a//b/", "/a/...", "/.a", "/%2E%2E/a",
    "/a/%2e", "/a%2Fb", "/a%252Fb", *(f"/%{ord(sign):02x}" for sign in f"{KEPT}!$&'()*+,;=:@/?#[] %<>|"),
    *(f"/{sign}" for sign in f"{KEPT}!$&'()*+,;=:@|"), "/%c3%a9", "/%C3%A9x%41", "/%c3", "/%c3%28", "/%e2%80%ae",
    "/%F0%9F%98%80", "/%7f", "/%c2%80", "/%c2%a0", "/%zz", "/%4", "/%", "/e\u0301", "/e%cc%81", "/é", "/A/b",
    "/a;b=1", "?", "?a", "?a=", "?b=1&a=2", "?a=2&b=1", "?a=1&a=0", "?&&a=1&", "?a=b+c", "?a=b%20c", "?a=b%2Bc",
    "?a=1%262", "?=", "?%61=1", *(f"?{name}=1" for name in TRACKING), *(f"?id=7&{name}" for name in TRACKING),
    "?utm%5Fsource=1", "?x=utm_source", "#x", "#/x", "#!/x", "#!x", "#/a%41", "?a=1#/b", "#", "/x#/y/../z",
]  # fmt: skip
HOSTS = [
    "A.example", "a.example.", "a.example..", "www.a.example", "a_b.example", "a-b", "localhost", "1.2.3.4",
    "[::1]", "[2001:DB8::0:1]", "[1:2]", "[::1%25eth0]", "[::ffff:1.2.3.4]", "ü.example", "xn--tda.example",
    "a:80", "a:443", "a:8443", "a:", "a:0", "a:65535", "a:65536", "a:x", "a:-1", "ＡＢＣ", "a b", "a%20b", "a,b",
    "a!b", "-a", "a..b", ".a", ".", "", "@", "@a", "u@a", "u:p@a", "a@", "a\\b", "x" * 63, "x" * 64, "ß.example",
    "a\u00adb.example", "[::1", "::1",
]  # fmt: skip
TEXTS = [
    "", " ", "a", "ZIM-42", "http", "http:", "http:/a", "http://", "HTTP://a", "Https://a", "ftp://a", "//a/b",
    "mailto:a@b", "javascript:1", "https:a", "https://?x", " https://a ", "\nhttps://a\t", "https://a\n/b",
    "https://a/\u200b", "https://a/\u00ad", "https://a/\ud800", "https://a/\x7f", "https://a/ b",
    "https://a/\u00a0", "https://a\\b", "x" * 59, "x" * 60, "x" * 61,
    *(f"https://a/{'b' * count}" for count in (77, 78, 79, 80, 1990, 1991)),
    *(f"https://a/{'é' * count}" for count in (999, 1000)),
    *(f"https://a/%{'41%' * count}41" for count in (10, 662, 663)), f"https://{'a' * 61}<",
]  # fmt: skip
PLACES = {
    "acme.atlassian.net": [
        *(
            f"/browse/{key}"
            for key in (
                "Z-1", "z-1", "Z-0", "Z-01", "1Z-1", "_Z-1", "Z_1-2", "Z-1x", "Z-1/", "Z-1?a", "Z-1&x", "Z-1.x",
                "Z-1#/x", "Z-", f"{'Z' * 21}-1", f"{'Z' * 22}-1", f"Z-{'1' * 10}", f"Z-{'1' * 11}", "Z-1-2",
                "x/Y-2", "X-1/Y-2",
            )
        ),
        "/x?selectedIssue=Z-1", "/x?a=1&SELECTEDISSUE=z-1", "/x?issue=Z-1", "/x?selectedIssue=Z-1&a=Y-2",
        "/xselectedissue=Z-1",
    ],
    "jira.example": [
        "/browse/Z-1", "/jira/browse/Z-1", "/a/b/browse/Z-1", "/projects/Z/issues/Z-1",
        "/jira/projects/Z/queues/custom/1/Z-1", "/projects/Z/queues/Z-1", "/projects/Z/x/Z-1",
        "/projects/Z-Y/issues/Z-1", "/servicedesk/customer/portal/3/Z-1", "/servicedesk/customer/portal/x/Z-1",
        "/secure/x?selectedIssue=Z-1", "/j/secure/x?a=1&selectedIssue=z-1", "/secure/?x=Z-1", "/BROWSE/z-1",
        "/Jira/Browse/Z-1",
    ],
    "linear.app": [
        "/acme/issue/ENG-1", "/Acme/issue/eng-1/x", "/acme/issues/ENG-1", "/a/b/issue/ENG-1", "/acme/issue/ENG-0",
    ],
    "github.com": [
        *(
            f"/Acme/Chat/{kind}/{number}"
            for kind in ("issues", "pull", "discussions", "pulls", "Issues")
            for number in ("1", "0", "1x", "1.x", "1/x")
        ),
        f"/a/b/issues/{'1' * 15}", f"/a/b/issues/{'1' * 16}", "/a/issues/1", "/a/b/c/issues/1",
        "/advisories/GHSA-abcd-1234-wxyz", "/x/advisories/ghsa-abcd-1234-wxyz/x", "/advisories/GHSA-abcd-1234",
        "/advisories/GHSA-abcd-1234-wxyz1", "/a.b/c_d/issues/2",
    ],
    "www.github.com": [
        "/a/b/issues/1", "/a",
    ],
    "www.example.com": [
        "/a",
    ],
    "github.example": [
        "/a/b/issues/1",
    ],
    "x.github.com": [
        "/a/b/issues/1",
    ],
    "gitlab.com": [
        "/a/b/-/issues/1", "/A/b/c/-/issues/incident/1", "/a/b/-/work_items/1", "/a/b/issues/1",
        "/a/b/issues/incident/1", "/a/b/-/merge_requests/1", "/a/b/merge_requests/1", "/a/issues/1",
        "/a/b/-/issues/x", "/a/b/work_items/1",
    ],
    "git.example": [
        "/a/b/-/issues/1", "/a/b/issues/1", "/a/b/-/work_items/1", "/a/b/-/merge_requests/1",
        "/a/b/merge_requests/1", "/a/-/issues/1",
    ],
    "x.y.gitlab.example": [
        "/a/b/issues/1", "/a/b/merge_requests/1",
    ],
    "acme.zendesk.com": [
        "/agent/tickets/1", "/requests/1", "/hc/en-us/requests/1", "/a.b/requests/1", "/tickets/1.json",
        "/tickets/1x", "/tickets/",
    ],
    "help.example": [
        "/agent/tickets/1", "/tickets/1", "/x/agent/tickets/1",
    ],
    "acme.pagerduty.com": [
        *(f"/incidents/{'q' * count}" for count in (5, 6, 26, 27)), "/incidents/Q1ABCD/x", "/x/incidents/Q1ABCD",
        "/incidents/Q1ABCD-2",
    ],
    "pagerduty.com": [
        "/incidents/Q1ABCD",
    ],
    "acme.statuspage.io": [
        *(f"/incidents/{'q' * count}" for count in (5, 6, 32, 33)), "/pages/x/incidents/Q1abcd",
        "/x/incidents/q1abcd", "/incidents/q1abcd?x", "/incidents/q1abcd.x",
    ],
    "stspg.io": [
        "/q1abcd", "/i/q1abcd", "/x/q1abcd", "/q1abc",
    ],
    "mystatus.example": [
        *(f"/incidents/{'q' * count}" for count in (11, 12, 13)), "/x/incidents/qqqqqqqqqqqq",
        "/incidents/QQQQQQQQQQQq/x",
    ],
    "acme.service-now.com": [
        *(
            f"/x?{key}"
            for key in (
                "INC12345", "inc1234", "CHG123456789012", "PRB1234567890123", "TASK12345", "RITM12345", "REQ12345",
                "CS12345", "XINC12345", "ABC12345", "INC12345x",
            )
        ),
        f"/{SYS_ID}", f"/x?sys_id={SYS_ID.upper()}", f"/x?id={SYS_ID}", f"/{SYS_ID}0", f"/{SYS_ID[:-1]}",
        f"/x?sys_id={SYS_ID}&a", f"/x?sys_id={SYS_ID}^b", f"/x#/{SYS_ID}",
    ],
    "a.servicenowservices.com": [
        "/INC12345",
    ],
    "service-now.com": [
        "/INC12345",
    ],
    "a.b.service-now.com": [
        "/INC12345",
    ],
}  # fmt: skip


def answer(url):
    try:
        return read_address(url)
    except NotALink as refusal:
        return str(refusal)


def test_every_address_of_a_tracker_is_read_as_here():
    places = [f"https://{host}{place}" for host, group in PLACES.items() for place in group]
    ports = [f"http://{host}:{port}{group[0]}" for host, group in PLACES.items() for port in (80, 443)]
    check("trackers", [*(url for url, *_ in (*KNOWN, *OTHERS)), *places, *ports], answer)


def test_every_path_and_parameter_has_one_spelling_as_here():
    check("paths", [f"https://a.example{path}" for path in PATHS], answer)


def test_every_host_and_port_is_read_or_refused_as_here():
    check("hosts", [f"{scheme}://{host}/x" for host in HOSTS for scheme in ("http", "https")], answer)


def test_every_text_that_is_no_link_is_refused_as_here():
    check("no_links", TEXTS, answer)
