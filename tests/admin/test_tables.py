"""The form of a table: context words are proposed, checked and versioned."""

import pytest

from kb.models import Change, CodeTable
from tests import make
from tests.admin.conftest import form_data, url
from tests.importing.tables import applied

pytestmark = pytest.mark.django_db


@pytest.fixture
def table(client, admin):
    client.force_login(admin)
    return make.table(slug="messaging", vendor="Twilio", product="Messaging")


def help_text(client, table):
    return client.get(url(table)).context["adminform"].form.fields["context_words"].help_text


def test_words_of_the_names_and_the_family_are_proposed(client, table):
    text = help_text(client, table)
    assert "Proposed: messaging, twilio," in text
    assert "sendgrid" in text
    table.context_words = "sendgrid\ntwilio"
    table.save()
    assert "Proposed: messaging, accountsid" in help_text(client, table)


def test_a_new_table_has_no_proposals(client, table):
    page = client.get("/admin/kb/codetable/add/")
    assert "Proposed" not in page.context["adminform"].form.fields["context_words"].help_text


def test_an_edit_of_the_words_is_a_version_and_a_change(client, table):
    page = client.post(url(table), form_data(client.get(url(table)), context_words="payhub\npay hub"))
    assert page.status_code == 302
    table = CodeTable.objects.get()
    assert (table.context_words.split(), table.version) == (["payhub", "pay", "hub"], 2)
    assert Change.objects.get(noun="table").fields == ["context_words"]


def test_a_word_that_is_none_is_refused_at_its_field(client, table):
    page = client.post(url(table), form_data(client.get(url(table)), context_words="payhub\n4301"))
    assert "“4301” has no letter" in page.context["adminform"].form.errors["context_words"][0]
    assert CodeTable.objects.get().context_words == ""


def test_an_import_leaves_the_words_alone(table, admin):
    CodeTable.objects.update(context_words="payhub")
    table.refresh_from_db()
    applied(table, ("4301", "No funds"), complete=True, user=admin)
    assert CodeTable.objects.get().context_words == "payhub"
