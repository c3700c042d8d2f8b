"""No look-up, list or page reads a large table as a whole: told by the work that the databases do for each request.

The database is as a first import leaves it, without statistics. Everything is asked again after ANALYZE, because
statistics must not mislead either. `tests.questions` has what is asked, `tests.effort` counts the work.
"""

import re
from itertools import chain

import pytest

from tests import large, make, questions
from tests.effort import IS_POSTGRES, dearest, effort

# Hundreds of steps of SQLite, or rows of PostgreSQL. To walk through the large table takes 3,000 and 50,000.
LOOK_UP, LIST = (1_500, 4_000) if IS_POSTGRES else (100, 800)

LIMITS = {}
"""What may take more, by a pattern of its name: how much, and why."""


def limit(name, usual):
    """Return the work that a question may take."""
    return next((most for pattern, (most, _) in LIMITS.items() if re.search(pattern, name)), usual)


def asked(user):
    """Yield each question with its name and the work that it may take."""
    asker = questions.Asker(user)
    lists = chain(questions.lists(asker), questions.pages_between(asker))
    for name, ask in questions.look_ups(asker):
        yield name, limit(name, LOOK_UP), ask
    for name, ask in chain(
        asker.pages(lists),
        questions.pages(asker),
        questions.searches(asker),
        questions.queues(asker),
        questions.copies(asker),
    ):
        yield name, limit(name, LIST), ask


def dear(user):
    """Return what takes more work than it may, with its dearest query."""
    return {name: f"{dearest(ask)}" for name, most, ask in asked(user) if effort(ask) > most}


@pytest.mark.slow
def test_nothing_reads_a_large_table_as_a_whole(db, tmp_path):
    large.fill(tmp_path)
    user = make.user("boss", is_superuser=True, is_staff=True)
    found = dear(user)
    large.analyse()
    found |= {f"{name}, analysed": query for name, query in dear(user).items()}
    assert found == {}, "\n".join(f"{name}: {query}" for name, query in found.items())
