"""A pasted ticket or log: the codes in it, and its text with secrets and personal data masked."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from kb.queries import detection
from kb.queries.detection import TooLong
from kb.services import usage
from kb.web.detected_codes import code_list, marked_text

MAX_BODY = 2 * detection.MAX_TEXT
"""The largest form, in bytes. Django refuses more than 2.5 MB with a page that gives no reason."""


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def detect(request: HttpRequest) -> HttpResponse:
    """Refuse a text that is too long before reading its body, which the CSRF check would do."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return _refusal(request, f"This text is larger than {MAX_BODY // 2**20} MB; the limit is 1 MB.")
    return _detection_page(request)


@csrf_protect
def _detection_page(request: HttpRequest) -> HttpResponse:
    text = request.POST.get("text", "")
    if not text.strip():
        return render(request, "kb/detection.html", {"is_empty": request.method == "POST"})
    try:
        report = detection.detect(text, request.user)
    except TooLong as error:
        return _refusal(request, str(error))
    usage.count_codes({code.pk for match in report.codes if match.is_likely for code in match.id})
    return render(request, "kb/detection.html", _report_context(report))


def _report_context(report: detection.Report) -> dict[str, Any]:
    likely = [(n, match) for n, match in enumerate(report.codes, 1) if match.is_likely]
    possible = [(n, match) for n, match in enumerate(report.codes, 1) if not match.is_likely]
    groups = [group for group in (("Codes found", likely), ("Possible codes", possible)) if group[1]]
    return {
        "report": report,
        "groups": [(title, code_list(matches, len(report.codes), report.anatomies)) for title, matches in groups],
        "unknown": [
            (n, match, report.anatomies.get(match.written))
            for n, match in enumerate(report.unknown, len(report.codes) + 1)
        ],
        "text": marked_text(detection.pieces(report)),
    }


def _refusal(request: HttpRequest, reason: str) -> HttpResponse:
    return render(
        request, "kb/detection.html", {"refusal": f"{reason} Shorten it to the part around the error."}, status=413
    )
