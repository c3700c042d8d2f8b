"""What the cells of a table leave to be asked about its columns."""

from kb.importing.reading.choices import FileQuestion, Offer
from kb.importing.reading.column_content import TEXTS, ColumnContent
from kb.importing.reading.columns import EXTRA, SUBCODE, TARGETS
from kb.importing.reading.header_names import SPLIT, claim, is_note
from kb.text.codes.cells import fit

_LEAST_REPEATED = 0.1
"""Share of rows that repeat a code: below, they are mistakes rather than the codes of another category."""

_MOST_QUESTIONS = 3
_MOSTLY = 0.9


def ask_about_joint_text(content: ColumnContent, label: str) -> None:
    """Ask where a column with two texts goes, as nothing in its cells tells them apart."""
    free = [name for name in TEXTS if not content.column_of(name)]
    target = "suggested_actions" if "suggested_actions" in free else free[0] if free else EXTRA
    content.take(label, target, "its header has two texts; nothing in its cells tells them apart")
    offers = tuple(
        Offer(f"{label}: {TARGETS[name].lower()}", {"columns": {label: name}})
        for name in dict.fromkeys([target, *free, EXTRA])
    )
    message = f"The column {label} has two texts, and no labels in its cells that tell them apart."
    content.ask(FileQuestion("columns", message, offers, offers[0].label))


def ask_about_contents(content: ColumnContent) -> None:
    """Ask what is right where sentences stand under the name of the code, and codes under that of another column."""
    code = content.column_of("code")
    others = [label for label, target in content.targets.items() if target in ("description", "symbol", EXTRA)]
    if content.is_chosen(code) or not content.evidence(code).is_prose:
        return
    label = next((label for label in others if content.evidence(label).is_code), "")
    if not label or content.is_chosen(label):
        return
    offers = (
        Offer(f"{label} is the code, {code} is the description", {"columns": {label: "code", code: "description"}}),
        Offer("The header is right", {"columns": {code: "code", label: content.targets[label]}}),
    )
    message = f"{code} has sentences such as {_example(content, code)}, and {label} has what looks like the codes."
    content.ask(FileQuestion("columns", message, offers))


def ask_about_prose(content: ColumnContent) -> None:
    """Ask what an unknown column of sentences is; where codes have no text without it, nothing is imported before."""
    unknown = [label for label, target in content.targets.items() if target == EXTRA and not content.is_chosen(label)]
    prose = [label for label in unknown if content.evidence(label).texts >= 0.5]
    if content.has_text():
        _ask_about_more_texts(content, prose)
    elif prose:
        _ask_for_text(content, prose)


def _ask_about_more_texts(content: ColumnContent, prose: list[str]) -> None:
    """Ask whether further columns of sentences are a text that no column has."""
    # A description that some codes do not have may be another column's.
    free = [
        name
        for name in TEXTS
        if not (label := content.column_of(name))
        or (name == "description" and not content.is_chosen(label) and content.evidence(label).filled < _MOSTLY)
    ]
    is_split = bool(content.column_of(SPLIT))
    unknown = [label for label in prose if _is_unknown(content, label)]
    for label in unknown[:_MOST_QUESTIONS] if free and not is_split else ():
        targets = [*free, EXTRA]
        offers = [Offer(f"{label}: {TARGETS[name].lower()}", {"columns": {label: name}}) for name in targets]
        message = f"The header {label} is not known, and its cells have words such as {_example(content, label)}."
        content.ask(
            FileQuestion("columns", f"{message} It is kept as an extra column.", tuple(offers), offers[-1].label)
        )


def _is_unknown(content: ColumnContent, label: str) -> bool:
    answer, column = claim(label), content.evidence(label)
    is_named = is_note(label) or (answer.target in (*TEXTS, SPLIT, "section") and not answer.is_weak)
    has_header = label in content.part.cells or not content.part.header_line
    return has_header and not is_named and not column.is_category


def _example(content: ColumnContent, label: str) -> str:
    example = next((cell for cell in content.cells(label) if cell and " " in cell.strip()), "") or ""
    example = example or next(filter(None, content.cells(label)), "") or ""
    return f"\u201c{fit(example[:60])}\u201d"


def _ask_for_text(content: ColumnContent, prose: list[str]) -> None:
    """Ask which column of sentences is the description, where no text of the codes is known."""
    first, more = prose[0], prose[1:4]
    offers = [Offer(f"{label} is the description", {"columns": {label: "description"}}) for label in [first, *more]]
    offers.append(Offer("Keep as an extra column", {"columns": dict.fromkeys(prose, EXTRA)}))
    message = f"No column is known as the text of a code, but {first} has sentences such as {_example(content, first)}."
    content.ask(FileQuestion("columns", message, tuple(offers)))


def ask_about_subcode(content: ColumnContent) -> None:
    """Join a code with its second part where the first one repeats and both together do not."""
    code = content.column_of("code")
    names = [
        label
        for label, target in content.targets.items()
        if target == EXTRA and label not in content.look.choices.columns and claim(label).target == SUBCODE
    ]
    if not names or content.column_of(SUBCODE) or content.evidence(code).unique > 0.95:
        return
    pairs = list(zip(content.cells(code), content.cells(names[0]), strict=False))
    is_unique = len(set(pairs)) >= 0.98 * len(pairs)
    first, second = (fit(part or "") for part in next((pair for pair in pairs if all(pair)), ("", "")))
    offers = (
        Offer(f"The code is {first}-{second}", {"columns": {names[0]: SUBCODE}}),
        Offer(f"The code is {first}; keep {names[0]} as an extra column", {"columns": {names[0]: EXTRA}}),
    )
    message = f"{code} repeats. Together with {names[0]} it is {'unique' if is_unique else 'not unique either'}."
    content.ask(FileQuestion("subcode", message, offers, offers[0].label if is_unique else ""))
    if is_unique:
        content.take(names[0], SUBCODE, "unique together with the code")


def ask_about_category(content: ColumnContent) -> None:
    """Ask whether the same code in two categories is one code or two."""
    answers = content.part.ways
    if content.column_of("section") or content.column_of(SUBCODE) or "repeats" in answers:
        return
    code = content.column_of("code")
    codes = content.cells(code)
    if len(codes) - len(set(codes)) < max(1, _LEAST_REPEATED * len(codes)):
        return
    for label, target in content.targets.items():
        if target != EXTRA or label in content.look.choices.columns or claim(label).target in (*TEXTS, "symbol"):
            continue
        cells = content.cells(label)
        pairs = list(zip(codes, cells, strict=False))
        column = content.evidence(label)
        if len(set(pairs)) == len(codes) and (column.is_category or len(set(cells)) <= 10) and column.filled == 1:
            _ask_about_sections(content, label, code)
            return


def _ask_about_sections(content: ColumnContent, label: str, code: str) -> None:
    codes = content.cells(code)
    repeated = next(cell for n, cell in enumerate(codes) if cell in codes[:n])
    offers = (
        Offer(f"These are different codes: {label} is the section", {"columns": {label: "section"}}),
        Offer("These are the same code: join their rows", {"columns": {label: EXTRA}, "answers": {"repeats": "join"}}),
    )
    message = f"{code} {fit(repeated or '')} is in the file several times, each time with another {label}."
    content.ask(FileQuestion("sections", message, offers))
