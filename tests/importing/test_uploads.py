"""Uploads: all of a file or nothing is stored, flat in memory, until its plan is closed; and who may see it."""

import io
import threading
import tracemalloc
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from kb.importing import uploads
from kb.importing.applying import decisions
from kb.importing.applying.transaction import apply_import
from kb.importing.errors import ImportRefused, NeedsAnswers
from kb.importing.planning.plan import NewTable
from kb.importing.reading.choices import ReadingChoices
from kb.models import CodeTable, Door, TableImport, Upload, UploadPiece
from kb.services.journal import By, NotAllowed
from kb.services.tables import free_slug
from tests import make

pytestmark = pytest.mark.django_db
CSV = b"code,description\n1,One.\n2,Two.\n"
NEW = NewTable("lids", "", "", "Lids")


@pytest.fixture
def by(importer):
    return By(importer, Door.IMPORT)


def keep(by, data=CSV, target=NEW, name="t.csv"):
    return uploads.keep(io.BytesIO(data), name, by, target)


@pytest.mark.parametrize("size", [0, 1, uploads.PIECE - 1, uploads.PIECE, uploads.PIECE + 1, 3 * uploads.PIECE])
def test_the_bytes_come_back_in_as_many_pieces_as_needed(by, size):
    data = bytes(range(256)) * (size // 256 + 1)
    upload = keep(by, data[:size])
    assert UploadPiece.objects.count() == -(-size // uploads.PIECE)
    with uploads.contents(upload) as file:
        assert file.read() == data[:size]


def test_a_large_file_takes_little_memory(by):
    class Zeros(io.RawIOBase):
        left = 60 * uploads.PIECE

        def seek(self, *args):
            return 0

        def read(self, size=-1):
            size = min(size, self.left)
            self.left -= size
            return bytes(size)

    tracemalloc.start()
    upload = uploads.keep(Zeros(), "t.csv", by, NEW)
    with uploads.contents(upload) as file:
        assert file.seek(0, 2) == 60 * uploads.PIECE
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 * uploads.PIECE


def test_a_file_that_breaks_off_leaves_nothing(by):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise OSError("gone")
            return super().read(10)

    with pytest.raises(OSError, match="gone"):
        uploads.keep(Broken(CSV), "t.csv", by, NEW)
    assert not Upload.objects.exists()
    assert not UploadPiece.objects.exists()


def test_an_upload_goes_when_its_plan_is_applied_or_discarded(by):
    upload = keep(by)
    apply_import(uploads.plan(upload, by), by)
    assert (CodeTable.objects.get().codes.count(), UploadPiece.objects.count()) == (2, 0)
    upload = keep(by, target=CodeTable.objects.get())
    plan = decisions.discard(uploads.plan(upload, by), by)
    plan.refresh_from_db()
    assert (plan.upload, UploadPiece.objects.count()) == (None, 0)


def test_forgotten_uploads_go_at_the_next_one_and_those_with_a_plan_stay(by, settings):
    settings.KB_UPLOAD_DAYS = 3
    forgotten, waiting, recent = keep(by), keep(by), keep(by)
    uploads.plan(waiting, by)
    now = timezone.now()
    Upload.objects.filter(pk__in=[forgotten.pk, waiting.pk]).update(uploaded_at=now - timedelta(days=3, minutes=1))
    Upload.objects.filter(pk=recent.pk).update(uploaded_at=now - timedelta(days=3) + timedelta(minutes=1))
    newest = keep(by)
    assert set(Upload.objects.all()) == {waiting, recent, newest}


def test_the_file_of_a_replaced_plan_is_forgotten_like_one_without_a_plan(by, settings):
    settings.KB_UPLOAD_DAYS = 3
    older, newer = keep(by), keep(by)
    for upload in (older, newer):
        uploads.plan(upload, by)
    Upload.objects.update(uploaded_at=timezone.now() - timedelta(days=4))
    newest = keep(by)
    assert set(Upload.objects.all()) == {newer, newest}


def test_an_upload_is_seen_by_its_owner_and_by_people_who_may_import(by, editor, importer):
    upload = keep(by)
    other = make.user("second", "importer")
    assert [list(uploads.visible_to(user)) for user in (importer, other, editor)] == [[upload], [upload], []]


def test_every_write_needs_the_permission_to_import(by, editor):
    stranger = By(editor, Door.IMPORT)
    upload = keep(by)
    for write in (
        lambda: keep(stranger),
        lambda: uploads.choose(upload, ReadingChoices(), stranger),
        lambda: uploads.rename(upload, NEW, stranger),
        lambda: uploads.plan(upload, stranger),
        lambda: uploads.delete(upload, stranger),
    ):
        with pytest.raises(NotAllowed, match="permission to import"):
            write()


def test_a_second_click_gets_the_same_plan_and_a_later_one_a_new_plan(by):
    upload = keep(by)
    first = uploads.plan(upload, by, after=0)
    assert uploads.plan(upload, by, after=0) == first
    second = uploads.plan(upload, by, after=first.pk)
    first.refresh_from_db()
    assert (first.state, second.state, Upload.objects.get()) == ("discarded", "planned", upload)
    with pytest.raises(ImportRefused, match="Apply or discard it"):
        uploads.delete(upload, by)


def test_an_upload_whose_bytes_are_gone_says_so(by):
    upload = keep(by)
    Upload.objects.all().delete()
    with pytest.raises(ImportRefused, match="Upload it again"), uploads.contents(upload):
        pass


def test_open_questions_leave_the_upload_as_it_was(by, monkeypatch):
    upload = keep(by)

    def ask(*args, **options):
        raise NeedsAnswers([])

    monkeypatch.setattr(uploads, "plan_import", ask)
    with pytest.raises(NeedsAnswers):
        uploads.plan(upload, by)
    assert (Upload.objects.get(), uploads.plan_of(upload)) == (upload, None)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_plan(importer):
    by = By(importer, Door.IMPORT)
    upload = keep(by, b"code,description\n" + b"".join(b"%d,x\n" % n for n in range(3000)))
    plans, start = [], threading.Barrier(2)

    def click():
        start.wait()
        try:
            plans.append(uploads.plan(Upload.objects.get(pk=upload.pk), by))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({plan.pk for plan in plans}) == 1, connection.vendor
    assert TableImport.objects.exclude(state="failed").count() == 1


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Lid codes", "lid-codes"),
        ("\u9519\u8bef\u7801", ""),
        ("ZIM server", "zim-server-2"),
        ("codes.v2.xlsx", "codes-v2-xlsx"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_short_name_is_made_from_the_name(name, slug):
    make.table("zim-server")
    assert free_slug(name) == slug
    assert free_slug("\u9519\u8bef\u7801", name) == slug
