"""No look-up, list or page reads a large table as a whole: told by the work that the databases do for each request.

The database is as a first import leaves it, without statistics. Everything is asked again after ANALYZE, because
statistics must not mislead either. `tests.questions` has what is asked, `tests.effort` counts the work.
"""

import os
import re
from itertools import chain

import pytest

from tests import large, make, questions
from tests.effort import IS_POSTGRES, dearest, effort

# Hundreds of steps of SQLite, or rows of PostgreSQL. To walk through the large table takes 3,000 and 50,000.
# PostgreSQL without statistics may read the thousand notes and their links instead of those of a code.
LOOK_UP, LIST = (5_000, 8_000) if IS_POSTGRES else (100, 800)

# A walk through the large table, for staff and the public, and a count of all of it.
ROW, PUBLIC_ROW, COUNTED = (51_000, 60_000, 210_000) if IS_POSTGRES else (4_600, 9_500, 20_000)

LIMITS = {
    "^counts of tables": (ROW * 2, "After an import, all codes are counted once: an index of sections tells."),
    "^counting": (LIST, "It writes what all questions before it have counted."),
    "^API, many": (LOOK_UP * 2, "A hundred codes."),
    "__not=": (PUBLIC_ROW, "What is left may all be at the end of an order: a walk."),
    "__isnull=": (PUBLIC_ROW, "Which texts are empty is in no index, which would cost every import: a walk."),
    "(number|id)__(gte|lte)=": (PUBLIC_ROW, "The codes of a range may all be at the end of another order: a walk."),
    "(disposition|fixer).*ordering=": (PUBLIC_ROW, "So may those with one disposition. The vendor's order has both."),
    "has_notes=.*ordering=": (PUBLIC_ROW, "So may those with notes, if there are more than a page sorts."),
    "cursor=.*ordering=updated_at": (PUBLIC_ROW, "An import gives all codes one time: the index has no place within."),
    "cursor=.*ordering=-number": (
        PUBLIC_ROW,
        "SQLite takes the index of the table's ids for the rows with one number.",
    ),
    "^export|snapshot": (COUNTED, "They have every code, and read each once."),
    "facets=.*%2C": (COUNTED * 2, "What matches is counted, twice."),
    "count=(1|True)|facets=": (COUNTED, "What matches is counted."),
    "/tables/large/.section=": (LIST * 2, "A page of a section looks at each code: its notes, and who listed it."),
    "/tables/large/.q=room": (COUNTED, "The page counts the codes with a word, and sorts them."),
    "suggested_actions(__contains|__words)?=|text=room": (COUNTED, "A word that many codes have: these are sorted."),
    "^(queue|to validate)": (COUNTED * 6, "All notes are ranked, with the codes of their ranges."),
    "search, misspelt": (LIST * 4, "The words with the same beginning are compared."),
    "/changes/.*table=": (LIST * 3, "The changes of one table are looked for from the end of the feed."),
    "/api/v1/(notes|incidents)/.*public": (
        PUBLIC_ROW if IS_POSTGRES else LIST * 2,
        "Without statistics, PostgreSQL reads the codes to tell which of a page's are public.",
    ),
    "/api/v1/(notes|incidents)/": (
        LIST * 2,
        "Notes and incidents are some thousands, and few of their orders are kept.",
    ),
}
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
        questions.examples(asker),
        questions.searches(asker),
        questions.queues(asker),
        questions.copies(asker),
    ):
        yield name, limit(name, LIST), ask


def dear(user):
    """Return what takes more work than it may, with its dearest query."""
    return {name: f"{dearest(ask)}" for name, most, ask in asked(user) if effort(ask) > most}


@pytest.mark.skipif(IS_POSTGRES and not os.environ.get("SOAK"), reason="takes minutes on PostgreSQL: SOAK=1 runs it")
@pytest.mark.slow
def test_nothing_reads_a_large_table_as_a_whole(db, tmp_path):
    large.fill(tmp_path)
    user = make.user("boss", is_superuser=True, is_staff=True)
    found = dear(user)
    large.analyse()
    found |= {f"{name}, analysed": query for name, query in dear(user).items()}
    assert found == {}, "\n".join(f"{name}: {query}" for name, query in found.items())
