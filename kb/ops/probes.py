"""What machines ask a server about itself: is it alive, is it fit to answer, and its numbers."""

import ipaddress
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path, resolve
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kb import searching
from kb.models.changes import last_sequence
from kb.ops import readiness
from kb.ops.replicas import status


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers. Asks nothing else: restarting it would not mend a database."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether requests should come here; 503 with what is wrong where not."""
    problems = readiness.problems()
    return JsonResponse(
        {"ready": not problems, "problems": problems + status.problems()}, status=503 if problems else 200
    )


@require_safe
@never_cache
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus. Whoever may not ask learns no more than that nothing is here."""
    if not _may_measure(request):
        raise Http404
    return HttpResponse(generate_latest(_counted()) + generate_latest(_stored()), content_type=CONTENT_TYPE_LATEST)


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
_PATHS = {f"/{entry.pattern}" for entry in urlpatterns}


class ProbesMiddleware:
    """Answers probes before hosts, TLS and sessions are looked at: machines ask by address, over plain HTTP."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a probe, and leave every other request to the next layer."""
        asked = request.path_info
        # Who may not measure goes the way of every address that is not there.
        if asked not in _PATHS or (asked == "/metrics" and not _may_measure(request)):
            return self.get_response(request)
        request.resolver_match = resolve(asked)
        return request.resolver_match.func(request)


def _may_measure(request: HttpRequest) -> bool:
    given, wanted = request.headers.get("Authorization", ""), settings.KB_METRICS_TOKEN
    if wanted and compare_digest(given.encode(), f"Bearer {wanted}".encode()):
        return True
    # A proxy's own address says nothing about whom it asks for.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    with suppress(ValueError):
        asking = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
        return any(asking in ipaddress.ip_network(allowed) for allowed in settings.KB_METRICS_ADDRESSES)
    return False


def _counted() -> CollectorRegistry:
    folder = settings.PROMETHEUS_MULTIPROC_DIR
    if not folder:
        return REGISTRY
    _forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, folder)
    return registry


def _forget_the_dead(folder: Path) -> None:
    """Leave out what processes that are gone had in memory; what they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            multiprocess.mark_process_dead(int(pid), str(folder))
        except PermissionError:
            continue


def _stored() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Database())
    return registry


class _Database(Collector):
    """What the database knows, read when asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures; without a database, only that there is none."""
        yield from status.figures()
        try:
            sequence, lag = last_sequence(), searching.lag()
        except DatabaseError:
            yield GaugeMetricFamily("codebook_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("codebook_database_up", "Whether the database answers.", 1)
        yield GaugeMetricFamily("codebook_feed_sequence", "Number of the last committed change.", sequence)
        yield GaugeMetricFamily("codebook_index_lag", "By how many codes the search index is off.", lag)
