"""The snapshot: everything that a caller may read at one moment, as lines of JSON, to start a copy with."""

import hashlib
import zlib
from collections.abc import Collection, Iterator
from typing import Any

import orjson
from django.http import StreamingHttpResponse
from django.urls import get_script_prefix
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from kb.api.framework.access import MayRead
from kb.api.framework.file_views import FileView, file_responses
from kb.api.framework.http_cache import accepts_gzip, conditional, with_cache_headers
from kb.api.framework.parameters import naming_all, parse_query, query_of
from kb.api.framework.schema import ProblemSchema
from kb.api.resources.changes import object_of
from kb.api.resources.copies import FOLLOWED, followed_parameters, nouns_of, table_checks, tables_of
from kb.models.visibility import Person
from kb.queries import replication
from kb.queries.copied_objects import NOUNS

FORMAT = 2
MEDIA = "application/x-ndjson"
_LINES = (
    "A line with `format` and `sequence`, one for each object with `noun`, `table_id` and `object`, which are as in an"
    " `Entry` of `changes/`, and one with `end`, `rows` and `sha256`."
)
_CHUNK = 2**16


class SnapshotStream:
    """A snapshot as bytes, produced while it is sent. The reader's rights are checked once, at the start."""

    def __init__(
        self, user: Person | None, site: str, nouns: Collection[str] = (), tables: tuple[int, ...] | None = None
    ) -> None:
        """Open the transaction that `close` ends."""
        self._rows, self._site = replication.snapshot(user, nouns, tables), site
        self.sequence = str(next(self._rows))
        self.counts = {noun: 0 for noun in NOUNS if noun in nouns or not nouns}
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines in chunks: a header, the objects, and a trailer with the hash of everything before it."""
        lines = [_line({"format": FORMAT, "sequence": self.sequence})]
        size = 0
        for noun, row in self._rows:
            self.counts[noun] += 1
            copied = object_of(row.object, self._site)
            lines.append(_line({"noun": noun, "table_id": row.table_id, "object": copied}))
            size += len(lines[-1])
            if size > _CHUNK:
                yield self._join(lines)
                lines, size = [], 0
        yield self._join(lines)
        yield _line({"end": True, "rows": sum(self.counts.values()), "sha256": self.sha256})

    @property
    def sha256(self) -> str:
        """The hash of the lines so far, without the trailer."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Release the database connection."""
        self._rows.close()  # type: ignore[attr-defined]

    def _join(self, lines: list[bytes]) -> bytes:
        """Return the lines as one chunk, and add it to the hash."""
        chunk = b"".join(lines)
        self._hash.update(chunk)
        return chunk


class CompressedStream:
    """A snapshot compressed by gzip."""

    def __init__(self, stream: SnapshotStream) -> None:
        self._stream = stream
        self.close = stream.close

    def __iter__(self) -> Iterator[bytes]:
        """Yield the compressed bytes."""
        compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
        for chunk in self._stream:
            yield compressor.compress(chunk)
        yield compressor.flush()


class ManifestSerializer(serializers.Serializer[Any]):
    """The contents of a snapshot taken now, and the hash that proves them."""

    format = serializers.IntegerField()
    sequence = serializers.CharField(help_text="The place in the feed where `changes/` continues.")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Number of objects by noun.")
    bytes = serializers.IntegerField(help_text="Size without compression and without the trailer.")
    sha256 = serializers.CharField(help_text="Hash of all lines before the trailer. The trailer contains it, too.")
    snapshot = serializers.URLField()
    changes = serializers.URLField()


class _SyncView(APIView):
    schema = ProblemSchema()
    permission_classes = [MayRead]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the response with headers for caches."""
        return with_cache_headers(request, super().finalize_response(request, response, *args, **kwargs))


class SnapshotView(_SyncView, FileView):
    """The snapshot."""

    def media_types(self) -> list[str]:
        """Return the media type of lines of JSON."""
        return [MEDIA]

    @extend_schema(
        tags=["synchronisation"],
        summary="Download everything as lines of JSON",
        operation_id="get_snapshot",
        parameters=followed_parameters(),
        responses=file_responses([MEDIA], _LINES),
    )
    @conditional
    def get(self, request: Request) -> Any:
        """Return everything that the caller may read, as of one moment."""
        stream = _stream_for(request)
        compress = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        response = StreamingHttpResponse(CompressedStream(stream) if compress else stream, content_type=MEDIA)
        if compress:
            response["Content-Encoding"] = "gzip"
        response["Content-Disposition"] = 'attachment; filename="snapshot.ndjson"'
        response["Vary"] = "Accept-Encoding"
        response["X-Sequence"] = stream.sequence
        return response


class ManifestView(_SyncView):
    """The manifest of a snapshot."""

    @extend_schema(
        tags=["synchronisation"],
        summary="Describe a snapshot",
        operation_id="get_snapshot_manifest",
        parameters=followed_parameters(),
        responses={200: ManifestSerializer},
    )
    @conditional
    def get(self, request: Request) -> Response:
        """Return the sequence, the counts and the hash of a snapshot taken now."""
        stream = _stream_for(request)
        try:
            size = sum(len(chunk) for chunk in stream)
        finally:
            stream.close()
        rows = sum(stream.counts.values())
        query = request.query_params.copy()
        snapshot = reverse("api-snapshot", request=request) + (f"?{query.urlencode()}" if query else "")
        query["since"] = stream.sequence
        return Response(
            {
                "format": FORMAT,
                "sequence": stream.sequence,
                "counts": stream.counts,
                "bytes": size - len(_line({"end": True, "rows": rows, "sha256": stream.sha256})),
                "sha256": stream.sha256,
                "snapshot": snapshot,
                "changes": f"{reverse('api-changes', request=request)}?{query.urlencode()}",
            }
        )


def _stream_for(request: Request) -> SnapshotStream:
    """Return the snapshot that a request asks for. Raises BadParameters."""
    query = query_of(request)
    with naming_all(query, FOLLOWED, table_checks(request.user)):
        values = parse_query(query, FOLLOWED)
        tables = tables_of(values, request.user)
    return SnapshotStream(request.user, request.build_absolute_uri(get_script_prefix()), nouns_of(values), tables)


def _line(values: dict[str, Any]) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
