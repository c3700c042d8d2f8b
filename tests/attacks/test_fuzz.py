"""Any input is read or refused with a message, in bounded time. SOAK=1 runs more; fuzz.py runs by coverage."""

import os

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests import make
from tests.attacks.files import KEPT, REFUSED
from tests.attacks.targets import NAMES, TARGETS
from tests.work import work

pytestmark = pytest.mark.slow
EXAMPLES = 20_000 if os.environ.get("SOAK") else 150
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
MARKS = [
    *"\n\r\t ,;|\"'<>[]{}()\\/*_`~#!&=:+-.%$@0179aEX\x00",
    *(
        "code",
        "660300001",
        "0x",
        "ERR_",
        "error",
        "\u202e",
        "中",
        "é",
        "\ud800",
        "\ufeff",
        "http://",
        "<table>",
        "<tr><td>",
    ),
    *(
        '{"code":',
        "null",
        "NaN",
        "1e999",
        "| --- |",
        "```",
        "**",
        "](",
        "password=",
        "a@b.c",
        "-- ",
        "\u0301",
        "ﷺ",
        "İ",
        "¹",
    ),
]
TEXTS = st.lists(st.one_of(st.sampled_from(MARKS), st.text(max_size=3)), max_size=60).map("".join)
BYTES = st.one_of(st.binary(max_size=400), TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize("name", TARGETS)
def test_any_input_is_read_or_refused_with_a_message(name):
    most = 0

    @QUICK
    @given(BYTES)
    @example(b"")
    @example(b"\xff\xfe\x00")
    @example(b"\x00" * 300)
    def read(data):
        nonlocal most
        most = max(most, work(TARGETS[name], data))

    read()
    assert most < 500_000


@QUICK
@given(st.data())
def test_damaged_hostile_files_are_read_or_refused_with_a_message(data):
    whole = {name: content for name, content, *_ in (REFUSED | KEPT).values() if len(content) < 20_000}
    name = data.draw(st.sampled_from(sorted(whole)))
    content = bytearray(whole[name])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    TARGETS["importer"](bytes([NAMES.index(name)]) + bytes(content))


PARAMETERS = st.sampled_from(
    [
        *(
            "code",
            "code__in",
            "code__prefix",
            "text",
            "table",
            "section",
            "state",
            "count",
            "facets",
            "fields",
            "cursor",
        ),
        *("ordering", "page_size", "created_at__after", "updated_at__before", "title__contains", "cause__isnull", "q"),
        *("owner", "audience", "since", "skip", "at", "p", "sort", "disposition", "fixer", "has_notes", "number__gte"),
    ]
)
ADDRESSES = st.sampled_from(
    [
        *(f"/api/v1/{noun}/" for noun in ("codes", "notes", "incidents", "tables", "search", "changes")),
        *("/", "/suggest/", "/go", "/embed/", "/changes/", "/tables/zim-server/", "/codes/zim-server/660300001/"),
    ]
)
VALUES = st.one_of(
    TEXTS, st.sampled_from(["true", "-1", "9" * 30, "2026-01-01T00:00:00Z", "0001-01-01", "660300001", "1,,2"])
)


@pytest.mark.django_db
def test_any_query_is_answered_or_refused_with_a_message(settings):
    settings.KB_PUBLIC_READ = True
    make.note("Room is gone", make.code())
    client = Client()

    @QUICK
    @given(ADDRESSES, st.dictionaries(PARAMETERS, VALUES, max_size=3))
    @example("/api/v1/codes/", {"count": ""})
    @example("/api/v1/codes/", {"cursor": "\x00", "text": "\ud800"})
    def ask(address, query):
        given_ = {name: value.encode("utf-8", "surrogatepass") for name, value in query.items()}
        answer = client.get(address, given_)
        assert answer.status_code in (200, 302, 400, 404), (address, query)
        if answer.status_code == 400 and address.startswith("/api/"):
            problem = answer.json()
            assert problem["detail"]
            assert all(error["message"] for error in problem["errors"])

    ask()
