"""What becomes of a file that somebody sends: kept for who may import tables, and never more than an import takes."""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopFutureHandlers


class Guard(FileUploadHandler):
    """Asked before the handlers that write to memory and disk.

    Every form of the site reads a sent file before its page is asked, the log-in too: without this, anybody could fill
    the disk. Of an upload that is too large only the size comes through, for the form to say it.
    """

    size = 0

    def handle_raw_input(self, input_data: Any, meta: dict[str, Any], content_length: int, *args: Any) -> None:
        """Remember how large the whole upload is."""
        self.size = content_length

    @property
    def is_too_large(self) -> bool:
        """Whether more is sent than an import may take."""
        return self.size > settings.KB_IMPORT_MAX_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Leave out a file of who may not import; keep a too large one from the other handlers."""
        super().new_file(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if user is None or not user.has_perm("kb.import_table"):
            raise SkipFile
        if self.is_too_large:
            raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Pass on a piece of a file, or let go of it."""
        return None if self.is_too_large else raw_data

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return what stands for a file that is too large; the other handlers return those that are not."""
        if not self.is_too_large:
            return None
        return UploadedFile(BytesIO(), self.file_name, self.content_type, self.size)
