"""Uploaded files: stored with what somebody chose about them until their plan is applied or discarded.

The database has them, because a plan may be made by another server than the one that got the file.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import timedelta
from itertools import count
from typing import BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from kb.importing.applying import decisions
from kb.importing.errors import ImportRefused, NeedsAnswers
from kb.importing.planning.plan import NewTable, plan_import, precedent_of
from kb.importing.reading.sources import ReadingChoices, Source, open_source
from kb.models import CodeTable, TableImport, Upload, UploadPiece
from kb.models.table_imports import REPLACED_BY, UNFINISHED
from kb.models.visibility import Person
from kb.services.journal import By

PIECE = 1 << 20
"""Bytes of a file that are in memory, or in one row, at a time."""

_IMPORT = "kb.import_table"


def visible_to(user: Person) -> QuerySet[Upload]:
    """Return the uploads that a person may see: their own, and all others that they may read and import."""
    own = Upload.objects.filter(uploaded_by=user.pk)
    return own | Upload.objects.visible_to(user) if user.has_perm(_IMPORT) else own


def keep(file: BinaryIO, name: str, by: By, target: CodeTable | NewTable, *, complete: bool = False) -> Upload:
    """Store a file for a table, or for a new one, and return its upload. Raises NotAllowed.

    Everything is in one transaction: a process that is killed leaves nothing behind.
    """
    _check_may_import(by)
    _delete_forgotten()
    with transaction.atomic():
        upload = Upload.objects.create(
            table=None if isinstance(target, NewTable) else target,
            new_table=asdict(target) if isinstance(target, NewTable) else {},
            complete=complete,
            file_name=name[:250],
            uploaded_by=by.account,
        )
        digest = hashlib.sha256()
        file.seek(0)
        for number in count():
            data = file.read(PIECE)
            if not data:
                break
            digest.update(data)
            upload.size += len(data)
            UploadPiece.objects.create(upload=upload, number=number, data=data)
        upload.sha256 = digest.hexdigest()
        upload.save()
    return upload


@contextmanager
def contents(upload: Upload) -> Iterator[BinaryIO]:
    """Yield the bytes of an upload as a seekable file. Raises ImportRefused where somebody has deleted them."""
    # A file, because PostgreSQL answers no query of a connection while it copies the rows of a plan.
    with tempfile.SpooledTemporaryFile(4 * PIECE) as file:
        pieces = UploadPiece.objects.filter(upload=upload).values_list("data", flat=True)
        for number in count():
            data = pieces.filter(number=number).first()
            if data is None:
                break
            file.write(data)
        if file.tell() != upload.size:
            raise ImportRefused(f"{upload} was deleted. Upload it again.")
        file.seek(0)
        yield file  # type: ignore[misc]


def target_of(upload: Upload) -> CodeTable | NewTable:
    """Return the table that the file is for, or the description of a new one."""
    if upload.table is not None:
        return upload.table
    names = {field.name for field in fields(NewTable)}
    return NewTable(**{name: value for name, value in upload.new_table.items() if name in names})


def source_of(upload: Upload, file: BinaryIO) -> Source:
    """Return the source of an upload, read as somebody chose. Raises Unreadable."""
    choices = ReadingChoices.from_json(upload.choices)
    return open_source(file, upload.file_name, choices, precedent=precedent_of(target_of(upload)))


def choose(upload: Upload, choices: ReadingChoices, by: By) -> None:
    """Store how the file is to be read, in place of former choices. Raises NotAllowed."""
    _check_may_import(by)
    if choices.as_json() != upload.choices:
        upload.choices, upload.chosen_by = choices.as_json(), by.account
        # An update, because somebody may have removed the file meanwhile: `contents` says so.
        Upload.objects.filter(pk=upload.pk).update(choices=upload.choices, chosen_by=upload.chosen_by)


def rename(upload: Upload, new_table: NewTable, by: By) -> None:
    """Store what the new table of an upload is called. Raises NotAllowed."""
    _check_may_import(by)
    upload.new_table = asdict(new_table)
    upload.save(update_fields=["new_table"])


def aim(upload: Upload, table: CodeTable, by: By) -> None:
    """Update a table with an upload that was to create it: somebody else has. Raises NotAllowed."""
    _check_may_import(by)
    upload.table = table
    upload.save(update_fields=["table"])


def plan_of(upload: Upload) -> TableImport | None:
    """Return the plan of an upload that waits, or that is being made."""
    return TableImport.objects.filter(upload=upload, state__in=UNFINISHED).first()


def plan(upload: Upload, by: By, *, after: int = 0) -> TableImport:
    """Return the plan of an upload; a former plan is closed, unless its number is higher than `after`.

    Decisions about the former plan are taken over. `after` is the newest plan that the person knew: a second click gets
    the plan that the first one made. Raises Unreadable, NeedsAnswers, ImportRefused and NotAllowed.
    """
    _check_may_import(by)
    former = plan_of(upload)
    if former and former.pk > after:
        return former
    with contents(upload) as file:
        source = source_of(upload, file)
        if source.open_questions:
            raise NeedsAnswers(source.open_questions)
        if former:
            TableImport.objects.filter(pk=former.pk).update(upload=None)
            decisions.discard(former, by)
        try:
            table_import = plan_import(
                target_of(upload),
                source,
                by,
                complete=upload.complete,
                file_name=upload.file_name,
                upload=upload,
                former=former,
            )
        except IntegrityError:
            # Another click was quicker by less than it takes to read the file.
            if rival := plan_of(upload):
                return rival
            raise
        if former:
            former.refresh_from_db()
            former.counts[REPLACED_BY] = table_import.pk
            former.save(update_fields=["counts"])
        return table_import


def delete(upload: Upload, by: By) -> None:
    """Delete a file of which no plan waits. Raises ImportRefused and NotAllowed."""
    _check_may_import(by)
    if waiting := plan_of(upload):
        raise ImportRefused(f"{waiting} was made of this file. Apply or discard it.")
    upload.delete()


def _delete_forgotten() -> None:
    """Delete the files older than KB_UPLOAD_DAYS of which nobody made a plan, or whose plan was replaced."""
    oldest = timezone.now() - timedelta(days=settings.KB_UPLOAD_DAYS)
    plans = TableImport.objects.filter(state__in=UNFINISHED).not_replaced()
    Upload.objects.filter(~Exists(plans.filter(upload=OuterRef("pk"))), Q(uploaded_at__lt=oldest)).delete()


def _check_may_import(by: By) -> None:
    # A command on the server has no user: it may do everything.
    if by.user is not None:
        by.require(_IMPORT, "You need permission to import tables.")
