"""Metrics of the running product, for Prometheus. No label contains a search.

If PROMETHEUS_MULTIPROC_DIR names a folder, the processes of one server write there and each of them reports the sums;
otherwise each process reports its own metrics.
"""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "codebook_requests", "Answers, by name of the route and class of status.", ["route", "method", "status"]
)
REQUEST_SECONDS = Histogram(
    "codebook_request_seconds",
    "Time to answer, by name of the route.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
CACHE = Counter("codebook_cache_lookups", "Answers looked up in a cache; result is hit or miss.", ["cache", "result"])
IMPORT_SECONDS = Histogram(
    "codebook_import_seconds",
    "Time that the steps of imports took, failed ones too.",
    ["step"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900),
)
BUFFERED = Gauge(
    "codebook_buffered_lookups",
    "Counts of look-ups and misses in memory that are not yet written.",
    multiprocess_mode="livesum",
)
REFUSALS = Counter("codebook_refusals", "Requests refused because there were too many; by what was limited.", ["limit"])

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def count_response(route: str, method: str, status: int, seconds: float) -> None:
    """Count one response and its seconds."""
    # A caller may send any word as the method, and Prometheus would store each of them forever.
    REQUESTS.labels(route, method if method in _METHODS else "other", f"{status // 100}xx").inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def count_cache_use(cache: str, is_hit: bool) -> None:
    """Count one look-up in a cache."""
    CACHE.labels(cache, "hit" if is_hit else "miss").inc()


def count_refusal(limit: str) -> None:
    """Count one request that was refused because there were too many."""
    REFUSALS.labels(limit).inc()
