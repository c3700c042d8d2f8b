"""Every database gives the same codes in the same order, with the same scores: one stored expectation for all.

To write it again after a change of the ranking: `WRITE_EXPECTED=1 pytest tests/searching/test_parity.py`, then review
the difference.
"""

import json
import os
from pathlib import Path

import pytest

from kb import searching
from kb.models import ReturnCode
from tests import make

pytestmark = pytest.mark.django_db
EXPECTED = Path(__file__).with_name("expected.json")
QUERIES = [
    "signature expired",
    "signatur",
    "Signatur ",
    "group member list",
    "QueryGroupMemberList",
    "querygroupmemberlist",
    "UserID",
    "user id",
    "userids too long",
    "6603",
    "660300001 room",
    "do not disturb",
    "cannot join the room",
    "withdraw OR recall",
    "recall -room",
    'title:"room"',
    "the",
    "of the to be",
    "e",
    "ro",
    "rooom",
    "mesage recal",
    "房间不存在",
    "房间",
    "房",
    "не найдена",
    "Straße STRASSE",
    "naïve café",
    "ＲＯＯＭ",
    "base64",
    "k0",
    "ZEGOCLOUD",
    "xyzzy",
    "limit limit limit limit",
]


def answers(user):
    names = {pk: f"{slug}/{code}" for pk, slug, code in ReturnCode.objects.values_list("pk", "table__slug", "code")}
    results = {}
    for query in QUERIES:
        answer = searching.search(query, user, limit=6)
        hits = [[names[hit.code_id], hit.score] for hit in answer.hits]
        within = sorted(
            names[pk] for pk in searching.containing(ReturnCode.objects, query, user).values_list("pk", flat=True)
        )
        results[query] = {"hits": hits, "corrected": answer.corrected, "more": answer.more, "all": within}
    return results


def test_every_database_gives_the_same_answers(zim, agent):
    other = make.table("other", product="Other", audience="internal")
    for number, text in enumerate(
        ["房间不存在", "Комната не найдена", "Straße gesperrt", "Naïve café", "Room e\u0301 closed"]
    ):
        make.code(f"E-{number}", other, description=text)
    results = {"agent": answers(agent), "public": answers(None)}
    if os.environ.get("WRITE_EXPECTED"):
        EXPECTED.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert results == json.loads(EXPECTED.read_text(encoding="utf-8"))
