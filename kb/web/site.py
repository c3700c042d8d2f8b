"""What browsers and robots ask every site for."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe

_OPEN = "User-agent: *\nDisallow: /admin/\nDisallow: /api/\nDisallow: /login/\nDisallow: /*?\n"
_CLOSED = "User-agent: *\nDisallow: /\n"


@require_safe
@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    """Send browsers that guess the icon's address to the icon."""
    return redirect(static("kb/favicon.svg"))


@require_safe
@login_not_required
def robots(request: HttpRequest) -> HttpResponse:
    """Let search engines in where the public may read."""
    return HttpResponse(_OPEN if settings.KB_PUBLIC_READ else _CLOSED, content_type="text/plain; charset=utf-8")
