"""Uploads are stored only for users who may import tables, and only up to the size limit of an import."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopFutureHandlers
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


class Guard(FileUploadHandler):
    """Runs before the handlers that write to memory and disk.

    Django stores an uploaded file before it calls a view, even on the log-in page. Without this guard, anybody could
    fill the disk. If a file is too large, the form gets only its size, so that it can report it.
    """

    size = 0

    def handle_raw_input(self, input_data: Any, meta: dict[str, Any], content_length: int, *args: Any) -> None:
        """Store the size of the whole upload."""
        self.size = content_length

    @property
    def is_too_large(self) -> bool:
        """Whether the upload is larger than an import may be."""
        return self.size > settings.KB_IMPORT_MAX_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Skip the file of a user who may not import. Hide a file that is too large from the other handlers."""
        super().new_file(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if user is None or not user.has_perm("kb.import_table"):
            raise SkipFile
        if self.is_too_large:
            raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Pass on a chunk of a file; drop it if the file is too large."""
        return None if self.is_too_large else raw_data

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":
        """Return an empty file with the size of one that is too large. Other handlers return the other files."""
        if not self.is_too_large:
            return None
        return UploadedFile(BytesIO(), self.file_name, self.content_type, self.size)


def _asked(may_send: Callable[[Any], bool]) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view for the proxy: 204 if this user may send much, otherwise 403. See deploy/nginx.conf."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=204 if may_send(request.user) else 403)

    return login_not_required(never_cache(require_safe(view)))


urlpatterns = [
    path("may-send/table", _asked(lambda user: user.has_perm("kb.import_table")), name="may-send-table"),
    path("may-send/form", _asked(lambda user: bool(user.is_active and user.is_staff)), name="may-send-form"),
]
