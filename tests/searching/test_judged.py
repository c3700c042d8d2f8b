"""Questions as customers and agents ask them, with the codes that answer them.

The ranking and the synonyms were tuned on the part `tune`; the part `held` says what they do for other questions.
"""

import csv
from pathlib import Path

import pytest

from kb import searching
from kb.models import ReturnCode

pytestmark = pytest.mark.django_db
QUESTIONS = list(csv.DictReader(Path(__file__).with_name("judged.csv").open(encoding="utf-8")))
LEAST = 0.85


def test_questions_find_their_codes(zim, agent, capsys):
    code_of = dict(ReturnCode.objects.values_list("pk", "code"))
    ranks: dict[str, list[tuple[float, str]]] = {"tune": [], "held": []}
    for row in QUESTIONS:
        wanted = row["codes"].split()
        assert set(wanted) <= set(code_of.values())
        found = [code_of[hit.code_id] for hit in searching.search(row["question"], agent).hits]
        rank = next((place for place, code in enumerate(found, 1) if code in wanted), 0)
        ranks[row["part"]].append((1 / rank if rank else 0.0, row["question"]))
    means = {part: sum(rank for rank, _ in found) / len(found) for part, found in ranks.items()}
    worst = sorted(pair for found in ranks.values() for pair in found if pair[0] < 0.5)
    with capsys.disabled():
        counts = {part: len(found) for part, found in ranks.items()}
        print(f"\nmean reciprocal rank: tuned on {means['tune']:.3f} ({counts['tune']}), ", end="")
        print(f"held out {means['held']:.3f} ({counts['held']}); worst:")
        print("\n".join(f"  {rank:.2f} {question}" for rank, question in worst))
    assert len(QUESTIONS) >= 60
    assert len(ranks["held"]) * 3 >= len(QUESTIONS)
    assert min(means.values()) >= LEAST
