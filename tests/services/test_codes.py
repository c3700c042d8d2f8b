"""Support's side of a return code: what belongs to support, and what follows the vendor."""

import pytest

from kb.models import Door, ReturnCode
from kb.models.fields import SUPPORT_FIELDS, VENDOR_TEXTS
from kb.services.codes import EDITABLE_FIELDS, edit_code
from kb.services.journal import By
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(editor):
    return By(editor, Door.ADMIN)


@pytest.mark.parametrize("name", [field.name for field in ReturnCode._meta.fields])
def test_only_what_support_owns_can_be_edited(by, name):
    assert set(EDITABLE_FIELDS) == {*VENDOR_TEXTS, *SUPPORT_FIELDS}
    if name not in EDITABLE_FIELDS:
        with pytest.raises(ValueError, match=rf"not editable on a code: \['{name}'\]; allowed: \['"):
            edit_code(make.code(), 1, {name: "x", "description": "Gone."}, by)
        assert ReturnCode.objects.get().description == "Room does not exist."


@pytest.mark.parametrize(
    ("name", "other", "chosen", "derived"),
    [("disposition", "fixer", "change_plan", "retry_later"), ("fixer", "disposition", "us", "vendor")],
)
def test_a_decision_is_supports_and_none_follows_the_vendors_words_again(by, name, other, chosen, derived):
    # What support writes instead of the vendor's words decides nothing.
    code = make.code(suggested_actions="Please try again later.")
    vendors = {name: getattr(code, name), other: getattr(code, other)}
    code = edit_code(code, 1, {"suggested_actions": "Please check the RoomID."}, by)
    code = edit_code(code, 2, {name: chosen}, by)
    assert (getattr(code, name), getattr(code, f"{name}_origin")) == (chosen, "staff")
    assert (getattr(code, other), getattr(code, f"{other}_origin")) == (vendors[other], "vendor")
    code = edit_code(code, 3, {name: None}, by)
    assert (getattr(code, name), getattr(code, f"{name}_origin")) == (vendors[name], "vendor")


def test_a_decision_equal_to_the_vendors_is_still_supports(by):
    code = make.code(suggested_actions="Please try again later.")
    code = edit_code(code, 1, {"disposition": "retry_later"}, by)
    assert (code.version, code.disposition_origin) == (2, "staff")
