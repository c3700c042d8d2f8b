"""Lists by one plain query are those of the filters, and answers without Django are those of Django."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from kb import answers
from kb.api.framework import front, response_cache
from kb.api.resources import code_queries
from kb.models import Audience, CodeUse, Miss, ReturnCode
from kb.services import tokens, usage
from tests import make
from tests.api.whole_site import ask

ORDERS = [sign + name for name in code_queries.ORDERS for sign in ("", "-")]
FILTERS = [
    "",
    "table=zim-server",
    "table=other",
    "table=secret",
    "table=nowhere",
    "table=zim-server&table=other",
    "section=b",
    "table=zim-server&section=b&retired=false",
    "code=3&code=0x5",
    "code=none",
    "code=%20",
    "table=other&code__in=3,5,8",
    "number_min=3&number_max=7",
    "table=zim-server&number_min=4",
    "table=ordered&number_min=4",
    "table=ordered&number_min=3&number_max=7",
    "table=ordered&number_max=11&retired=false",
    "table=ordered&number_min=99",
    "number=3&number=5&number__isnull=false",
    "number__isnull=true",
    "id__gte=3&id__lte=9",
    "disposition=retry_now&disposition=fix_request",
    "disposition__in=retry_now,unknown&fixer=unknown",
    "retired=true",
    "retired_at__isnull=true",
    "version__gte=1",
    "symbol=S3&symbol=S5",
    "symbol__isnull=true",
    "has_notes=true",
    "updated_since=2000-01-01T00:00:00Z",
    "updated_at__before={now}",
    "created_at__after={now}",
    "prefix=1",
    "text=failed",
]


@pytest.fixture
def world(db):
    """Three tables, one of them internal, with codes in mixed positions, and one in the order of its numbers."""
    tables = [make.table("zim-server"), make.table("other"), make.table("secret", audience=Audience.INTERNAL)]
    for n, table in ((n, table) for n in range(12) for table in tables):
        name = f"E{n}" if n % 5 == 4 else str(n)
        code = make.code(name, table, "ab"[n % 2], symbol=f"S{n}", description=f"Step {n} failed.")
        changed_at = timezone.now() - timedelta(days=n - 6)
        values = {"position": (n * 7) % 12, "disposition": ["retry_now", "unknown"][n % 2], "updated_at": changed_at}
        ReturnCode.objects.filter(pk=code.pk).update(**values, retired_at=changed_at if n % 4 == 0 else None)
    make.codes(["E1", *map(str, range(1, 11)), "E2", "0x7F", "E3"], make.table("ordered"))
    make.note("About three", ReturnCode.objects.get(table=tables[0], code="3"))
    make.code_range("All", 0, 100, of=tables[0])
    answers.rebuild()


def pages(client, path):
    """Return all pages from an address on, forwards and back again."""
    seen, url = [], f"/api/v1/codes/?{path}&page_size=9"
    for direction in ("next", "previous"):
        while url:
            answer = client.get(url, headers={"X-Request-ID": "one"})
            seen.append((answer.status_code, answer.content))
            links = answer.json()
            url = links.get(direction) if answer.status_code == 200 else None
        if answer.status_code == 200:
            url = links["previous" if direction == "next" else "next"]
    return seen


@pytest.mark.wide
@pytest.mark.parametrize("ordering", ORDERS)
@pytest.mark.parametrize("person", ["public", "agent"])
def test_a_plain_query_finds_what_the_filters_find(client, world, ordering, person, agent, monkeypatch):
    if person == "agent":
        client.force_login(agent)
    now = timezone.now().isoformat().replace("+", "%2B")
    # The vendor's order asks every filter. The others take turns: together they ask everything, too.
    asked = FILTERS if ordering == "vendor" else FILTERS[ORDERS.index(ordering) % 3 :: 3]
    paths = [f"{query.format(now=now)}&ordering={ordering}".removeprefix("&") for query in asked]
    quick = {path: pages(client, path) for path in paths}
    monkeypatch.setattr(code_queries, "_conditions", lambda *_: None)
    assert {path: pages(client, path) for path in paths} == quick


def test_plain_lists_are_found_by_the_plain_query(client, world, monkeypatch):
    """The comparison above compares two ways: the filters are not asked for a plain list."""
    monkeypatch.setattr(
        "kb.api.resources.codes.CodeViewSet.get_queryset", lambda self: pytest.fail("asked the filters")
    )
    plain = ("", "table=zim-server&number_min=3&ordering=number", "code=3", "disposition=retry_now")
    for query in (*plain, "table=ordered&number_min=4", "table=ordered&number_max=4&ordering=-vendor"):
        assert client.get(f"/api/v1/codes/?{query}").json()["results"]


@pytest.mark.parametrize("megabytes", [0, 1])
def test_an_answer_without_django_is_the_answer_of_django(caching, agent, megabytes, monkeypatch):
    caching.KB_API_CACHE_MEGABYTES = megabytes
    hidden = make.code("9", make.table("secret", audience=Audience.INTERNAL))
    codes = [make.code(str(n)) for n in range(1, 7)]
    make.note("About two", codes[1])
    secret = tokens.create(agent, "bot", ["read_internal"], None)[1]
    paths = [f"/api/v1/codes/{code.pk}/" for code in [*codes, hidden]]
    paths += [f"/api/v1/codes/?table={table}&code={code}" for table in ("zim-server", "secret") for code in (2, 9)]
    words = ("room exist", "About two", "3", "77", "rooom", "a,b&limit=1", "4&table=zim-server", "x&nonsense=1", "")
    paths += [f"/api/v1/search/?q={text.replace(' ', '%20')}" for text in words]
    paths += ["/api/v1/codes/?page_size=2", "/api/v1/codes/2/?include=notes,ranges", "/api/v1/codes/?nonsense=1"]
    readers = [{}, {"token": secret}, {"origin": "https://shop.example"}, {"accept_encoding": "gzip"}]
    for reader in readers:
        ask("/api/v1/codes/", **reader)
        ask(paths[0], **reader)
        ask("/api/v1/search/?q=first", **reader)
    asked = []
    real = front.Front._ask_django
    monkeypatch.setattr(front.Front, "_ask_django", lambda *a: asked.append(a[1]["PATH_INFO"]) or real(*a))
    quick = [ask(path, x_request_id="one", **reader).parts for reader in readers for path in paths]
    without = len(quick) - len(asked)
    assert without >= len(readers) * (len(codes) + 7), "most answers came without Django"
    monkeypatch.setattr(front.Front, "_answer", lambda *_: None)
    assert [ask(path, x_request_id="one", **reader).parts for reader in readers for path in paths] == quick


def test_links_of_pages_keep_the_site_and_the_query(caching):
    for n in range(1, 5):
        make.code(str(n))
    first = ask("/api/v1/codes/?page_size=1")
    second = ask("/api/v1/codes/?page_size=2&table=zim-server&fields=code")
    assert b"http://testserver/api/v1/codes/?" in first.body
    assert urlsplit(second.body.decode().split('"')[3]).query.startswith("cursor=")


def test_a_change_is_seen_by_the_next_request(caching, agent):
    code = make.code("1")
    path = f"/api/v1/codes/{code.pk}/?fields=has_notes"
    assert ask(path).body == ask(path).body == b'{"has_notes":false}'
    make.note("New", code)
    answers.rebuild()
    response_cache.responses.clear()
    assert ask(path).body == b'{"has_notes":true}'


def test_a_search_without_django_is_counted_as_django_counts_it(caching, agent):
    caching.KB_API_CACHE_MEGABYTES = 0
    code = make.code("1")
    make.code("2", make.table("secret", audience=Audience.INTERNAL))
    secret = tokens.create(agent, "bot", ["read_internal"], None)[1]
    for _ in range(3):
        for query in ("1", "nothing"):
            ask(f"/api/v1/search/?q={query}", token=secret)
            ask(f"/api/v1/search/?q={query}")
    usage.flush()
    assert list(CodeUse.objects.values_list("code", "lookups")) == [(code.pk, 6)]
    assert list(Miss.objects.values_list("text", "lookups")) == [("nothing", 3)]


def test_indented_json_is_for_django(caching):
    caching.KB_API_CACHE_MEGABYTES = 0
    codes = [make.code(str(n)) for n in range(3)]
    bodies = [ask(f"/api/v1/codes/{code.pk}/", accept="application/json; indent=2").body for code in codes]
    assert all(body.startswith(b"{\n  ") for body in bodies)
