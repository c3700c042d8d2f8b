"""The page with the reader's own flags."""

from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kb.models.visibility import READ_INTERNAL
from kb.queries.flags import flags_raised_by

PER_PAGE = 50


@require_safe
@login_required
@permission_required(READ_INTERNAL, raise_exception=True)
def own_flags(request: HttpRequest) -> HttpResponse:
    """List the reader's own flags with their answers, the latest first."""
    page = Paginator(flags_raised_by(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "kb/flags.html", {"page": page})
