"""One edit of many rows: what it did to each."""

import pytest

from kb.models import Door, Proposal, ReturnCode
from kb.services.bulk_edits import GONE, STALE, edit_each
from kb.services.codes import edit_code
from kb.services.journal import By, NotAllowed
from tests import make


@pytest.mark.django_db
def test_each_row_is_edited_unchanged_proposed_or_skipped_with_the_reason(editor):
    edited, same, stale, refused, proposed = (make.code(str(n), symbol="" if n else "Old") for n in range(5))
    proposal = Proposal(title="Change")

    def verb(code, version, by):
        if code == refused:
            raise NotAllowed("Not this one.")
        return proposal if code == proposed else edit_code(code, version, {"symbol": ""}, by)

    ReturnCode.objects.filter(pk=stale.pk).update(version=2)
    codes = [edited, same, stale, refused, proposed]
    result = edit_each(
        ReturnCode.objects.all(), {code.pk: 1 for code in codes} | {99999: 1}, verb, By(editor, Door.ADMIN)
    )
    assert (result.edited, result.unchanged, result.proposals) == ([edited], [same], [proposal])
    assert result.refusals == {STALE: [stale], "Not this one.": [refused], GONE: ["number 99999"]}
    assert set(ReturnCode.objects.filter(version=2)) == {edited, stale}
