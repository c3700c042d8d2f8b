"""Addresses of incidents as people paste them."""

import pytest

from kb.text.trackers import MAX_BYTES, MAX_REFERENCE, NotALink, read_address
from tests.text.safety.test_links import ELSEWHERE
from tests.work import work

SYS_ID = "9d385017c611228701d22104cc95c371"

KNOWN = [
    ("https://acme.atlassian.net/browse/ZIM-42", "Jira", "ZIM-42"),
    ("https://acme.atlassian.net/browse/zim-42?focusedCommentId=7#comment-7", "Jira", "ZIM-42"),
    ("https://acme.atlassian.net/jira/software/c/projects/ZIM/boards/7?selectedIssue=ZIM-42", "Jira", "ZIM-42"),
    ("https://acme.atlassian.net/jira/servicedesk/projects/ITSM/queues/custom/1/ITSM-2", "Jira", "ITSM-2"),
    ("https://acme.atlassian.net/servicedesk/customer/portal/3/ITSM-2", "Jira", "ITSM-2"),
    ("https://jira.example.com/browse/A_B-1", "Jira", "A_B-1"),
    ("https://intranet.example.com/jira/browse/ZIM-42", "Jira", "ZIM-42"),
    ("https://intranet.example.com/jira/projects/ZIM/issues/ZIM-42?filter=allopen", "Jira", "ZIM-42"),
    ("http://jira.example.com:8080/secure/RapidBoard.jspa?rapidView=7&selectedIssue=ZIM-42", "Jira", "ZIM-42"),
    ("https://acme.zendesk.com/agent/tickets/35436", "Zendesk", "#35436"),
    ("https://acme.zendesk.com/agent/tickets/35436/events", "Zendesk", "#35436"),
    ("https://acme.zendesk.com/hc/en-us/requests/35436", "Zendesk", "#35436"),
    ("https://acme.zendesk.com/hc/requests/35436?page=2", "Zendesk", "#35436"),
    ("https://acme.zendesk.com/api/v2/tickets/35436.json", "Zendesk", "#35436"),
    ("https://support.example.com/agent/tickets/35436", "Zendesk", "#35436"),
    ("https://github.com/Acme/Chat.js/issues/12", "GitHub", "Acme/Chat.js#12"),
    ("https://github.com/acme/chat/issues/12#issuecomment-99", "GitHub", "acme/chat#12"),
    ("https://github.com/acme/chat/pull/12/files", "GitHub", "acme/chat#12"),
    ("https://github.example.com/acme/chat/discussions/3", "GitHub", "acme/chat#3"),
    ("https://github.com/advisories/GHSA-jfh8-c2jp-5v3q", "GitHub", "GHSA-JFH8-C2JP-5V3Q"),
    ("https://github.com/acme/chat/security/advisories/GHSA-jfh8-c2jp-5v3q", "GitHub", "GHSA-JFH8-C2JP-5V3Q"),
    ("https://gitlab.com/acme/team/chat/-/issues/9", "GitLab", "acme/team/chat#9"),
    ("https://gitlab.com/acme/chat/-/issues/incident/9/timeline", "GitLab", "acme/chat#9"),
    ("https://git.example.com/acme/chat/-/work_items/9", "GitLab", "acme/chat#9"),
    ("https://git.example.com/acme/chat/-/merge_requests/3/diffs", "GitLab", "acme/chat!3"),
    ("https://gitlab.com/acme/chat/issues/9", "GitLab", "acme/chat#9"),
    ("https://acme.pagerduty.com/incidents/Q1ABC23DEF4GHI", "PagerDuty", "Q1ABC23DEF4GHI"),
    ("https://acme.eu.pagerduty.com/incidents/pt4khlk/timeline", "PagerDuty", "PT4KHLK"),
    ("https://acme.statuspage.io/incidents/k7n4z1b9qxyz", "Statuspage", "k7n4z1b9qxyz"),
    ("https://manage.statuspage.io/pages/abc123/incidents/k7n4z1b9qxyz", "Statuspage", "k7n4z1b9qxyz"),
    ("https://www.githubstatus.com/incidents/k7n4z1b9qxyz", "Statuspage", "k7n4z1b9qxyz"),
    ("https://status.example.com/incidents/k7n4z1b9qxyz", "Statuspage", "k7n4z1b9qxyz"),
    ("https://stspg.io/k7n4z1b9qxyz", "Statuspage", "k7n4z1b9qxyz"),
    ("https://linear.app/acme/issue/ENG-123/rooms-fail-to-open", "Linear", "ENG-123"),
    ("https://acme.service-now.com/incident.do?sysparm_query=number=INC0010023", "ServiceNow", "INC0010023"),
    (f"https://acme.service-now.com/nav_to.do?uri=incident.do?sys_id={SYS_ID}", "ServiceNow", SYS_ID),
    (f"https://acme.service-now.com/nav_to.do?uri=%2Fincident.do%3Fsys_id%3D{SYS_ID}%26x%3D1", "ServiceNow", SYS_ID),
    (
        f"https://acme.service-now.com/now/nav/ui/classic/params/target/incident.do%253Fsys_id%253D{SYS_ID}",
        "ServiceNow",
        SYS_ID,
    ),
    (f"https://acme.service-now.com/now/sow/record/incident/{SYS_ID}/params/x", "ServiceNow", SYS_ID),
    (f"https://acme.service-now.com/sp?id=ticket&table=incident&sys_id={SYS_ID}", "ServiceNow", SYS_ID),
]

OTHERS = [
    ("https://status.cloud.example.com/summary", "status.cloud.example.com/summary"),
    ("https://bugs.example.org/show_bug.cgi?id=7", "bugs.example.org/show_bug.cgi"),
    ("https://github.com/acme/chat", "github.com/acme/chat"),
    ("https://github.com/acme/chat/issues", "github.com/acme/chat/issues"),
    ("https://github.com.evil.example/acme/chat/issues/1x", "github.com.evil.example/acme/chat/issues/1x"),
    ("https://evilgithub.com/acme/chat/issues/1", "evilgithub.com/acme/chat/issues/1"),
    ("https://notpagerduty.com/incidents/PT4KHLK", "notpagerduty.com/incidents/PT4KHLK"),
    ("https://acme.atlassian.net.evil.example/wiki/ZIM-42", "acme.atlassian.net.evil.example/wiki/ZIM-42"),
    ("https://example.com/?next=https://acme.atlassian.net/browse/ZIM-42", "example.com"),
    ("https://example.com/%3Cscript%3Ealert(1)%3C/script%3E", "example.com/<script>alert(1)</script>"),
    ("https://example.com/%E2%80%AEgpj.exe", "example.com/gpj.exe"),
    ("https://[2001:DB8::1]:8443/incidents/1", "[2001:db8::1]:8443/incidents/1"),
    ("https://bücher.example/störung", "xn--bcher-kva.example/störung"),
]


@pytest.mark.parametrize(("url", "tracker", "reference"), KNOWN)
def test_a_tracker_and_its_reference_are_recognised(url, tracker, reference):
    assert (read_address(url).tracker, read_address(url).reference) == (tracker, reference)


@pytest.mark.parametrize(("url", "reference"), OTHERS)
def test_an_address_of_no_tracker_has_host_and_path_as_its_reference(url, reference):
    assert (read_address(url).tracker, read_address(url).reference) == ("", reference)


@pytest.mark.parametrize(
    "urls",
    [
        [
            "https://status.example.com/a/b",
            "HTTPS://Status.Example.COM/a/b/",
            "http://status.example.com:80/a/b",
            "https://status.example.com.:443//a/./x/../b?utm_source=mail&gclid=1#details",
            "  https://status.example.com/%61/b?  ",
        ],
        ["https://a.example/x?b=2&a=1", "https://a.example/x?a=1&b=2&fbclid=3"],
        ["https://a.example/caf%c3%a9", "https://a.example/café", "https://a.example/cafe\u0301"],
        ["https://a.example/x%2fy", "https://a.example/x%2Fy"],
        ["https://a.example/?q=a+b", "https://a.example?q=a%20b"],
        ["https://acme.atlassian.net/browse/zim-42", "https://acme.atlassian.net/jira/x/boards/1?selectedIssue=ZIM-42"],
        ["https://i.example.com/jira/browse/Z-1", "https://i.example.com/jira/projects/Z/issues/Z-1"],
        ["https://github.com/acme/chat/issues/12", "https://www.github.com/Acme/Chat/pull/12/files#r1"],
        ["https://gitlab.com/acme/chat/issues/9", "https://gitlab.com/Acme/chat/-/issues/incident/9/timeline"],
        ["https://acme.zendesk.com/agent/tickets/7", "https://acme.zendesk.com/hc/de/requests/7"],
        ["https://linear.app/acme/issue/ENG-1", "https://linear.app/acme/issue/eng-1/rooms"],
        ["https://bücher.example/1", "https://xn--bcher-kva.example/1"],
    ],
)
def test_two_spellings_of_an_address_are_one_incident(urls):
    assert len({read_address(url).canonical for url in urls}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x", "https://a.example/X"),
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example/x", "https://a.example:8443/x"),
        ("https://a.example/x?id=1", "https://a.example/x?id=2"),
        ("https://a.example/x%2Fy", "https://a.example/x/y"),
        ("https://a.example/#/incidents/1", "https://a.example/#/incidents/2"),
        ("https://a.example/x?q=1%262", "https://a.example/x?q=1&2"),
        ("https://acme.atlassian.net/browse/ZIM-4", "https://acme.atlassian.net/browse/ZIM-42"),
        ("https://a.atlassian.net/browse/ZIM-4", "https://b.atlassian.net/browse/ZIM-4"),
        ("https://github.com/acme/chat/issues/1", "https://github.com/acme/web/issues/1"),
        ("https://gitlab.com/acme/chat/-/issues/1", "https://gitlab.com/acme/chat/-/merge_requests/1"),
    ],
)
def test_two_incidents_have_two_addresses(one, other):
    assert read_address(one).canonical != read_address(other).canonical


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("javascript:alert(1)", "http:// or https://"),
        ("data:text/html,<script>alert(1)</script>", "http:// or https://"),
        ("ftp://example.com/1", "http:// or https://"),
        ("//example.com/1", "http:// or https://"),
        ("ZIM-42", "http:// or https://"),
        ("", "http:// or https://"),
        ("https://", "has no host"),
        ("https:///browse/ZIM-42", "has no host"),
        ("https://example.com:0/", "has no host"),
        ("https://example.com:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://a..b/", "not a host name"),
        ("https://exa<mple.com/", "not a host name"),
        ("https://acme.atlassian.net@evil.example/browse/ZIM-42", "username or password"),
        ("https://user:secret@example.com/", "username or password"),
        ("https://acme.atlassian.net\\@evil.example/", "backslash"),
        ("https://example.com/\u202egpj.exe", "invisible"),
        ("https://example.com/a b", "invisible characters or spaces"),
        ("https://example.com/\x00", "invisible"),
        ("java\nscript:alert(1)", "invisible"),
        ("https://example.com/" + "a" * MAX_BYTES, "too long"),
        ("https://example.com/" + "𝒜" * 600, "too long"),
    ],
)
def test_other_addresses_are_refused_with_a_reason(url, says):
    with pytest.raises(NotALink, match=says) as refusal:
        read_address(url)
    assert "secret" not in str(refusal.value)


def test_a_long_reference_is_shortened():
    address = read_address("https://example.com/" + "a" * 300)
    assert len(address.reference) == MAX_REFERENCE
    assert len(address.canonical) > 300


@pytest.mark.parametrize(
    "path", ["/" * 1900, "/a" * 950, "/-" * 950, "a-1/" * 470, "projects/queues/" * 110, "%25" * 600]
)
def test_a_hostile_address_is_little_work(path):
    assert work(read_address, f"https://gitlab.example.com/{path}") < 40_000


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_unclear_address_is_an_incident(address):
    with pytest.raises(NotALink):
        read_address(address)
