"""Probes: whether a server is alive, whether it is ready, and its metrics."""

import ipaddress
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import compare_digest
from typing import Any

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

from kb import answers, searching
from kb.models import WatchedSource
from kb.models.changes import last_sequence
from kb.ops import readiness
from kb.ops.replicas import status
from kb.services import tokens


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 without a query: a restart would not repair the database."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Return 200 if this server can take requests; otherwise 503 with the problems."""
    problems, notices = readiness.report_soon()
    return JsonResponse({"ready": not problems, "problems": problems + notices}, status=503 if problems else 200)


@require_safe
@never_cache
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to Prometheus, 401 to another scheme than the token's, and 404 to everybody else."""
    if not _may_measure(request):
        return _wrong_scheme(request)
    return HttpResponse(
        generate_latest(_process_metrics()) + generate_latest(_database_metrics()), content_type=CONTENT_TYPE_LATEST
    )


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
_multiprocess: Any = multiprocess
"""Typed as Any, because the library has no annotations."""
_PATHS = {f"/{entry.pattern}" for entry in urlpatterns}


class ProbesMiddleware:
    """Answers probes before hosts, TLS and sessions are checked: probes come to an IP address, over plain HTTP."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Store the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer probes; pass every other request to the next layer."""
        address = request.path_info
        # For everybody but Prometheus, /metrics is an unknown address.
        if address not in _PATHS or (address == "/metrics" and not _may_measure(request)):
            return self.get_response(request)
        match = request.resolver_match = resolve(address)
        view: Callable[[HttpRequest], HttpResponseBase] = match.func
        return view(request)


def _may_measure(request: HttpRequest) -> bool:
    header, token = request.headers.get("Authorization", ""), settings.KB_METRICS_TOKEN
    if token and compare_digest(header.encode(), f"Bearer {token}".encode()):
        return True
    # Behind a proxy, REMOTE_ADDR is the proxy's address, not the caller's.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    with suppress(ValueError):
        caller = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
        return any(caller in ipaddress.ip_network(allowed) for allowed in settings.KB_METRICS_ADDRESSES)
    return False


def _wrong_scheme(request: HttpRequest) -> HttpResponse:
    """Return a 401 that says what to send. Raises Http404 unless a token is set and the header is no token."""
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None or not settings.KB_METRICS_TOKEN:
        raise Http404
    try:
        tokens.secret_in(header)
    except tokens.WrongScheme as error:
        refusal = HttpResponse(f"{error}\n", "text/plain; charset=utf-8", 401)
        refusal["WWW-Authenticate"] = tokens.challenge()
        return refusal
    raise Http404


def _process_metrics() -> CollectorRegistry:
    folder = settings.PROMETHEUS_MULTIPROC_DIR
    if not folder:
        return REGISTRY
    _drop_dead_processes(Path(folder))
    registry = CollectorRegistry()
    _multiprocess.MultiProcessCollector(registry, folder)
    return registry


def _drop_dead_processes(folder: Path) -> None:
    """Delete the live gauges of ended processes; their counters stay."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            _multiprocess.mark_process_dead(int(pid), str(folder))
        except PermissionError:
            continue


def _database_metrics() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Database())
    return registry


class _Database(Collector):
    """Metrics from the database, read at each scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics; without a database, only that it is down."""
        yield from status.figures()
        try:
            sequence, lag = last_sequence(), max(searching.lag(), answers.lag())
            troubled = WatchedSource.objects.troubled().count()
        except DatabaseError:
            yield GaugeMetricFamily("codebook_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("codebook_database_up", "Whether the database answers.", 1)
        yield GaugeMetricFamily("codebook_feed_sequence", "Number of the last committed change.", sequence)
        yield GaugeMetricFamily("codebook_index_lag", "By how many codes the search index is off.", lag)
        yield GaugeMetricFamily(
            "codebook_sources_troubled", "Watched sources that need somebody's attention.", troubled
        )
