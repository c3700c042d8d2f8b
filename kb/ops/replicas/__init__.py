"""Reads from streaming replicas, and read-only service while the primary is away (PostgreSQL; `REPLICA_URLS`).

watch.py     a thread that checks a few times a second which databases answer, and their positions
router.py    chooses the database for a query
requests.py  the middleware that chooses the database for a request
status.py    the state for probes, metrics and the doctor

# Note [A writer reads their own writes]
After a request that may write, the browser gets a cookie with the primary's position in the write-ahead log. The
primary serves that browser until a replica has replayed the log up to this position.
"""

from django.conf import settings


def are_on() -> bool:
    """Whether the site has replicas. Call this wherever behaviour depends on replicas."""
    return bool(settings.REPLICAS)
