"""How well codes are found in pasted tickets and logs, counted on snippets of several vendors with tables of our own.

The half `tuning.txt` led the rules. Nobody looked at the answers for `test.txt` while writing them, so its figures
tell what to expect of new texts. Every number and table is made up, or a published fact in our own words.
"""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from kb.queries.detection import detect
from kb.text.codes.forms import canonical
from kb.text.detection.judgement import Role
from tests import ROOT, make

HERE = Path(__file__).parent / "detection_samples"
FLOORS = {"tuning.txt": (0.98, 0.95, 0.95, 0.97), "test.txt": (0.98, 0.93, 0.85, 0.97)}
"""Precision, recall, causes and right tables first of each half."""


@pytest.fixture
def tables(db):
    with (HERE / "tables.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (ROOT / "fixtures" / "zim_server_en.csv").open(encoding="utf-8", newline="") as file:
        zim = [row | {"table": "zim-server", "vendor": "ZEGOCLOUD", "product": "ZIM"} for row in csv.DictReader(file)]
    made = {}
    for row in [*rows, *zim]:
        slug = row["table"]
        if slug not in made:
            made[slug] = make.table(slug, vendor=row["vendor"], product=row["product"], name="Codes")
        make.code(row["code"], made[slug], symbol=row.get("symbol", ""), description=row["description"])


def samples(name):
    """Yield kind, expected codes with their tables, options and text of each snippet."""
    for block in re.split(r"^=== ", (HERE / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, text = block.split("\n", 1)
        kind, codes, *options = [part.strip() for part in head.split("|")]
        yield kind, dict(code.split("@") for code in codes.split()), dict(o.split(" ", 1) for o in options if o), text


class Figures:
    """What was right and wrong, by kind."""

    def __init__(self):
        self.count, self.lines, self.kinds = Counter(), [], Counter()

    def add(self, kind, expected, options, text):
        likely = [match for match in detect(text, None).codes if match.is_likely and match.role != Role.SUCCESS]
        forms = [{match.canonical, *(code.canonical for code in match.id)} for match in likely]
        wanted = {canonical(code): table for code, table in expected.items()}
        allowed = {canonical(code) for code in options.get("allow", "").split()}
        wrong = []
        for form, table in wanted.items():
            match = next((one for one, of in zip(likely, forms, strict=True) if form in of), None)
            self.count["wanted"] += 1
            self.count["found"] += match is not None
            wrong += [f"missed {form}"] if match is None else []
            if match is not None and table:
                is_first = match.id[0].table.slug == table
                self.count["tables"] += 1
                self.count["first"] += is_first
                wrong += [] if is_first else [f"{form} is of {match.id[0].table.slug}"]
        false = [one.written for one, of in zip(likely, forms, strict=True) if not of & {*wanted, *allowed}]
        self.count["false"] += len(false)
        wrong += [f"false {written}" for written in false]
        if "cause" in options:
            cause = canonical(options["cause"])
            told = any(cause in of and one.role == Role.CAUSE for one, of in zip(likely, forms, strict=True))
            self.count["causes"] += 1
            self.count["told"] += told
            wrong += [] if told else [f"the cause {options['cause']} is not told"]
        if wrong:
            self.kinds[kind.split()[0]] += 1
            self.lines.append(f"  {kind}: {'; '.join(wrong)}")

    def ratios(self):
        n = self.count
        return (
            n["found"] / (n["found"] + n["false"]), n["found"] / n["wanted"], n["told"] / n["causes"],
            n["first"] / n["tables"],
        )  # fmt: skip


@pytest.mark.parametrize("name", FLOORS)
def test_precision_recall_causes_and_tables(name, tables, capsys):
    figures = Figures()
    snippets = list(samples(name))
    for snippet in snippets:
        figures.add(*snippet)
    ratios = figures.ratios()
    with capsys.disabled():
        shown = "precision {:.3f}, recall {:.3f}, cause {:.3f}, table {:.3f}".format(*ratios)
        print(f"\n{name}: {len(snippets)} snippets, {shown}; wrong by kind: {dict(figures.kinds)}")
        if name == "tuning.txt":
            print(*figures.lines, sep="\n")
    assert all(ratio >= floor for ratio, floor in zip(ratios, FLOORS[name], strict=True))


def test_there_are_enough_snippets_in_two_halves():
    assert sum(len(list(samples(name))) for name in FLOORS) >= 250
