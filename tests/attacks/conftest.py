"""A knowledge base in which every text is hostile."""

import pytest
from django.utils import timezone

from kb import searching
from kb.models import Miss, Synonym
from kb.models.counters import add_counts
from kb.services.flags import raise_flag
from kb.services.journal import By, Door
from tests import make
from tests.attacks import page

# A database that refuses to store it need not show it.
PAYLOADS = [payload.replace("\x00", "") for payload in page.PAYLOADS]
ALL = "\n\n".join(PAYLOADS)


def short(n, length):
    """Return the payloads, beginning with another one each time, cut to what a field takes."""
    return " ".join(PAYLOADS[n:] + PAYLOADS[:n])[:length]


@pytest.fixture
def hostile(db, settings):
    """Return a code of which, and of whose surroundings, every text is hostile."""
    settings.KB_PUBLIC_READ = True
    table = make.table("hostile", vendor=short(3, 90), product=short(20, 90), name=short(40, 90))
    texts = dict.fromkeys(("description", "possible_reasons", "suggested_actions"), ALL)
    code = make.code("660300001", table, short(60, 90), symbol=short(80, 190), extra={short(5, 50): ALL}, **texts)
    make.code("660300002", table, short(61, 90), symbol=short(90, 190), **texts)
    make.code_range(short(70, 90), of=table)
    fields = ("issue", "environment", "cause", "resolution", "customer_reply")
    for n in range(0, len(PAYLOADS), 30):
        # Some open a block that swallows the rest: not all in one note.
        words = "\n\n".join(PAYLOADS[n : n + 30])
        make.note(short(n, 190), code, **dict.fromkeys(fields, words))
    make.note(short(9, 190), code, state="draft", **dict.fromkeys(fields, ALL[:20_000]))
    make.incident(short(30, 190), code, reference=short(35, 60), impact=ALL[:5_000], workaround=ALL[-5_000:])
    agent = make.user("agent", "agent")
    for n in range(0, 200, 40):
        raise_flag(code, code.notes.first(), short(n, 1_900), By(agent, Door.WEB))
    day = timezone.now().date()
    add_counts(Miss, ("text", "day"), ["lookups"], [(payload[:64], day, 9) for payload in PAYLOADS if payload.strip()])
    Synonym.objects.create(words="room, lobby")
    searching.refresh(list(table.codes.values_list("pk", flat=True)))
    return code
