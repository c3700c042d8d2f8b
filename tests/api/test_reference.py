"""Random combinations of filters keep what a reference in plain Python keeps, on either database."""

import os
import random
import re
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from kb.models import Audience, ReturnCode
from kb.text.accents import fold_case
from kb.text.codes.forms import readings
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db
COMBINATIONS = int(os.environ.get("COMBINATIONS", "500"))
WORDS = [
    "room",
    "Room",
    "does not",
    "ÜBUNG",
    "übung",
    "房间",
    "房间不存在",
    "100%",
    "seats_taken",
    "a,b",
    '"x"',
    "it's",
    "Éclair",
]
SECTIONS = ["Public", "Rooms, old", "Rooms", "old"]
SYMBOLS = ["", "ROOM_GONE", "Room,Gone", "Room", "Gone", "STATUS_INVALID"]
NUMBERS = ["1", "3", "77", "0x10", "E-5", "3,7", "7", "660300001"]


@pytest.fixture
def rows():
    """Codes of three tables, one of them internal, that share values in every combination."""
    dice = random.Random(5)
    tables = [make.table("zim-server"), make.table("other"), make.table("secret", audience=Audience.INTERNAL)]
    for n, (table, section, code) in enumerate((t, s, c) for t in tables for s in SECTIONS for c in NUMBERS):
        texts = {
            name: " ".join(dice.sample(WORDS, dice.randrange(4)))
            for name in ("description", "possible_reasons", "suggested_actions")
        }
        choices = {
            "symbol": dice.choice(SYMBOLS),
            "disposition": dice.choice(["unknown", "retry_now", "fix_request"]),
            "fixer": dice.choice(["unknown", "us"]),
            "version": dice.choice([1, 1, 1, 2, 3]),
            "updated_at": LAST_YEAR + timedelta(days=n % 9),
        }
        retired = {"retired_at": LAST_YEAR} if n % 5 == 0 else {}
        made = make.code(code, table, section, **texts, **choices, **retired)
        if n % 3 == 0:
            make.note(f"Note {n}", made, audience="public" if n % 2 else "internal")
        if n % 7 == 0:
            successor = ReturnCode.objects.order_by("?").first() if n < 1 else ReturnCode.objects.order_by("pk")[n // 2]
            ReturnCode.objects.filter(pk=made.pk).update(successor=successor)
    return [Row(code) for code in ReturnCode.objects.select_related("table", "section", "successor__table")]


class Row:
    """A code as the reference sees it."""

    def __init__(self, code):
        self.code, self.pk = code, code.pk
        self.is_public = code.table.audience == Audience.PUBLIC
        self.notes = list(code.notes.values_list("pk", "audience"))
        successor = code.successor
        self.successors = {None: False} if successor is None else {successor.pk: successor.table.audience == "public"}

    def has_note(self, agent):
        return any(agent or audience == Audience.PUBLIC for _, audience in self.notes)

    def has_successor(self, agent):
        return any(pk is not None and (agent or public) for pk, public in self.successors.items())


def whole_and_pieces(value):
    pieces = [piece.strip() for piece in value.split(",") if piece.strip()]
    return {value, *pieces}


def spelled(value):
    return {reading.canonical for one in whole_and_pieces(value) for reading in readings(one)}


def words_of(text):
    """Return the words of a text, each Chinese letter as one, and whether it stands right behind another one."""
    cjk, end, words = "\u3040-\u30ff\u3400-\u9fff", 0, []
    for match in re.finditer(rf"[{cjk}]|[^\W_{cjk}]+(?:['’][^\W_{cjk}]+)*", fold_case(text)):
        is_behind = match.start() == end and re.match(f"[{cjk}]{{2}}", fold_case(text)[end - 1 : end + 1]) is not None
        words.append((match[0].replace("’", "'"), is_behind))
        end = match.end()
    return words


def has_words(text, value):
    words, wanted = words_of(text), words_of(value)
    return any(
        all(
            word == other and (behind or not is_wanted_behind or place == 0)
            for place, ((word, behind), (other, is_wanted_behind)) in enumerate(
                zip(words[start : start + len(wanted)], wanted, strict=True)
            )
        )
        for start in range(len(words) - len(wanted) + 1)
    )


def known_sections(value):
    """A section that exists as a whole is meant as a whole; every section is known in this world."""
    return whole_and_pieces(value)


def same(name, values=whole_and_pieces):
    return lambda row, value, agent: getattr(row.code, name) in values(value)


TEXTS = ("description", "possible_reasons", "suggested_actions")
PARTS = [
    "oom",
    "ROOM",
    "s not",
    "übung",
    "UBUNG",
    "间不存",
    "房间不",
    "00%",
    "ts_tak",
    "a,b",
    ' "x',
    "'s ",
    "eclair",
    "zzz",
]
WHOLE = [
    "room",
    "does not",
    "does-not!",
    "房间",
    "seats_taken",
    "seats Taken",
    "eclair",
    "ubung room",
    "100 seats",
    "a b x",
    "it’s",
    "不存在",
    "100%",
]
TIMES = ["2025-03-05T00:00:00Z", "2025-03-08T00:00:00Z", "2025-03-10T12:00:00+01:00"]
FILTERS = {
    "table": (["zim-server", "other", "zim-server,other"], lambda r, v, a: r.code.table.slug in v.split(",")),
    "section": ([*SECTIONS, "Public,old"], lambda r, v, a: r.code.section.name in known_sections(v)),
    "code": ([*NUMBERS, "1,77", "16"], lambda r, v, a: r.code.canonical in spelled(v)),
    "code__in": (["1,77", "0x10"], lambda r, v, a: r.code.canonical in spelled(v)),
    "symbol": ([*filter(None, SYMBOLS), "Gone,Nothing"], same("symbol")),
    "symbol__in": (["Room,Gone", "ROOM_GONE"], same("symbol")),
    "number": (["1", "3,77"], lambda r, v, a: str(r.code.number) in v.split(",")),
    "disposition": (["unknown", "retry_now,fix_request"], lambda r, v, a: r.code.disposition in v.split(",")),
    "fixer": (["us", "unknown"], lambda r, v, a: r.code.fixer in v.split(",")),
    "version": (["1", "2,3"], lambda r, v, a: str(r.code.version) in v.split(",")),
    "number__gte": (["3", "77"], lambda r, v, a: r.code.number is not None and r.code.number >= int(v)),
    "number__lte": (["3", "77"], lambda r, v, a: r.code.number is not None and r.code.number <= int(v)),
    "version__gte": (["1", "2"], lambda r, v, a: r.code.version >= int(v)),
    "retired": (["true", "1", "False"], lambda r, v, a: (r.code.retired_at is not None) == yes(v)),
    "retired_at__isnull": (["0", "True"], lambda r, v, a: (r.code.retired_at is None) == yes(v)),
    "number__isnull": (["true", "false"], lambda r, v, a: (r.code.number is None) == yes(v)),
    "has_notes": (["true", "false"], lambda r, v, a: r.has_note(a) == yes(v)),
    "successor__isnull": (["true", "false"], lambda r, v, a: r.has_successor(a) != yes(v)),
    "updated_at__after": (TIMES, lambda r, v, a: r.code.updated_at >= datetime.fromisoformat(v)),
    "updated_at__before": (TIMES, lambda r, v, a: r.code.updated_at < datetime.fromisoformat(v)),
    "symbol__contains": (["om_", "OM,", "invalid"], lambda r, v, a: fold_case(v) in fold_case(r.code.symbol)),
    "symbol__prefix": (["Room", "stat"], lambda r, v, a: r.code.symbol.lower().startswith(v.lower())),
}
"""Values and the rule of each filter."""


def yes(value):
    return value.lower() in ("true", "1")


def add_negations():
    for name in ("table", "section", "code", "symbol", "number", "disposition", "fixer", "version"):
        values, keeps = FILTERS[name]
        FILTERS[f"{name}__not"] = (values, lambda row, value, agent, keeps=keeps: not keeps(row, value, agent))


def add_texts():
    for name in TEXTS:
        FILTERS[f"{name}__contains"] = (
            PARTS,
            lambda r, v, a, n=name: fold_case(v) in fold_case(getattr(r.code, n)),
        )
        FILTERS[f"{name}__words"] = (WHOLE, lambda r, v, a, n=name: has_words(getattr(r.code, n), v))
        FILTERS[f"{name}__isnull"] = (["true", "0"], lambda r, v, a, n=name: (getattr(r.code, n) == "") == yes(v))


add_negations()
add_texts()
REPEATED = {"table", "section", "code", "symbol", "disposition", "fixer", "code__in", "symbol__in"}
ORDERS = ["", "ordering=-number", "ordering=code", "ordering=-updated_at", "ordering=id", "ordering=-vendor"]


def combination(dice):
    """Return the query of a random combination, and its rules: per parameter the values that it has."""
    names = dice.sample(sorted(FILTERS), dice.choice([1, 2, 2, 3, 4]))
    chosen = {
        name: dice.sample(FILTERS[name][0], 2 if name.removesuffix("__not") in REPEATED and dice.random() < 0.3 else 1)
        for name in names
    }
    pairs = [f"{name}={quote(value, safe='')}" for name, values in chosen.items() for value in values]
    return "&".join([*pairs, *filter(None, [dice.choice(ORDERS)])]), chosen


def is_kept(row, chosen, agent):
    return all(
        all(FILTERS[name][1](row, value, agent) for value in values)
        if name.endswith("__not")
        else any(FILTERS[name][1](row, value, agent) for value in values)
        for name, values in chosen.items()
    )


def test_random_combinations_keep_what_the_reference_keeps(client, rows, agent):
    dice, differing, kept = random.Random(11), [], 0
    for n in range(COMBINATIONS):
        if n == COMBINATIONS // 2:
            client.force_login(agent)
        is_agent = n >= COMBINATIONS // 2
        query, chosen = combination(dice)
        expected = {row.pk for row in rows if (is_agent or row.is_public) and is_kept(row, chosen, is_agent)}
        answer = client.get(f"/api/v1/codes/?page_size=200&fields=id&count=true&{query}")
        assert answer.status_code == 200, (query, answer.content)
        ids = {one["id"] for one in answer.json()["results"]}
        kept += bool(expected)
        if ids != expected or answer.json()["count"] != len(expected):
            differing.append((query, is_agent, len(ids), len(expected)))
    assert differing == [], "\n".join(map(str, differing))
    assert kept > COMBINATIONS // 3, "most combinations keep something"
