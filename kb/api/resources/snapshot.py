"""Everything that a caller may read, as lines of JSON as of one moment, to begin a copy with."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

import orjson
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from kb.api.framework.access import MayRead
from kb.api.framework.cache import conditional, kept_apart
from kb.api.framework.errors import CONTENT_TYPE, ProblemSerializer
from kb.api.framework.parameters import read
from kb.api.framework.schema import PROBLEMS, ProblemSchema
from kb.models.visibility import Person
from kb.queries import replication

FORMAT = 1
MEDIA = "application/x-ndjson"
_PIECE = 2**16
_PROBLEMS = {
    (status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, said)
    for status, said in PROBLEMS.items()
    if status not in (404, 406)
}


class Lines:
    """A snapshot as bytes, made while it is sent. What a reader may read is settled when it begins."""

    def __init__(self, user: Person | None) -> None:
        """Open the view of the database, which `close` ends."""
        self._rows = replication.snapshot(user)
        self.sequence: int = next(self._rows)[1]
        self.counts = dict.fromkeys(replication.NOUNS, 0)
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines in pieces: a header, the objects, and a trailer with the hash of all before it."""
        piece = [_line({"format": FORMAT, "sequence": self.sequence})]
        size = 0
        for noun, row in self._rows:
            self.counts[noun] += 1
            piece.append(_line({"noun": noun, "object": row}))
            size += len(piece[-1])
            if size > _PIECE:
                yield self._hashed(piece)
                piece, size = [], 0
        yield self._hashed(piece)
        yield _line({"end": True, "rows": sum(self.counts.values()), "sha256": self.sha256})

    @property
    def sha256(self) -> str:
        """The hash of what was yielded, without the trailer."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Let go of the database."""
        self._rows.close()  # type: ignore[attr-defined]

    def _hashed(self, lines: list[bytes]) -> bytes:
        joined = b"".join(lines)
        self._hash.update(joined)
        return joined


class Packed:
    """The same bytes by gzip."""

    def __init__(self, lines: Lines) -> None:
        """Keep what is packed."""
        self._lines = lines
        self.close = lines.close

    def __iter__(self) -> Iterator[bytes]:
        """Yield the packed bytes as they come."""
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        for piece in self._lines:
            yield packer.compress(piece)
        yield packer.flush()


class ManifestSerializer(serializers.Serializer):
    """What a snapshot taken now holds, and how to prove it."""

    format = serializers.IntegerField()
    sequence = serializers.IntegerField(help_text="The place in the feed from which `changes/` goes on.")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Objects by noun.")
    bytes = serializers.IntegerField(help_text="Without compression and without the trailer.")
    sha256 = serializers.CharField(help_text="Of all lines before the trailer; the trailer holds it, too.")
    snapshot = serializers.URLField()
    changes = serializers.URLField()


class _SyncView(APIView):
    schema = ProblemSchema()
    permission_classes = [MayRead]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep answers out of shared caches."""
        return kept_apart(request, super().finalize_response(request, response, *args, **kwargs))


class SnapshotView(_SyncView):
    """A snapshot."""

    @extend_schema(
        tags=["synchronisation"],
        summary="Everything, as lines of JSON",
        operation_id="snapshot",
        responses={(200, MEDIA): OpenApiTypes.STR, **_PROBLEMS},
    )
    @conditional
    def get(self, request: Request) -> Any:
        """Stream everything that the caller may read, as of one moment."""
        read(request.query_params, {})
        lines = Lines(request.user)
        is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
        answer = StreamingHttpResponse(Packed(lines) if is_packed else lines, content_type=MEDIA)
        if is_packed:
            answer["Content-Encoding"] = "gzip"
        answer["Vary"] = "Accept-Encoding"
        answer["X-Sequence"] = str(lines.sequence)
        return answer


class ManifestView(_SyncView):
    """What a snapshot holds."""

    @extend_schema(
        tags=["synchronisation"],
        summary="What a snapshot holds",
        operation_id="snapshot_manifest",
        responses={200: ManifestSerializer, **_PROBLEMS},
    )
    @conditional
    def get(self, request: Request) -> Response:
        """Answer with the sequence, the counts and the hash of a snapshot taken now."""
        read(request.query_params, {})
        lines = Lines(request.user)
        try:
            size = sum(len(piece) for piece in lines)
        finally:
            lines.close()
        return Response(
            {
                "format": FORMAT,
                "sequence": lines.sequence,
                "counts": lines.counts,
                "bytes": size - len(_line({"end": True, "rows": sum(lines.counts.values()), "sha256": lines.sha256})),
                "sha256": lines.sha256,
                "snapshot": reverse("api-snapshot", request=request),
                "changes": f"{reverse('api-changes', request=request)}?since={lines.sequence}",
            }
        )


def _line(what: dict[str, Any]) -> bytes:
    return orjson.dumps(what, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
