"""Security headers: what a browser may do with an answer. This is the only module that uses django-csp."""

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

_UNUSED = (
    *("accelerometer", "autoplay", "camera", "clipboard-read", "display-capture", "encrypted-media", "fullscreen"),
    *("geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi"),
    *("payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "usb"),
    "xr-spatial-tracking",
)
HEADERS = {
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


class SecurityHeadersMiddleware(CSPMiddleware):
    """Adds the headers to every answer. It is the outermost layer, so probes, static files and errors have them too."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the headers and the content security policy. A view may have set another value."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        with_policy: HttpResponseBase = super().process_response(request, response)
        return with_policy


def may_be_framed_by(response: HttpResponseBase, origins: list[str]) -> None:
    """Allow pages of these origins to frame an answer. The rest of the policy stays."""
    # django-csp's decorators set this attribute too, but they cannot read a setting.
    response._csp_replace = {"frame-ancestors": origins}  # type: ignore[attr-defined]
    # X-Frame-Options cannot name origins, so the policy alone decides.
    response.xframe_options_exempt = True  # type: ignore[attr-defined]
    # A page with an embedder policy of its own frames only what says that other sites may.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
