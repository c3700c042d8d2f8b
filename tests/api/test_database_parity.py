"""Both databases give the same answers: each must match this table."""

import pytest

from kb.models import ReturnCode
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db

ROWS = [
    ("10", "Room does not exist."),
    ("9", "room (beta) is full: 100% of seats_taken"),
    ("-1", "ÜBUNG fehlgeschlagen"),
    ("0xC0000005", "Access violation at C:\\temp"),
    ("ERR-2", "übung nicht da"),
    ("ERR-10", "房间不存在"),
    ("err-3", "Room\nnumber two"),
    ("00042P01", ""),
    ("A_B", "50% off"),
    ("A%B", 'it\'s "quoted"'),
]


@pytest.fixture
def world():
    zim = make.table()
    for n, (code, description) in enumerate(ROWS):
        kinds = {"disposition": "retry_later" if n % 3 else "no_action", "symbol": f"Sym_{n}" if n % 2 else ""}
        make.code(code, zim, f"Part {n % 3}", description=description, **kinds)
    make.table("Zulu", vendor="zulu")
    make.table("alpha", vendor="Alpha")
    make.note("zeta", ReturnCode.objects.get(code="10"), cause="Because of Ärger")
    make.note("Eta", ReturnCode.objects.get(code="9"))
    make.incident("Down", ReturnCode.objects.get(code="9"), started_at=LAST_YEAR)
    make.incident("Up", ReturnCode.objects.get(code="10"))


NATURAL = ["-1", "9", "10", "0xC0000005", "00042P01", "A%B", "A_B", "ERR-2", "err-3", "ERR-10"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ordering=code", NATURAL),
        ("ordering=-code", NATURAL[::-1]),
        ("ordering=number", NATURAL),
        ("ordering=-number", NATURAL[3::-1] + NATURAL[:3:-1]),
        ("ordering=code&code__prefix=err", ["ERR-2", "err-3", "ERR-10"]),
        ("code__prefix=A_", ["A_B"]),
        ("code__prefix=a%25", ["A%B"]),
        ("description__contains=ROOM", ["10", "9", "err-3"]),
        ("description__contains=(beta)", ["9"]),
        ("description__contains=100%25", ["9"]),
        ("description__contains=seats", ["9"]),
        ("description__contains=ats_tak", ["9"]),
        ("description__contains=ats%25tak", []),
        ("description__contains=0%25%20o", ["9", "A_B"]),
        ("description__contains=%20%22quo", ["A%B"]),
        ("description__contains=UBUNG", ["-1", "ERR-2"]),
        ("description__contains=BUNG%20N", ["ERR-2"]),
        ("description__contains=%E6%88%BF%E9%97%B4%E4%B8%8D", ["ERR-10"]),
        ("description__contains=%E4%B8%8D%E5%AD%98%E5%9C%A8", ["ERR-10"]),
        ("symbol__contains=YM_3", ["0xC0000005"]),
        ("description__words=seats", ["9"]),
        ("description__words=sea", []),
        ("description__words=seats_taken", ["9"]),
        ("description__words=%E6%88%BF%E9%97%B4", ["ERR-10"]),
        ("description__words=%E5%AD%98%E5%9C%A8", ["ERR-10"]),
        ("description__words=%C3%BCbung", ["-1", "ERR-2"]),
        ("description__words=room%20does", ["10"]),
        ("description__words=does%20room", []),
        ("description__contains=C:\\temp", ["0xC0000005"]),
        ("description__contains=%C3%BCbung", ["-1", "ERR-2"]),
        ("description__contains=%E6%88%BF%E9%97%B4%E4%B8%8D%E5%AD%98%E5%9C%A8", ["ERR-10"]),
        ("description__contains=it's", ["A%B"]),
        ("description__contains=room%0Anumber", ["err-3"]),
        ("description=Room%20does%20not%20exist.", ["10"]),
        ("description=room%20does%20not%20exist.", []),
        ("description__isnull=true", ["00042P01"]),
        ("symbol__prefix=sYm_", ["9", "0xC0000005", "ERR-10", "00042P01", "A%B"]),
        ("symbol=Sym_1&symbol=sym_3", ["9"]),
        ("number__lte=9", ["9", "-1"]),
        ("number__isnull=true&ordering=-code", ["ERR-10", "err-3", "ERR-2", "A_B", "A%B", "00042P01"]),
        ("text=room+full", ["9"]),
        ("section__in=x", None),
        ("section=part-1&section=Part+2&disposition=retry_later", ["9", "-1", "ERR-2", "ERR-10", "00042P01", "A_B"]),
    ],
)
def test_codes_are_the_same_in_the_same_order(client, world, query, expected):
    answer = client.get(f"/api/v1/codes/?{query}&fields=code")
    assert answer.status_code == (400 if expected is None else 200), answer.content
    assert expected is None or [one["code"] for one in answer.json()["results"]] == expected


@pytest.mark.parametrize(
    ("address", "member", "expected"),
    [
        ("tables/?ordering=slug", "slug", ["Zulu", "alpha", "zim-server"]),
        ("tables/?ordering=-vendor", "slug", ["Zulu", "zim-server", "alpha"]),
        ("notes/?ordering=title", "title", ["Eta", "zeta"]),
        ("notes/?cause__contains=%C3%A4rger", "title", ["zeta"]),
        ("notes/?cause__contains=of%20arg", "title", ["zeta"]),
        ("notes/?title__contains=because", "title", []),
        ("notes/?cause__words=because", "title", ["zeta"]),
        ("notes/?title__not=zeta", "title", ["Eta"]),
        ("incidents/?title__contains=own", "title", ["Down"]),
        ("tables/?name__contains=urn%20cod&vendor__not=alpha,ZULU", "slug", ["zim-server"]),
        ("incidents/?", "title", ["Down", "Up"]),
        ("incidents/?ordering=started_at", "title", ["Down", "Up"]),
    ],
)
def test_lists_are_in_the_same_order(client, world, address, member, expected):
    assert [one[member] for one in client.get(f"/api/v1/{address}").json()["results"]] == expected


def test_totals_are_the_same(client, world):
    totals = client.get("/api/v1/codes/?facets=section,disposition,retired&count=1").json()
    facets = {
        name: [(one["value"], one["count"]) for one in facet["values"]] for name, facet in totals["facets"].items()
    }
    assert (totals["count"], facets) == (
        10,
        {
            "section": [("part-0", 4), ("part-1", 3), ("part-2", 3)],
            "disposition": [("retry_later", 6), ("no_action", 4)],
            "retired": [("false", 10)],
        },
    )
