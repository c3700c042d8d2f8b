"""Security headers: what a browser may do with an answer. This is the only module that uses django-csp."""

from collections.abc import Callable

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

_UNUSED = (
    *("accelerometer", "autoplay", "camera", "clipboard-read", "display-capture", "encrypted-media", "fullscreen"),
    *("geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi"),
    *("payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "usb"),
    "xr-spatial-tracking",
)
HEADERS = {
    HEADER: build_policy(),
    "X-Content-Type-Options": "nosniff",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    # The pages have buttons that copy.
    "Permissions-Policy": ", ".join([*(f"{feature}=()" for feature in _UNUSED), "clipboard-write=(self)"]),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    # This does not concern the pages of KB_CORS_ORIGINS: a browser asks it only about requests without CORS.
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeadersMiddleware:
    """Adds the headers to every answer. It is the outermost layer, so probes, static files and errors have them too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Store the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the next layer's response with the headers. A view may have set another value."""
        response = self.get_response(request)
        for name, value in HEADERS.items():
            # Django's own pages for developers have scripts and styles in the page.
            if name != HEADER or not (settings.DEBUG and response.status_code in (404, 500)):
                response.headers.setdefault(name, value)
        return response


def may_be_framed_by(response: HttpResponseBase, origins: list[str]) -> None:
    """Allow pages of these origins to frame an answer. The rest of the policy stays."""
    response.headers[HEADER] = build_policy(replace={"frame-ancestors": origins})
    # X-Frame-Options cannot name origins, so the policy alone decides.
    response.xframe_options_exempt = True  # type: ignore[attr-defined]
    # A page with an embedder policy of its own frames only what says that other sites may.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
