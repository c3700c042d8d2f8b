"""Answers of another release's shape are not read, and `migrate` makes them anew."""

import pytest
from django.db import connection
from django.test import Client

from kb import answers
from kb.answers import writer
from kb.models import FinishedAnswer
from kb.models.finished_answers import SHAPE
from kb.models.sql import run
from tests import make

pytestmark = pytest.mark.django_db
OLD = '{"id":0,"section":"public"}'


@pytest.fixture
def codes():
    made = [make.code(str(n)) for n in range(5)]
    answers.rebuild()
    FinishedAnswer.objects.update(shape=SHAPE - 1, row=OLD)
    return made


def test_an_older_answer_is_made_anew_for_each_reader(codes):
    code, client = codes[3], Client()
    lookup = client.post("/api/v1/lookup/", {"codes": ["3"]}, content_type="application/json").json()
    for shown in (
        client.get(f"/api/v1/codes/{code.pk}/").json(),
        client.get("/api/v1/codes/?code=3").json()["results"][0],
        client.get("/api/v1/codes/?ordering=id").json()["results"][3],
        lookup["verdicts"][0]["meanings"][0],
    ):
        assert shown["section"] == {"id": code.section_id, "name": "Public", "slug": "public"}


def test_migrate_makes_older_answers_anew_in_pages(codes, monkeypatch):
    assert len(list(answers.differences())) == len(codes)
    monkeypatch.setattr(writer, "_PAGE", 2)
    answers.prepare()
    assert list(answers.differences()) == []
    assert set(FinishedAnswer.objects.values_list("shape", flat=True)) == {SHAPE}
    assert answers.lag() == 0


def test_what_a_server_of_the_previous_release_writes_is_of_its_shape(codes):
    FinishedAnswer.objects.filter(code=codes[0]).delete()
    run(
        "INSERT INTO kb_finishedanswer (code_id, row, card, public_row, public_card) VALUES (%s, %s, '{}', '', '')",
        codes[0].pk,
        OLD,
    )
    assert FinishedAnswer.objects.get(code=codes[0]).shape == 1


def test_looking_for_older_answers_reads_their_index_alone(codes):
    older = FinishedAnswer.objects.filter(shape__lt=SHAPE).order_by("pk").values_list("pk", flat=True)
    if connection.vendor == "sqlite":
        assert "answer_of_older_shape" in older.explain()
