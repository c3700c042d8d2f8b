"""What answers a form without a valid CSRF token: the only place that knows both the admin and the pages."""

from django.http import HttpRequest, HttpResponse

from kb.admin.forms import unsaved_input
from kb.web import errors


def failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show an editor's form again where it surely came from this site; refuse everything else."""
    return unsaved_input.rerender_with_input(request) or errors.csrf_failure(request, reason)
