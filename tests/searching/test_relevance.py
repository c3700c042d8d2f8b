"""Questions of customers and agents, with the codes that answer them.

The ranking and the synonyms were tuned on the part `tune`; the part `held` tells how they do on other questions.
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
        answers = row["codes"].split()
        assert set(answers) <= set(code_of.values())
        codes = [code_of[hit.code_id] for hit in searching.search(row["question"], agent).hits]
        rank = next((place for place, code in enumerate(codes, 1) if code in answers), 0)
        ranks[row["part"]].append((1 / rank if rank else 0.0, row["question"]))
    means = {part: sum(rank for rank, _ in pairs) / len(pairs) for part, pairs in ranks.items()}
    worst = sorted(pair for pairs in ranks.values() for pair in pairs if pair[0] < 0.5)
    with capsys.disabled():
        counts = {part: len(pairs) for part, pairs in ranks.items()}
        print(f"\nmean reciprocal rank: tuned on {means['tune']:.3f} ({counts['tune']}), ", end="")
        print(f"held out {means['held']:.3f} ({counts['held']}); worst:")
        print("\n".join(f"  {rank:.2f} {question}" for rank, question in worst))
    assert len(QUESTIONS) >= 60
    assert len(ranks["held"]) * 3 >= len(QUESTIONS)
    assert min(means.values()) >= LEAST
