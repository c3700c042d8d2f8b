"""Reads from streaming replicas, and reads alone while the primary is away (PostgreSQL; `REPLICA_URLS`).

watch.py     a thread that looks at each database a few times a second: who answers, and how far it has come
router.py    where a query goes
requests.py  the middleware that chooses a database for each request
status.py    what probes, metrics and the doctor report

# Note [A writer reads their own writes]
After a request that may write, its browser gets a cookie with the primary's position in the write-ahead log. A replica
serves that browser again once it has replayed so far; until then the primary does.
"""

from django.conf import settings


def are_on() -> bool:
    """Whether the site has replicas. Whatever differs with replicas asks this function."""
    return bool(settings.REPLICAS)
