"""What the cells below a header change about the targets of its columns."""

from collections.abc import Sequence

from kb.importing.reading.code_column import BY_CONTENT, CodeGuess
from kb.importing.reading.column_content import TEXTS, ColumnContent
from kb.importing.reading.column_questions import (
    ask_about_category,
    ask_about_contents,
    ask_about_joint_text,
    ask_about_prose,
    ask_about_subcode,
)
from kb.importing.reading.columns import EXTRA, IGNORE, TARGETS, ColumnMap
from kb.importing.reading.evidence import ColumnEvidence
from kb.importing.reading.header_names import SPLIT, claim, is_of_failures
from kb.importing.reading.labelled_texts import texts_in
from kb.importing.reading.last_file import compare_with_last_file
from kb.importing.reading.lists import questions_about_lists
from kb.importing.reading.repeats import questions_about_repeats
from kb.importing.reading.sheet_look import SheetLook
from kb.importing.reading.sheets import Record
from kb.importing.reading.table_rows import SheetPart

_MOSTLY = 0.8
BY_WORDS, BY_LABELS, BY_NUMBERS = "its cells are words", "its cells have labels", "a running number"
_REASONS = {"code": BY_CONTENT, "description": BY_WORDS, IGNORE: BY_NUMBERS}


def settle_columns(part: SheetPart, rows: Sequence[Record], look: SheetLook, guess: CodeGuess | None) -> None:
    """Set the columns of a part, with reasons, problems and questions, by what the first rows have."""
    content = ColumnContent(part, rows, look)
    for label, target in guess.targets.items() if guess else ():
        if content.targets.get(label) == target and label not in look.column_map.targets:
            content.reasons[label] = _REASONS.get(target, "")
    if not content.column_of("code"):
        return
    _check_code(content)
    _check_texts(content)
    _check_unnamed(content)
    compare_with_last_file(content)
    _split_texts(content)
    ask_about_contents(content)
    ask_about_prose(content)
    ask_about_subcode(content)
    ask_about_category(content)
    part.columns = ColumnMap(content.targets, content.final_reasons())
    part.questions += questions_about_repeats(part, rows)
    part.questions += questions_about_lists(part, rows)


def _check_code(content: ColumnContent) -> None:
    """Take a code column that is unique in place of one whose cells repeat or are empty."""
    code = content.column_of("code")
    present = content.evidence(code)
    # A name is the code where some rows have no other.
    names = ("code", "symbol") if present.filled < _MOSTLY and present.count > 1 else ("code",)
    others = [
        label
        for label, target in content.targets.items()
        if target in (EXTRA, "symbol") and not content.is_chosen(label) and claim(label).target in names
    ]
    if content.is_chosen(code) or not others or (present.unique > _MOSTLY and len(names) == 1):
        return
    better = next((label for label in others if _is_unique(content.evidence(label), as_name=len(names) > 1)), "")
    if better and not content.evidence(better).is_running:
        reason = "repeat" if present.unique <= _MOSTLY else "are missing in some rows"
        content.take(code, EXTRA, f"its cells {reason}")
        content.take(better, "code", BY_CONTENT)
        content.part.problems[:] = [p for p in content.part.problems if p.value != better]
        content.warn("same_target", f"{better} is read as the code, because the cells of {code} {reason}.", code)


def _is_unique(column: ColumnEvidence, *, as_name: bool) -> bool:
    is_name = column.filled >= 0.9 and column.unique >= 0.95 and column.words >= 0.95
    return column.is_code or (as_name and is_name)


def _check_texts(content: ColumnContent) -> None:
    """Find the description where no header is known as its name."""
    _prefer_filled(content)
    symbol = content.column_of("symbol")
    if content.column_of("description") or content.column_of(SPLIT):
        return
    if symbol and not content.is_chosen(symbol) and content.evidence(symbol).texts >= 0.5:
        content.take(symbol, "description", BY_WORDS)
    if content.column_of("description"):
        return
    weak = [
        (claim(label).rank, label)
        for label, target in content.targets.items()
        if target == EXTRA and not content.is_chosen(label) and _is_weak_text(label)
    ]
    for _, label in sorted(weak):
        target = claim(label).target if claim(label).target in TEXTS else "description"
        if content.evidence(label).texts >= 0.5 and not content.column_of(target):
            content.take(label, target, BY_WORDS)
            return
    failures = [label for _, label in weak if is_of_failures(label)]
    if failures and not content.has_text():
        # Beside "Event code", "Event" is what happened, also in a single word or as a name.
        is_name = content.evidence(failures[0]).codes >= _MOSTLY and not symbol
        content.take(failures[0], "symbol" if is_name else "description", BY_WORDS)


def _is_weak_text(label: str) -> bool:
    answer = claim(label)
    return answer.is_weak and answer.target in (*TEXTS, "code")


def _prefer_filled(content: ColumnContent) -> None:
    """Take another column with the same name for a text where the first one is mostly empty."""
    for target in TEXTS:
        first = content.column_of(target)
        others = [
            label
            for label, other in content.targets.items()
            if other == EXTRA and not content.is_chosen(label) and claim(label).target == target
        ]
        if not others or content.is_chosen(first) or not first or content.evidence(first).filled > 0.5:
            continue
        best = max(others, key=lambda label: content.evidence(label).filled)
        if content.evidence(best).filled > 0.8:
            content.take(first, EXTRA, "its cells are mostly empty")
            content.take(best, target, BY_WORDS)
            content.part.problems[:] = [p for p in content.part.problems if p.value != best]
            message = f"{best} is read as the {TARGETS[target].lower()}, because most cells of {first} are empty."
            content.warn("same_target", message, first)


def _check_unnamed(content: ColumnContent) -> None:
    """Leave out a running number without a header; name other columns without a header that have content."""
    if not content.part.header_line:
        return
    cells = content.part.cells
    unnamed = [label for n, label in enumerate(content.labels) if label == f"Column {n + 1}" and label not in cells]
    for label in unnamed:
        if content.is_chosen(label) or content.targets[label] != EXTRA:
            continue
        column = content.evidence(label)
        if column.is_running:
            content.take(label, IGNORE, BY_NUMBERS)
        elif column.count:
            example = next(cell for cell in content.cells(label) if cell and cell.strip())
            message = f"{label} has no header, but content such as \u201c{example[:60]}\u201d."
            content.warn("unnamed_column", f"{message} It is kept as an extra column.", label)


def _split_texts(content: ColumnContent) -> None:
    """Find columns that have several texts, each behind its label."""
    for label, target in list(content.targets.items()):
        if target not in (*TEXTS, SPLIT, EXTRA) or (content.is_chosen(label) and target != SPLIT):
            continue
        names = texts_in(content.cells(label)) if target != EXTRA or not content.has_text() else []
        if names:
            content.part.split_texts = names
            content.part.split_rest = "description" if target == SPLIT and not content.column_of("description") else (
                target if target in TEXTS else names[0]
            )  # fmt: skip
            content.take(label, SPLIT, BY_LABELS)
            parts = ", ".join(TARGETS[name].lower() for name in names)
            content.warn("split_column", f"The cells of {label} have several texts with labels: {parts}.", label)
        elif target == SPLIT and not content.is_chosen(label):
            ask_about_joint_text(content, label)
        elif target == SPLIT:
            content.part.split_rest = "suggested_actions" if content.column_of("description") else "description"
            content.part.split_texts = [content.part.split_rest]
