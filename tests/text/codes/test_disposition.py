"""What to do about a code, from the vendor's own words."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.codes import disposition
from kb.text.codes.disposition import DISPOSITIONS, FIXERS, derive_disposition
from tests import ROOT

ZIM = ROOT / "fixtures" / "zim_server_en.csv"
REVIEWED = Path(__file__).with_name("zim_dispositions.csv")


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_zim_table_has_the_reviewed_disposition():
    derived = [
        {
            "code": row["code"],
            "disposition": derive_disposition(row["suggested_actions"]).disposition,
            "fixer": derive_disposition(row["suggested_actions"]).fixer,
            "the vendor says": row["suggested_actions"].replace("\n", " / "),
        }
        for row in rows(ZIM)
    ]
    assert derived == rows(REVIEWED)
    assert len(derived) == 129


def test_do_not_process_means_no_action_in_all_its_18_rows():
    counts = Counter(derive_disposition(row["suggested_actions"]).disposition for row in rows(ZIM))
    assert counts["no_action"] == 18


@pytest.mark.parametrize(
    ("words", "disposition", "fixer"),
    [
        ("Please try again.", "retry_now", "unknown"),
        ("Please try again later.", "retry_later", "unknown"),
        ("Please contact ZEGO technical support.", "contact_vendor", "vendor"),
        ("Please contact ZEGO technical support to upgrade the package.", "change_plan", "customer"),
        ("Please open ZIM Ultimate Edition service.", "change_plan", "customer"),
        ("Do not process.", "no_action", "unknown"),
        ("Please check the input parameters.", "fix_request", "customer"),
        ("Please try again, or contact ZEGO technical support.", "unknown", "unknown"),
        ("Please shorten the list, or contact technical support.", "unknown", "unknown"),
        ("See the manual.", "unknown", "unknown"),
        ("", "unknown", "unknown"),
        ("请稍后重试。", "retry_later", "unknown"),
        ("请联系 ZEGO 技术支持处理。", "contact_vendor", "vendor"),
        ("无需处理。", "no_action", "unknown"),
        ("请输入正确的参数。", "fix_request", "customer"),
    ],
)
def test_words_decide_only_if_they_name_one_thing_to_do(words, disposition, fixer):
    assert derive_disposition(words) == (disposition, fixer)


@given(st.text())
def test_any_words_give_a_valid_answer(words):
    verdict = derive_disposition(words)
    assert verdict.disposition in DISPOSITIONS
    assert verdict.fixer in FIXERS


def test_each_kind_of_cue_is_a_disposition():
    assert {name for name, _, _ in disposition._CUES} < set(DISPOSITIONS)


WORDS = "please check contact technical support try again later retry no action needed do not process upgrade your plan"
WORDS = [
    *WORDS.split(),
    "open",
    "edition",
    "can be left blank",
    "PLEASE",
    "pleaſe",
    "ſ",
    "K",
    "请检查",
    "稍后重试",
    "联系技术支持",
    ".",
    "x",
]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_clues_skip_no_cue_that_would_match(text):
    rest, names = text, []
    for name, _clues, cue in disposition._CUES:
        rest, hits = cue.subn(" ", rest)
        names += [name] * bool(hits)
    assert derive_disposition(text).disposition == (names[0] if len(names) == 1 else "unknown")
