"""Every filter, facet, order and count of every list says the same to the public, whatever is internal.

The requests are generated: each parameter of each list gets values of public and of internal rows. They are asked in a
world before and after internal rows are added, and each answer must be the same, byte by byte.
"""

import pytest
import time_machine
from django.db import reset_queries
from django.db.models import Model

from kb.api.resources.codes import CodeViewSet
from kb.api.resources.incidents import IncidentViewSet
from kb.api.resources.notes import NoteViewSet
from kb.api.resources.tables import TableViewSet
from kb.models.visibility import Reader
from kb.queries import tables
from tests.doors.answers import Visitor
from tests.doors.world import NOW, STAFF, WORD, build, plant

pytestmark = pytest.mark.xdist_group("doors")
LISTS = {"codes": CodeViewSet, "notes": NoteViewSet, "incidents": IncidentViewSet, "tables": TableViewSet}
SPECIAL = {
    "table": ["zim-server", "rtc", "secret", "taken", "zim-server,secret", "nowhere"],
    "section": ["Public", "private", f"AAA {WORD}", f"{WORD} section"],
    "code": ["660300001", "77", "660300005,77", "800100001", "660300004"],
    "prefix": ["6603", "7", "80"],
    "owner": [STAFF],
    "text": ["room", WORD, "lobby"],
    "number": ["660300001", "77", "660300001,77"],
    "updated_since": ["2026-03-08T00:00:00Z"],
    "started_since": ["2026-03-08T00:00:00Z"],
}
"""Values by parameter, for those that are not fields of the rows, and for those whose values must be internal ones."""

IDS = {"note": ("live", "internal", "of_code"), "incident": ("down", "saved", "past"), "id": ("room", "only", "live")}
SHAPES = {"cursor", "page_size", "fields", "include", "count", "facets", "ordering"}
SEARCHES = ["room", WORD, "lobby", "660300001", "77", "660300005", "rooom"]


def values_of(name, view, world):
    """Yield values of a parameter: each word of a choice, or values that public and internal rows have."""
    field, _, how = name.partition("__")
    schema = view.list_kinds(Reader.PUBLIC)[name].schema
    schema = schema.get("items", schema)
    if how == "isnull" or schema["type"] == "boolean":
        return ["true", "false"]
    if schema.get("enum"):
        return [*schema["enum"], ",".join(schema["enum"][:2])]
    if field in IDS:
        return [str(world.ids[one]) for one in IDS[field]]
    if schema.get("format") == "date-time" or field in ("updated_since", "started_since"):
        return [f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "2026-03-05T00:00:00Z"]
    if field in SPECIAL:
        return SPECIAL[field]
    return stored_values(view.filterset_class.Meta.model, field, how)


def stored_values(model: type[Model], field, how):
    texts = [f"{WORD} room", WORD, "room", "does not exist"]
    if how in ("contains", "words"):
        return texts
    field = {"number_min": "number", "number_max": "number"}.get(field, field)
    values = model.objects.order_by().values_list(field, flat=True).distinct()
    every = sorted({str(value) for value in values if value not in (None, "")})
    return [value[:4] if how == "prefix" else value for value in every] or texts


def requests(world):
    """Return the addresses: each filter alone, with totals, in each order, and with the next page."""
    addresses = []
    for noun, view in LISTS.items():
        facets = ",".join(view.facets)
        orders = [sign + name for name in view.orders for sign in ("", "-")]
        shapes = ["", *(f"ordering={order}&page_size=2" for order in orders), f"count=true&facets={facets}&page_size=1"]
        addresses += [f"{noun}/?{shape}" for shape in shapes]
        for name in view.list_kinds(Reader.PUBLIC).keys() - SHAPES:
            filters = [f"{name}={value}" for value in values_of(name, view, world)]
            totals = f"count=true&facets={facets}&page_size=1"
            addresses += [f"{noun}/?{one}&{totals}" for one in filters]
            # One order each, in turn: together the filters meet all of them.
            order = orders[len(addresses) % len(orders)]
            addresses += [f"{noun}/?{one}&ordering={order}" for one in filters[:3]]
            addresses += [f"{noun}/?{one}&table=zim-server" for one in filters[:3] if noun != "tables"]
            addresses += [f"codes/?{one}&code=660300005" for one in filters[:3] if noun == "codes" and name != "code"]
    addresses += [f"search/?q={word}{more}" for word in SEARCHES for more in ("", "&table=zim-server,rtc", "&exact=1")]
    return ["/api/v1/" + address.replace(" ", "%20") for address in addresses]


def ask(visitor, address):
    """Return status, text and number of queries: how long an answer takes must not tell either."""
    # Otherwise who asks first waits for the counts of tables, and the log of queries forgets the first ones.
    tables.clear_counts()
    reset_queries()
    status, _, text, queries = visitor.ask(address)
    return status, text, queries


@pytest.mark.slow
def test_the_public_gets_the_same_from_every_filter(db):
    with time_machine.travel(NOW, tick=False):
        world, visitor = build(), Visitor()
        before = {address: ask(visitor, address) for address in requests(world)}
        plant(world)
        differing = [address for address, answer in before.items() if ask(visitor, address) != answer]
        assert differing == []
        # Values that only internal rows have find nothing, either.
        new = [address for address in requests(world) if address not in before]
        assert [address for address in new if WORD not in address and WORD in ask(visitor, address)[1]] == []
        assert (len(before) > 1_000, len(new) > 20) == (True, True)
