"""Whatever is imported, edited and rolled back: places stay unique, and nobody's words are lost.

`HISTORIES=300 pytest tests/importing/applying/test_histories.py` draws more of them.
"""

import os
from itertools import count

import pytest
from django.db.models import Count
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kb.importing.applying import decisions
from kb.importing.applying.back_to import go_back_to, preview_back_to
from kb.importing.applying.rollback import roll_back
from kb.importing.applying.transaction import apply_import
from kb.models.fields import VENDOR_TEXTS
from kb.services.codes import edit_code
from tests import make
from tests.importing.tables import by, planned, problem, row

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

FEW = settings(
    max_examples=int(os.environ.get("HISTORIES", "12")), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
STATE = (
    "code",
    "section_id",
    "section__name",
    "position",
    "extra",
    "disposition",
    "fixer",
    "retired_at",
    *VENDOR_TEXTS,
)
STATE += tuple(f"vendor_{name}" for name in VENDOR_TEXTS)
NUMBERS = count()
YES = {"yes_retire": True, "yes_strange": True, "skip_errors": True}
ACTIONS = ["Retry.", "Please contact technical support.", ""]


def state(table):
    return {values[0]: values[1:] for values in table.codes.values_list("id", *STATE)}


def files(sections):
    """Files with some of six codes in any order, with words that often change."""
    line = st.tuples(st.sampled_from(sections), st.sampled_from("ab"), st.sampled_from(ACTIONS))
    codes = st.tuples(st.permutations("123456"), st.integers(1, 6)).map(lambda drawn: drawn[0][: drawn[1]])
    return codes.flatmap(lambda drawn: st.tuples(st.just(drawn), st.lists(line, min_size=6, max_size=6)))


def rows_of(file):
    return [
        row(
            # Another spelling of the same code.
            chr(ord(code) + 0xFEE0) if (words, actions) == ("b", "") else code,
            section=section,
            description=code + words,
            suggested_actions=actions,
            extra={"level": words},
        )
        for code, (section, words, actions) in zip(*file, strict=False)
    ]


def conflicts_of(plan):
    return [import_row for import_row in plan.rows.filter(kind="conflict") if "description" in import_row.conflicts]


class History:
    """What happened to one table, and the state to which each roll-back has to return."""

    def __init__(self, first, any_order):
        self.table = make.table(f"history-{next(NUMBERS)}")
        self.any_order = any_order
        self.words = {}
        self.dispositions = {}
        self.notes = {}
        self.imports = []
        self.bring_in(first, False, "0")
        self.imports.clear()

    def bring_in(self, file, complete, left_out):
        before = state(self.table)
        bad = problem("Bad.", 9, value="6")
        answers = {"sections": "same" if left_out in "123" else "new"}
        ranges = ranges_of(file) if left_out in "45" else ()
        plan = planned(self.table, *rows_of(file), complete=complete, problems=[bad], answers=answers, ranges=ranges)
        if left_out == "4":
            decisions.resolve_all(plan, "take_theirs", by())
            for import_row in conflicts_of(plan):
                self.words.pop(import_row.return_code_id, None)
        for import_row in plan.rows.filter(identity=left_out).exclude(kind="reordered"):
            decisions.resolve(import_row, "leave_out", by())
        if not self.any_order:
            self.forget()
        self.imports.append([apply_import(plan, by(), **YES), before, False])

    def edit(self, number):
        for code in self.table.codes.filter(identity__startswith=number):
            values = {"description": f"Ours {next(NUMBERS)}"}
            if number in "12":
                values["disposition"] = self.dispositions[code.pk] = "change_plan"
            self.words[code.pk] = edit_code(code, code.version, values, by()).description
            self.forget()

    def annotate(self, number):
        for code in self.table.codes.filter(identity=number):
            make.note(f"Note {next(NUMBERS)}", code)
            self.notes[code.pk] = self.notes.get(code.pk, 0) + 1

    def roll_back(self, number):
        there = [entry for entry in self.imports if not entry[2]]
        if not there:
            return
        entry = there[-1 - number % len(there)]
        roll_back(entry[0], by())
        entry[2] = True
        before = None
        while self.imports and self.imports[-1][2]:
            _, before, _ = self.imports.pop()
        # An earlier import that was rolled back is no longer in the state that the later one found.
        if before is not None and not any(is_back for _, _, is_back in self.imports):
            after = state(self.table)
            assert {pk: after[pk] for pk in before} == before
            newer = self.table.codes.exclude(pk__in=before)
            assert not newer.current().exists()
            if not self.imports:
                # What only these imports had brought is gone.
                assert not newer.published().exists()
        if not self.any_order:
            self.forget()

    def go_back(self, number):
        there = [entry for entry in self.imports if not entry[2]]
        if not there:
            return
        entry = there[-1 - number % len(there)]
        place = self.imports.index(entry)
        is_certain = not any(is_back for _, _, is_back in self.imports[place:])
        assert len(preview_back_to(entry[0], by()).imports) == len(there) - there.index(entry)
        go_back_to(entry[0], by())
        after = state(self.table)
        _, before, _ = entry
        if before is not None and is_certain and not any(is_back for _, _, is_back in self.imports):
            assert {pk: after[pk] for pk in before} == before
        del self.imports[place:]
        while self.imports and self.imports[-1][2]:
            self.imports.pop()

    def forget(self):
        for entry in self.imports:
            entry[1] = None

    def check(self):
        places = list(self.table.codes.values_list("position", flat=True))
        assert len(set(places)) == len(places), "two codes have one place"
        assert dict(self.table.codes.filter(pk__in=self.words).values_list("pk", "description")) == self.words
        edited = self.table.codes.filter(pk__in=self.dispositions)
        assert dict(edited.values_list("pk", "disposition")) == self.dispositions
        assert (
            dict(self.table.codes.filter(notes__isnull=False).values_list("pk").annotate(Count("notes"))) == self.notes
        )
        current = self.table.codes.current().values_list("section_id", "identity")
        assert len(set(current)) == len(current), "one code stands twice in a section"


def steps(sections):
    bring_in = st.tuples(st.just("bring_in"), files(sections), st.booleans(), st.sampled_from("0123456"))
    edit = st.tuples(st.just("edit"), st.sampled_from("123456"))
    note = st.tuples(st.just("annotate"), st.sampled_from("123456"))
    back = st.tuples(st.just("roll_back"), st.integers(0, 2))
    far_back = st.tuples(st.just("go_back"), st.integers(0, 2))
    return st.lists(bring_in | back | edit | note | back | far_back, min_size=2, max_size=8)


def live(first, actions, any_order):
    history = History(first, any_order)
    for name, *options in actions:
        getattr(history, name)(*options)
        history.check()


def in_one_section(*codes):
    return tuple(codes), [("P", "a", "Retry.")] * 6


@FEW
@given(files("P"), steps("P"))
@example(
    in_one_section("1", "4"),
    [
        ("bring_in", in_one_section("1", "3", "4", "5"), True, "0"),
        ("roll_back", 0),
        ("bring_in", in_one_section("1"), False, "0"),
        ("bring_in", in_one_section("1", "2", "3"), True, "0"),
        ("roll_back", 0),
    ],
)
@example(
    (("1",), [("P", "a", "Please contact technical support.")] * 6),
    [
        ("bring_in", (("1",), [("P", "a", "Retry.")] * 6), False, "0"),
        ("bring_in", (("1",), [("P", "b", "Retry.")] * 6), False, "0"),
        ("roll_back", 1),
        ("bring_in", (("1",), [("P", "a", "Retry.")] * 6), False, "0"),
        ("roll_back", 1),
        ("roll_back", 0),
    ],
)
def test_roll_backs_in_any_order_restore_the_state_before_and_words_of_staff_stay(first, actions):
    live(first, actions, any_order=True)


@FEW
@given(files(["P", "Q", "p", "R"]), steps(["P", "Q", "p", "R"]))
def test_a_roll_back_right_after_its_import_restores_the_state_also_in_several_sections(first, actions):
    live(first, actions, any_order=False)


def shown(table):
    ranges = {(first, last): name for first, last, name in table.ranges.values_list("first", "last", "name")}
    return {values[0]: values[1:] for values in table.codes.published().values_list("id", *STATE)} | ranges


def ranges_of(file):
    """Some ranges, by the codes of a file, so that several files name the same ones."""
    return [(f"{code}000", f"{code}999", "Reserved") for code in file[0][:2]]


VERSIONS = st.lists(st.tuples(files(["P", "Q", "p", "R", ""]), st.booleans()), min_size=1, max_size=5)


@FEW
@given(files(["P", "Q"]), VERSIONS, st.integers(0, 4), st.booleans())
def test_versions_that_are_rolled_back_from_the_newest_on_are_each_as_they_were(first, versions, number, again):
    table = make.table(f"history-{next(NUMBERS)}")
    imports, before = [], []
    for file, complete in [(first, True), *versions]:
        before.append(shown(table))
        answers = {"sections": "same" if again else "new"}
        plan = planned(table, *rows_of(file), complete=complete, ranges=ranges_of(file), answers=answers)
        imports.append(apply_import(plan, by(), **YES))
        if again and len(imports) == 2:
            # A wrong file, taken back at once, leaves nothing.
            roll_back(imports.pop(), by())
            assert shown(table) == before.pop()
    number = number % len(imports)
    go_back_to(imports[-1 - number], by())
    assert shown(table) == before[-1 - number]
    for table_import, expected in list(zip(imports, before, strict=True))[-2 - number :: -1]:
        roll_back(table_import, by())
        assert shown(table) == expected
    assert not shown(table)
