"""The columns of a file beside those of the table's last file: renamed, new, gone."""

from kb.importing.reading.choices import FileQuestion, Offer
from kb.importing.reading.column_content import ColumnContent
from kb.importing.reading.columns import EXTRA, TARGETS
from kb.importing.reading.header_names import SPLIT, plain
from kb.models.fields import VENDOR_TEXTS
from kb.text.codes.cells import tidy
from kb.text.codes.forms import identity

BY_SAMPLES = "its words are those of the stored codes"
_MOST = 0.6
_LEAST = 2


def compare_with_last_file(content: ColumnContent) -> None:
    """Find renamed columns by their words; name columns that are new or gone."""
    last = content.look.precedent.choices.columns
    if not last or "code" not in last.values():
        return
    present = {plain(label) for label in content.targets}
    gone = {header: target for header, target in last.items() if plain(header) not in present}
    spelt = {plain(header) for header in last}
    new = [label for label in content.targets if plain(label) not in spelt]
    for header, target in gone.items():
        if target in VENDOR_TEXTS:
            _follow_text(content, header, target, new)
    extra = [header for header, target in gone.items() if target == EXTRA]
    stored = content.look.precedent.extra_columns
    renamed = [label for label in new if content.targets[label] == EXTRA and label not in stored]
    for label in new:
        target = content.targets[label]
        if target in VENDOR_TEXTS and target not in last.values() and label != target:
            name = TARGETS[target].lower()
            content.warn("new_column", f"The column {label} is new; it is read as the {name}.", label)
    if extra:
        content.warn("column_gone", f"The last file had the column {', '.join(extra)[:200]}; this one does not.", "")
    if renamed:
        content.warn("new_column", f"The column {', '.join(renamed)[:200]} is new; it is kept as an extra column.", "")


def _follow_text(content: ColumnContent, header: str, target: str, new: list[str]) -> None:
    """Tell where the words of a column went that the last file had."""
    name = TARGETS[target].lower()
    present = content.column_of(target)
    if present and target in (header, present):
        # An export has the names of this product in place of the vendor's.
        return
    if present:
        content.warn("renamed_column", f"The column {header} is gone; {present} is read as the {name} now.", present)
        return
    label = next((label for label in new if content.targets[label] == EXTRA and _has_words(content, label, target)), "")
    if label and label not in content.look.choices.columns:
        content.take(label, target, BY_SAMPLES)
        offers = (
            Offer(f"{label} is the {name}", {"columns": {label: target}}),
            Offer(f"{label} is something else", {"columns": {label: EXTRA}}),
        )
        message = f"The column {header} is gone, and {label} has its words: is it the {name} now?"
        content.ask(FileQuestion("columns", message, offers, offers[0].label))
    elif not content.column_of(SPLIT):
        count = content.look.precedent.count(target)
        if not count:
            return
        words = f"{count} codes keep the text that they have" if count != 1 else "1 code keeps the text that it has"
        content.warn("column_gone", f"No column has the {name} any more ({header} is gone): {words}.", header)


def _has_words(content: ColumnContent, label: str, target: str) -> bool:
    """Whether the words of a column are those that the sampled codes have for a target."""
    samples = content.look.precedent.samples
    at, code_at = content.labels.index(label), content.labels.index(content.column_of("code"))
    same = count = 0
    for _, cells in content.rows:
        if max(at, code_at) < len(cells) and (texts := samples.get(identity(cells[code_at] or ""))):
            stored = texts.get(target, "")
            count += bool(stored)
            same += bool(stored) and tidy(cells[at] or "")[:200] == stored[:200]
    return count >= _LEAST and same >= _MOST * count
