"""Ask a source, and leave a plan waiting if its rows are new. Nothing is ever applied here.

# Note [Nothing twice]
A good answer stores what it was: its validators, the digest of its bytes and that of its rows. An answer that
somebody has to look at stores none of them, so that it is read again in full and its task stays until it is good.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from django.db import DatabaseError
from django.utils import timezone

from kb.importing import uploads
from kb.importing.applying import decisions
from kb.importing.errors import ImportRefused, NeedsAnswers
from kb.importing.planning.plan import precedent_of
from kb.importing.reading.sources import ReadingChoices, Unreadable, open_source
from kb.importing.watched_sources import content
from kb.importing.watched_sources.places import fetch_from
from kb.importing.watched_sources.trouble import SourceTrouble
from kb.models import SourceKind, TableImport, Upload, WatchedSource
from kb.services.journal import By
from kb.services.watched_sources import claim, forget_answer, record_answer, record_trouble

logger = logging.getLogger("codebook.sources")

UNREAD = ("shape", "question", "error")
"""Kinds of trouble with the content of an answer. See Note [Nothing twice]."""


@dataclass(frozen=True)
class SourceAnswer:
    """How an ask ended: unchanged, planned, trouble, or busy where another process asks now or it is not due."""

    kind: str
    message: str
    plan: TableImport | None = None


def ask(source: WatchedSource, by: By, *, is_due_only: bool = False, anew: bool = False) -> SourceAnswer:
    """Ask a source and store its answer.

    `anew` plans the file even if it has not changed, or no longer looks like the table: somebody says so. Raises
    NotAllowed.
    """
    claimed = claim(source.pk, by, is_due_only=is_due_only)
    if claimed is None:
        return SourceAnswer("busy", "It is being asked already.")
    try:
        return _Ask(claimed, by, anew).answer()
    except SourceTrouble as trouble:
        problem = trouble
    except Exception as error:
        # One source must not stop the others, and its claim must end.
        logger.exception("The source of table %s could not be read", claimed.table_id)
        kind = "unreachable" if isinstance(error, DatabaseError) else "error"
        problem = SourceTrouble(kind, f"Codebook failed to read it ({type(error).__name__}). The log says more.")
    values = forget_answer() | {"upload": problem.upload} if problem.kind in UNREAD else {}
    record_trouble(
        claimed,
        str(problem),
        problem.kind,
        is_temporary=problem.is_temporary,
        retry_after=problem.retry_after,
        **values,
    )
    return SourceAnswer("trouble", str(problem))


def due_sources(slug: str = "", *, is_due_only: bool = True) -> Iterable[WatchedSource]:
    """Return the sources to ask, those that wait longest first: of one table, or of all."""
    sources = WatchedSource.objects.select_related("table").order_by("due_at", "pk")
    sources = sources.filter(table__slug=slug) if slug else sources
    return sources.due(timezone.now()) if is_due_only else sources if slug else sources.filter(is_enabled=True)


@dataclass(frozen=True)
class _FileCopy:
    """A file that was fetched, and how its server says that it is read."""

    file: BinaryIO
    name: str
    sha256: str
    choices: ReadingChoices


class _Ask:
    """One ask of a source that this process has claimed."""

    def __init__(self, watched: WatchedSource, by: By, anew: bool) -> None:
        self.watched, self.by, self.anew = watched, by, anew

    def answer(self) -> SourceAnswer:
        """Fetch, compare and plan. Raises SourceTrouble."""
        fetched = fetch_from(self.watched, anew=self.anew)
        if fetched.file is None:
            return self._unchanged()
        with fetched.file as file:
            sha256 = content.sha256_of(file)
            values = {
                "answered_from": fetched.url[:2000],
                "etag": fetched.etag,
                "last_modified": fetched.last_modified,
                "sha256": sha256,
            }
            if sha256 == self.watched.sha256 and not self.anew:
                return self._unchanged(**values)
            path = self.watched.path if self.watched.kind == SourceKind.NPM else fetched.url
            name = content.file_name(path, fetched.content_type)
            choices = ReadingChoices(encoding=content.announced_encoding(file, fetched.charset))
            copy = _FileCopy(cast("BinaryIO", file), name, sha256, choices)
            try:
                return self._read(copy, values)
            except Unreadable as unreadable:
                raise SourceTrouble("shape", str(unreadable), upload=self._upload_of(copy)) from None
            except ImportRefused as refused:
                raise SourceTrouble("question", str(refused), upload=self._upload_of(copy)) from None

    def _read(self, copy: _FileCopy, values: dict[str, Any]) -> SourceAnswer:
        """Plan a file whose rows are new. Raises SourceTrouble, Unreadable and ImportRefused."""
        source = open_source(copy.file, copy.name, copy.choices, precedent=precedent_of(self.watched.table))
        if source.open_questions:
            raise NeedsAnswers(source.open_questions)
        rows = content.rows_of(source)
        if not self.anew and (flaw := content.flaw_of(self.watched, source, rows)):
            raise SourceTrouble("shape", flaw, upload=self._upload_of(copy))
        values |= {"rows_digest": rows.digest, "row_count": rows.count, "format": source.format}
        if rows.digest == self.watched.rows_digest and not self.anew:
            return self._unchanged(**values)
        return self._planned(copy, values)

    def _planned(self, copy: _FileCopy, values: dict[str, Any]) -> SourceAnswer:
        """Leave a plan waiting in place of an older one of this source; none where the table has all of it already."""
        waiting = self.watched.table.imports.waiting().filter(complete=self.watched.complete)
        plan = None if self.anew else waiting.filter(sha256=copy.sha256).first()
        plan = plan or uploads.plan(self._upload_of(copy), self.by)
        if not record_answer(self.watched, **values, plan=plan) or not plan.has_work:
            self._discard(plan)
        if self.watched.plan and self.watched.plan != plan:
            self._discard(self.watched.plan)
        if not plan.has_work:
            return SourceAnswer("unchanged", "The table has everything that the source lists.")
        changes = f"{plan.count()} code{'' if plan.count() == 1 else 's'}"
        return SourceAnswer("planned", f"A plan waits: {changes} would change.", plan)

    def _unchanged(self, **values: Any) -> SourceAnswer:
        record_answer(self.watched, **values)
        return SourceAnswer("unchanged", "Nothing has changed.")

    def _discard(self, plan: TableImport) -> None:
        """Discard a plan, unless somebody has applied or discarded it meanwhile."""
        with suppress(ImportRefused):
            decisions.discard(plan, self.by)

    def _upload_of(self, copy: _FileCopy) -> Upload:
        """Return the stored file: for its plan, or for somebody to look at. The same file is stored once."""
        former = self.watched.upload
        if former and former.sha256 == copy.sha256:
            return former
        upload = uploads.keep(copy.file, copy.name, self.by, self.watched.table, complete=self.watched.complete)
        if copy.choices.encoding:
            uploads.choose(upload, copy.choices, self.by)
        if former:
            # Refused where somebody has made a plan of it.
            with suppress(ImportRefused):
                uploads.delete(former, self.by)
        return upload
