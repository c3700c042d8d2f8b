"""The look at an uploaded file: what is read and how, every choice about it, and the button that makes the plan."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse

from kb.admin.table_imports.uploads import NewTableForm
from kb.importing import uploads
from kb.importing.errors import ImportRefused
from kb.importing.reading.choices import ANSWERS, NO_HEADER, FileQuestion, Offer, ReadingChoices
from kb.importing.reading.columns import EXTRA, IGNORE, TARGETS
from kb.importing.reading.encodings import ENCODINGS, LABELS
from kb.importing.reading.look import Look, TableLook, look
from kb.models import Door, TableImport, Upload
from kb.services.journal import By

Posted = Any
"""A QueryDict, whose values Django types as lists, too."""

MAX_TABLES, MAX_COLUMNS = 100, 100
"""Most tables, and columns of each, whose choices a form has."""


_SALT = "kb.look"


def address_of(upload: Upload) -> str:
    """Return the address of the look at an upload."""
    return reverse("admin:kb_tableimport_look", args=[upload.pk])


def look_at(upload: Upload) -> Look:
    """Return what is read of an upload with the choices so far. Raises ImportRefused where its bytes are gone."""
    with uploads.contents(upload) as file:
        return look(lambda: uploads.source_of(upload, file))


def context_of(upload: Upload, view: Look) -> dict[str, Any]:
    """Return the template context of the look page."""
    newest = uploads.plan_of(upload)
    return {
        "upload": upload,
        "look": view,
        "tables": [_table_context(table, view, number) for number, table in enumerate(view.tables)],
        "choose_tables": len(view.tables) > 1,
        "encoding": LABELS.get(view.encoding, view.encoding),
        "chosen_encoding": ENCODINGS.get(upload.choices.get("encoding", "").lower(), ""),
        "chosen": upload.choices,
        "answers": [(kind, ANSWERS[kind], value) for kind, value in view.choices.answers.items()],
        "open_questions": _with_buttons(view.open_questions),
        "told_questions": _with_buttons([question for question in view.questions if not question.is_open]),
        "hidden_problems": view.problem_count - len(view.problems),
        "newest_plan": newest.pk if newest else 0,
        "shown": signing.dumps(upload.choices, salt=_SALT),
        "no_header": NO_HEADER,
        "new_table": None if upload.table_id else NewTableForm(initial=upload.new_table, auto_id="new-%s"),
        "summary": summary(view),
    }


def summary(view: Look) -> str:
    """Return one sentence about what is read, which screen readers say after each choice."""
    if view.stops:
        return "The file cannot be read yet."
    tables_read = [table for table in view.tables if table.is_read]
    many = "more than " if any(table.row_count is None for table in tables_read) else ""
    count = "1 row" if view.row_count == 1 else f"{many}{f'{view.row_count:,}' if view.row_count else 'No'} rows"
    tables = f" in {len(tables_read)} tables" if len(tables_read) > 1 else ""
    questions = len(view.open_questions)
    left = f" {questions} question{'s' if questions > 1 else ''} must be answered first." if questions else ""
    return f"{count}{tables} can be read.{left}"


def choices_from(data: Posted, stored: Mapping[str, Any]) -> ReadingChoices:
    """Return stored choices with those of a submitted form. Raises Unreadable for a value that is not allowed.

    A column keeps its former choice, and gets a new one where its select no longer has the target that was shown.
    """
    former = ReadingChoices.from_json(stored)
    header = dict(_header_lines(data))
    reading = replace(
        former, encoding=data.get("encoding", ""), delimiter=data.get("delimiter", ""), header=header, answers={}
    )
    ticked = tuple(dict.fromkeys(data.getlist("tables")))
    present = data.getlist("shown-tables")
    tables = ticked if set(ticked) != set(present) else former.tables
    is_same_reading = (reading.encoding, reading.delimiter, header) == (
        former.encoding,
        former.delimiter,
        former.header,
    )
    # Another encoding or another line gives other headers, to which the former choices do not belong.
    left_out = set(present) - set(ticked)
    columns, touched = _columns(data, former.columns, left_out) if is_same_reading else ({}, [])
    tables = (*tables, *(key for key in touched if key not in tables)) if tables else ()
    answers = {kind: data[f"answer-{kind}"] for kind in ANSWERS if data.get(f"answer-{kind}")}
    return replace(reading, tables=tables, columns=columns, answers=answers)


def offer_of(questions: list[FileQuestion], kind: str, chosen: str) -> Offer | None:
    """Return the offer of a question: by its label, or by its number, which counts from 0."""
    offers = [offer for question in questions if question.kind == kind for offer in question.offers]
    return next((offer for at, offer in enumerate(offers) if chosen in (str(at), offer.label)), None)


def submit(request: HttpRequest, upload: Upload) -> TableImport | None:
    """Store what a submitted look page chose; return the plan where its button was pressed, else None.

    Raises Unreadable and ImportRefused.
    """
    by, data = By(request.user, Door.IMPORT), request.POST
    choices = choices_from(data, upload.choices)
    is_as_shown, person = _is_as_shown(data, choices), upload.chosen_by
    uploads.choose(upload, choices, by)
    if upload.table_id is None and "name" in data:
        _rename(upload, data, by)
    if "offer" in data:
        kind, _, number = data["offer"].rpartition("/")
        offer = offer_of(look_at(upload).questions, kind, number)
        if offer is None:
            raise ImportRefused("The question has changed. Choose again.")
        uploads.choose(upload, choices.merged(offer.choices), by)
    if not is_as_shown:
        raise ImportRefused(f"{person or 'Somebody'} changed the choices; look at the rows again.")
    if "plan" not in data:
        return None
    after = data.get("newest_plan", "")
    return uploads.plan(upload, by, after=int(after) if after.isdecimal() and len(after) < 19 else 0)


def answer(request: HttpRequest, former: TableImport) -> TableImport:
    """Return the plan that takes a plan's place after one of its questions was answered.

    Raises Unreadable and ImportRefused.
    """
    by, upload = By(request.user, Door.IMPORT), former.upload
    questions = [FileQuestion.from_json(stored) for stored in former.questions]
    offer = offer_of(questions, request.POST.get("question", ""), request.POST.get("offer", ""))
    if offer is None or upload is None or not former.is_planned:
        raise ImportRefused("This question is no longer open.")
    uploads.choose(upload, ReadingChoices.from_json(upload.choices).merged(offer.choices), by)
    return uploads.plan(upload, by, after=former.pk)


def plan_again(request: HttpRequest, former: TableImport) -> TableImport:
    """Return the plan that takes the place of one that is out of date. Raises Unreadable and ImportRefused."""
    by, upload, successor = By(request.user, Door.IMPORT), former.upload, former.successor
    if upload is None or not former.is_planned:
        raise ImportRefused("The file is no longer kept. Upload it again.")
    if upload.table is None and successor and successor.table:
        uploads.aim(upload, successor.table, by)
    return uploads.plan(upload, by, after=former.pk)


def remove(request: HttpRequest, upload: Upload) -> None:
    """Delete an upload, and log who did: others may be looking at it. Raises ImportRefused."""
    number, label = upload.pk, str(upload)
    uploads.delete(upload, By(request.user, Door.IMPORT))
    kind = ContentType.objects.get_for_model(Upload)
    entry = {"content_type": kind, "object_id": str(number), "object_repr": label, "action_flag": DELETION}
    LogEntry.objects.create(user=request.user, change_message="Removed", **entry)  # type: ignore[misc]


def named_by_file(name: str) -> str:
    """Say what a new table is called where nobody named it, and what to do."""
    return (
        f"No table was chosen, so the file is for a new one, called “{name}” as the file. Change its name below."
        " To update a table that is there, remove this file and upload it again for that table."
    )


def gone(pk: int, *, names: bool) -> str:
    """Say why there is no such upload; with `names`, who removed which file."""
    kind = ContentType.objects.get_for_model(Upload)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(pk), action_flag=DELETION)
    entry = entries.select_related("user").first()
    if entry and names:
        return f"{entry.user} removed this file, {entry.object_repr}."
    return "This file is gone: its plan was applied or discarded."


def _is_as_shown(data: Posted, choices: ReadingChoices) -> bool:
    """Whether choices are what the form makes of those that its page showed: nobody else has changed them since."""
    try:
        return choices == choices_from(data, signing.loads(data.get("shown", ""), salt=_SALT))
    except signing.BadSignature:
        return True


def _rename(upload: Upload, data: Posted, by: By) -> None:
    form = NewTableForm(data)
    if not form.is_valid():
        raise ImportRefused(" ".join(str(error) for errors in form.errors.values() for error in errors))
    uploads.rename(upload, form.new_table(), by)


def _table_context(table: TableLook, view: Look, number: int) -> Mapping[str, Any]:
    line = view.choices.header.get(table.key)
    lines = list(table.lines)
    if line and line not in dict(lines):
        lines.append((line, ""))
    return {
        "number": number,
        "look": table,
        "is_ticked": table.is_read or table.key in view.choices.tables,
        "columns": [(at, column) for at, column in enumerate(table.columns[:MAX_COLUMNS])],
        "targets": TARGETS.items(),
        "lines": lines,
        "line": line,
        "has_choices": number < MAX_TABLES,
    }


def _with_buttons(questions: list[FileQuestion]) -> list[tuple[FileQuestion, list[tuple[str, Offer]]]]:
    return [
        (question, [(f"{question.kind}/{at}", offer) for at, offer in enumerate(question.offers)])
        for question in questions
    ]


def _header_lines(data: Posted) -> Iterator[tuple[str, int]]:
    for number in range(MAX_TABLES):
        line = data.get(f"header-{number}", "")
        if line.isdecimal() and len(line) < 10:
            yield data.get(f"table-{number}", ""), int(line)


def _shown_columns(data: Posted) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Yield the key of each table, with the header of its columns, the target that was shown and the chosen one."""
    for number in range(MAX_TABLES):
        key = data.get(f"table-{number}")
        if key is None:
            return
        names = [f"{number}-{at}" for at in range(MAX_COLUMNS) if f"label-{number}-{at}" in data]
        yield key, [(data[f"label-{n}"], data.get(f"found-{n}", ""), data.get(f"column-{n}", "")) for n in names]


def _columns(data: Posted, former: Mapping[str, str], left_out: set[str]) -> tuple[dict[str, str], list[str]]:
    """Return the target of each column that somebody chose, and the tables with a new choice."""
    columns: dict[str, str] = {}
    touched = []
    for key, labels in _shown_columns(data):
        new = {label: target for label, present, target in labels if target and target != present}
        old = {label: former[label] for label, _, _ in labels if label in former and label not in new}
        if key not in left_out:
            # The newest choice wins: a target belongs to one column.
            targets = {target for target in new.values() if target not in (EXTRA, IGNORE)}
            columns |= {label: target for label, target in old.items() if target not in targets}
        columns |= new
        touched += [key] if new else []
    return columns, touched
