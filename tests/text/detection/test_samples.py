"""How well codes are found in tickets and logs, counted on labelled snippets.

The second file is held out: it led to fixes of plain bugs, but to no new words, so its figures tell what to
expect of new texts (at first sight: precision 0.845, recall 0.980). Both files are harder than real tickets: their ids,
amounts and phone numbers equal known codes on purpose.
"""

import csv
import re
from pathlib import Path

import pytest

from kb.text.codes.forms import canonical
from kb.text.detection.judgement import Role, candidates, judge
from tests import ROOT

HERE = Path(__file__).parent
ZIM = ROOT / "fixtures" / "zim_server_en.csv"
OTHERS = (
    "ORA-00942 ORA-00001 0xC0000005 0x80070005 42P01 40P01 23505 20404 21211 30007 -1009 -32601 NoSuchKey 429 1045 "
    "E4012 137 14"
).split()
RANGES = [
    (0, 999_999, "General"),
    (100_000_000, 100_999_999, "Gateway"),
    *((660_000_000 + n * 100_000, 660_099_999 + n * 100_000, f"Block {n}") for n in range(11)),
]


def known_codes():
    with ZIM.open(newline="", encoding="utf-8") as file:
        return {canonical(code): code for code in [row["code"] for row in csv.DictReader(file)] + OTHERS}


def samples(name):
    """Yield (title, what is expected, text); a block opens with `=== title | codes | unknown … or wrapper …`."""
    for block in re.split(r"^=== ", (HERE / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, text = block.split("\n", 1)
        title, *parts = [part.strip() for part in head.split("|")]
        extra = dict(part.split(" ", 1) for part in parts[1:])
        yield title, {"codes": set(parts[0].split()), **extra}, text


def detect(text):
    detection = judge(text, candidates(text), known_codes(), RANGES)
    return {code.id: code for code in detection.codes if code.is_likely}, [u.written for u in detection.unknown]


def figures(name):
    right = wrong = missed = 0
    hard = []
    for title, expected, text in samples(name):
        matches, _ = detect(text)
        right += len(expected["codes"] & matches.keys())
        wrong += len(matches.keys() - expected["codes"])
        missed += len(expected["codes"] - matches.keys())
        if expected["codes"] != matches.keys():
            hard.append(f"{title}: expected {sorted(expected['codes'])}, found {sorted(matches)}")
    return right / (right + wrong), right / (right + missed), hard


@pytest.mark.parametrize(
    ("name", "floor_of_precision", "floor_of_recall"),
    [("detect_samples.txt", 0.98, 0.98), ("detect_samples_held_out.txt", 0.84, 0.98)],
)
def test_precision_and_recall(name, floor_of_precision, floor_of_recall, capsys):
    precision, recall, hard = figures(name)
    with capsys.disabled():
        print(f"\n{name}: {len(list(samples(name)))} snippets, precision {precision:.3f}, recall {recall:.3f}")
        print(*(f"  hard: {line}" for line in hard), sep="\n", end="\n" if hard else "")
    assert precision >= floor_of_precision
    assert recall >= floor_of_recall


ALL = [
    (title, *rest) for name in ("detect_samples.txt", "detect_samples_held_out.txt") for title, *rest in samples(name)
]


@pytest.mark.parametrize(("title", "expected", "text"), [sample for sample in ALL if "wrapper" in sample[1]])
def test_the_cause_comes_before_the_code_that_wraps_it(title, expected, text):
    matches, _ = detect(text)
    assert {code.id for code in matches.values() if code.role is Role.WRAPPER} == {expected["wrapper"]}
    assert list(matches)[-1] == expected["wrapper"]


@pytest.mark.parametrize(("title", "expected", "text"), ALL)
def test_only_likely_codes_are_reported_as_unknown(title, expected, text):
    _, unknown = detect(text)
    assert unknown == expected.get("unknown", "").split()


def test_enough_snippets_are_held_out():
    tuned, held_out = (len(list(samples(name))) for name in ("detect_samples.txt", "detect_samples_held_out.txt"))
    assert tuned >= 80
    assert held_out * 4 >= tuned
