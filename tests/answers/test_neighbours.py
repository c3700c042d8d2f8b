"""A refresh of some codes leaves the answers about the codes between them."""

import pytest

from kb import answers
from tests import make


@pytest.mark.django_db
def test_a_refresh_keeps_the_answers_about_the_codes_between():
    codes = [make.code(str(600 + n)) for n in range(3)]
    answers.rebuild()
    answers.refresh({codes[0].pk, codes[2].pk})
    assert answers.lag() == 0
