"""What answers a form without a valid CSRF token: the only place that knows both the admin and the pages."""

from django.http import HttpRequest, HttpResponse

from kb.admin import kept
from kb.web import errors


def failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show an editor's form again where it surely came from this site; refuse everything else."""
    return kept.shown_again(request) or errors.csrf_failure(request, reason)
