"""A whole table as a file."""

from typing import Any

from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from kb.api.access import MayRead
from kb.api.errors import CONTENT_TYPE, ProblemSerializer
from kb.importing.export import FORMATS, ExportRefused, content_type, export_table, file_name
from kb.models import CodeTable

_PROBLEM = OpenApiResponse(ProblemSerializer)


class Refused(APIException):
    """The table does not fit into the format."""

    status_code = 409
    default_code = "refused"


class MayExport(BasePermission):
    """Let in whoever may export tables."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the caller may export."""
        return bool(request.user and request.user.has_perm("kb.export_table"))


class ExportView(APIView):
    """A table as CSV, XLSX or JSON: the vendor's words, as importing them again would change nothing."""

    schema = AutoSchema()
    permission_classes = [MayRead, MayExport]

    @extend_schema(
        tags=["code tables"],
        summary="Export a table",
        parameters=[OpenApiParameter("ending", str, OpenApiParameter.PATH, enum=list(FORMATS))],
        responses={
            **{(200, media.partition(";")[0]): OpenApiTypes.BINARY for media in FORMATS.values()},
            **{(status, CONTENT_TYPE): _PROBLEM for status in (401, 403, 404, 409)},
        },
    )
    def get(self, request: Request, slug: str, ending: str) -> StreamingHttpResponse:
        """Stream the file."""
        if ending not in FORMATS:
            raise Http404
        table = get_object_or_404(CodeTable.objects.visible_to(request.user), slug=slug)
        try:
            body = export_table(table, ending)
        except ExportRefused as refused:
            raise Refused(str(refused)) from None
        answer = StreamingHttpResponse(body, content_type=content_type(ending))
        answer["Content-Disposition"] = f'attachment; filename="{file_name(table, ending)}"'
        answer["Cache-Control"] = "private, no-store"
        return answer
