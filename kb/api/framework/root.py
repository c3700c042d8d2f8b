"""The start of the API: what there is, with the address of each."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from kb import VERSION
from kb.api.framework.access import MayRead
from kb.api.framework.http_cache import conditional, with_cache_headers
from kb.api.framework.parameters import parse_query, query_of

_ADDRESSES = {
    "api-table-list": "code tables",
    "api-code-list": "return codes, with filters",
    "api-note-list": "troubleshooting notes",
    "api-incident-list": "incident links",
    "api-lookup": "POST: a verdict on each of many codes",
    "api-detect": "POST: the codes in a log",
    "api-search": "search for a code or words",
    "api-changes": "the feed of changes",
    "api-snapshot": "everything as lines of JSON, to start a copy with",
    "api-snapshot-manifest": "what a snapshot contains",
}


class RootView(APIView):
    """What the API has, as a list of addresses."""

    permission_classes = [MayRead]

    @extend_schema(exclude=True)
    @conditional
    def get(self, request: Request) -> Response:
        """Return the addresses with a word about each."""
        parse_query(query_of(request), {})
        docs = reverse("api-docs", request=request)
        addresses = [{"url": reverse(name, request=request), "about": about} for name, about in _ADDRESSES.items()]
        # `reverse` would escape the braces.
        table = f"{reverse('api-table-list', request=request)}{{slug}}/export.{{ending}}"
        site = reverse("api-export-all", args=["sqlite"], request=request)
        addresses += [{"url": table, "about": "a table as a file"}, {"url": site, "about": "everything as one file"}]
        return Response(
            {
                "name": "Codebook",
                "version": VERSION,
                "docs": docs,
                "schema": reverse("api-schema", request=request),
                "problems": reverse("api-problems", request=request),
                "policy": docs,
                "addresses": addresses,
            }
        )

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Return the response with headers for caches."""
        return with_cache_headers(request, super().finalize_response(request, response, *args, **kwargs))
