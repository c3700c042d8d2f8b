"""The state of the databases, for probes, metrics and the doctor."""

from collections.abc import Iterator

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily

from kb.ops import replicas
from kb.ops.replicas.watch import MAX_LAG, WATCH


def problems() -> list[str]:
    """Return, as sentences, which databases are away or behind; [] without replicas. Servers still answer requests."""
    if not replicas.are_on():
        return []
    state = WATCH.state()
    away = [alias for alias in settings.REPLICAS if alias not in state.replicas]
    behind = [alias for alias, position in state.replicas.items() if position < state.fresh_from]
    sentences = ["The primary database is not available: reads work, writes do not."] * state.is_primary_away
    sentences += [f"{alias} does not answer." for alias in away]
    return sentences + [f"{alias} is more than {MAX_LAG:g} s behind and is not used." for alias in sorted(behind)]


def is_read_only() -> bool:
    """Whether the primary is away and a replica answers in its place."""
    if not replicas.are_on():
        return False
    state = WATCH.state()
    return state.is_primary_away and bool(state.replicas)


def figures() -> Iterator[GaugeMetricFamily]:
    """Yield the metrics of the primary and of each replica; none without replicas."""
    if not replicas.are_on():
        return
    state = WATCH.state()
    yield GaugeMetricFamily("codebook_primary_up", "Whether the primary takes writes.", int(not state.is_primary_away))
    serves = GaugeMetricFamily("codebook_replica_serves", "Whether a replica is read from.", labels=["replica"])
    behind = GaugeMetricFamily("codebook_replica_behind_bytes", "What a replica has not replayed.", labels=["replica"])
    for alias in settings.REPLICAS:
        position = state.replicas.get(alias)
        is_fresh = position is not None and (state.primary is None or position >= state.fresh_from)
        serves.add_metric([alias], int(is_fresh))
        if position is not None and state.primary is not None:
            behind.add_metric([alias], max(0, state.primary - position))
    yield from (serves, behind)
