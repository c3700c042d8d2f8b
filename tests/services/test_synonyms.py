"""Synonyms: groups of two words or more."""

import pytest

from kb.models import Door, Synonym
from kb.services.journal import By, NotAllowed
from kb.services.synonyms import save_synonym


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("lobby, hall", "lobby, hall"),
        (" entrance  hall ,,lobby, lobby,", "entrance hall, lobby"),
        ("lobby", None),
        ("lobby, lobby", None),
        (" , ", None),
        ("", None),
    ],
)
def test_a_group_has_two_different_words_or_more(editor, words, kept):
    Synonym.objects.all().delete()
    by = By(editor, Door.ADMIN)
    if kept is None:
        with pytest.raises(NotAllowed, match="two or more words"):
            save_synonym(Synonym(), None, {"words": words}, by)
        assert not Synonym.objects.exists()
    else:
        assert save_synonym(Synonym(), None, {"words": words}, by).words == kept
