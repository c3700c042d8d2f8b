"""Files that browsers and robots request from every site."""

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
    """Redirect browsers that guess the icon's address."""
    return redirect(static("kb/favicon.svg"))


@require_safe
@login_not_required
def robots(request: HttpRequest) -> HttpResponse:
    """Allow search engines if the public may read."""
    return HttpResponse(_OPEN if settings.KB_PUBLIC_READ else _CLOSED, content_type="text/plain; charset=utf-8")
