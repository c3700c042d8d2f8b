"""How well messages without a code are recognised, counted on lines with templates of several vendors' styles.

`tuning.txt` led the rules; `test.txt` was written once and tells what to expect of new lines. All texts are made up.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest

from kb.queries.detection import detect
from kb.text.codes.forms import canonical
from tests import make

HERE = Path(__file__).parent / "message_samples"
FLOORS = {"tuning.txt": (0.99, 0.9, 0.99), "test.txt": (0.99, 0.9, 0.99)}
"""Precision of the likely ones, recall with the possible ones, and precision of both together."""


@pytest.fixture
def tables(db):
    made = {}
    with (HERE / "tables.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            slug = row["table"]
            if slug not in made:
                made[slug] = make.table(slug, vendor=row["vendor"], product=row["product"], name="Codes")
            make.code(row["code"], made[slug], description=row["description"])


def samples(name):
    """Yield code and table ("" for a line without a message), what fills the holes, and the text."""
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, filled, text = line.split(" |", 2)
            pairs = dict(pair.strip().split("=") for pair in filled.split(";") if pair.strip())
            yield code.strip("- "), pairs, text.strip().replace("\\n", "\n")


class Counts:
    """What was right and wrong."""

    def __init__(self):
        self.count, self.lines = Counter(), []

    def add(self, code, filled, text):
        matches = detect(text, None).codes
        code, _, table = code.partition("@")
        right = [m for m in matches if (canonical(code), table) in {(c.canonical, c.table.slug) for c in m.id}]
        for match in matches:
            self.count[("right" if match in right else "wrong", match.is_likely)] += 1
        self.count["wanted"] += bool(code)
        self.count["found"] += bool(right)
        unfilled = [
            f"{name}={words}"
            for name, words in filled.items()
            if (name, words) not in ((right and right[0].filled) or ())
        ]
        self.count["holes"] += len(filled)
        self.count["filled"] += len(filled) - len(unfilled)
        if len(right) < bool(code) or len(matches) > len(right) or unfilled:
            self.lines.append(
                f"  {text!r}: {[(m.id[0].code, m.filled) for m in matches]}, not {code or 'a message'} {unfilled}"
            )

    def ratios(self):
        n = self.count
        right, wrong = n["right", True], n["wrong", True]
        return (
            right / (right + wrong),
            n["found"] / n["wanted"],
            (right + n["right", False]) / (right + wrong + n["right", False] + n["wrong", False]),
        )


@pytest.mark.parametrize("name", FLOORS)
def test_precision_and_recall_of_messages(name, tables, capsys):
    counts = Counts()
    for sample in samples(name):
        counts.add(*sample)
    ratios = counts.ratios()
    with capsys.disabled():
        shown = "precision {:.3f} of the likely, recall {:.3f}, precision {:.3f} of all".format(*ratios)
        print(f"\n{name}: {shown}; {dict(counts.count)}")
        if name == "tuning.txt":
            print(*counts.lines, sep="\n")
    assert all(ratio >= floor for ratio, floor in zip(ratios, FLOORS[name], strict=True))
    assert counts.count["filled"] >= 0.9 * counts.count["holes"]


def test_there_are_enough_lines_with_and_without_a_message():
    lines = [code for name in FLOORS for code, _, _ in samples(name)]
    assert sum(map(bool, lines)) >= 60
    assert sum(not code for code in lines) >= 120
