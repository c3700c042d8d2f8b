"""The OpenAPI description of the API, and the page that shows it."""

from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from kb.api.framework.access import MayRead
from kb.api.framework.http_cache import conditional, with_cache_headers
from kb.models.visibility import Reader, reader


class SchemaView(SpectacularAPIView):
    """The OpenAPI description as JSON, or as YAML with `Accept: application/yaml`."""

    permission_classes = [MayRead]
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    @extend_schema(exclude=True)
    @conditional
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the description."""
        # The library has no types.
        return cast(Response, cast(Any, super()).get(request, *args, **kwargs))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Return the response with headers for caches."""
        return with_cache_headers(request, super().finalize_response(request, response, *args, **kwargs))


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, without inline scripts and styles."""

    template_name = "kb/api_docs.html"
    permission_classes = [MayRead]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Redirect callers who may read nothing to the login page, because this page is for people."""
        if reader(request.user) == Reader.NOTHING:
            return redirect_to_login(request.get_full_path())
        return super().dispatch(request, *args, **kwargs)
