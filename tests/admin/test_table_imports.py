"""Imports in the admin: upload, review, decide, apply and roll back, each with its own permission."""

import io

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import NoReverseMatch, reverse

from kb.models import Door, ReturnCode, TableImport, Upload
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make

pytestmark = pytest.mark.django_db
UPLOAD = "/admin/kb/tableimport/import/"
HEADER = "section,code,description,possible_reasons,suggested_actions\n"


@pytest.fixture
def table():
    room = make.code("660300001", in_section="Business", suggested_actions="Please check the RoomId.")
    make.code("660300002", in_section="Business", description="User not in room.")
    return room.table


@pytest.fixture
def client(client, importer):
    client.force_login(importer)
    return client


def upload(client, table, rows, **more):
    file = SimpleUploadedFile("table.csv", rows if isinstance(rows, bytes) else (HEADER + rows).encode())
    return client.post(UPLOAD, {"table": table.pk if table else "", "file": file} | more)


def plan(client, table, rows, **more):
    answer = upload(client, table, rows, **more)
    assert answer.status_code == 302, answer.content.decode()
    assert "importrow" in client.post(answer["Location"], {"plan": "1"})["Location"]
    return TableImport.objects.latest("id")


def send(client, planned, verb, **data):
    return client.post(reverse(f"admin:kb_tableimport_{verb}", args=[planned.pk]), data, follow=True)


def rows_page(client, planned, **query):
    return client.get(reverse("admin:kb_importrow_changelist"), {"table_import": planned.pk, **query})


CHANGED = "Business,660300001,The room is gone.,,Please check the RoomId.\n"


def test_a_file_becomes_a_plan_and_changes_nothing_yet(client, table):
    planned = plan(client, table, CHANGED + "Business,660300009,New one.,,\n")
    assert (planned.state, planned.counts["new"], planned.counts["changed"]) == ("planned", 1, 1)
    assert ReturnCode.objects.get(code="660300001").description == "Room does not exist."
    page = rows_page(client, planned)
    assert [row.code for row in page.context["cl"].result_list] == ["660300001", "660300009"]
    assert b"<del>" in page.content
    assert b"Apply 2 changes" in page.content


def test_a_plan_can_be_filtered_and_searched(client, table):
    planned = plan(client, table, CHANGED + "Business,660300009,New one.,,\n")
    assert [row.code for row in rows_page(client, planned, kind="new").context["cl"].result_list] == ["660300009"]
    assert [row.code for row in rows_page(client, planned, q="gone").context["cl"].result_list] == ["660300001"]


def test_a_plan_is_applied_and_logged_once(client, table, importer):
    planned = plan(client, table, CHANGED)
    assert "Applied: " in send(client, planned, "apply").content.decode()
    code = ReturnCode.objects.get(code="660300001")
    assert (code.description, code.vendor_description) == ("The room is gone.", "The room is gone.")
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("id")] == [
        "Planned",
        "Applied: 1 changed",
    ]


def test_an_applied_import_is_rolled_back_after_a_preview(client, table):
    planned = plan(client, table, CHANGED)
    send(client, planned, "apply")
    look = client.get(reverse("admin:kb_tableimport_rollback", args=[planned.pk]))
    assert b"1 code restored to its former state." in look.content
    assert "Rolled back. 1 code restored" in send(client, planned, "rollback").content.decode()
    assert ReturnCode.objects.get(code="660300001").description == "Room does not exist."
    assert "rolled back" in send(client, planned, "rollback").content.decode().lower()


@pytest.fixture
def conflict(client, table):
    ReturnCode.objects.filter(code="660300001").update(description="Ours.")
    return plan(client, table, CHANGED)


def descriptions(code="660300001"):
    row = ReturnCode.objects.get(code=code)
    return row.description, row.vendor_description


def test_a_conflict_shows_three_texts_and_keeps_ours_by_default(client, conflict):
    row = conflict.rows.get(kind="conflict")
    page = client.get(reverse("admin:kb_importrow_change", args=[row.pk])).content.decode()
    for words in ("Vendor before", "Vendor now", "Ours", "Room does not exist.", "In conflict"):
        assert words in page
    send(client, conflict, "apply")
    assert descriptions() == ("Ours.", "The room is gone.")


@pytest.mark.parametrize(
    ("resolution", "edited", "result"),
    [
        ("keep_ours", "Ours.", "Ours."),
        ("take_theirs", "Ours.", "The room is gone."),
        ("keep_ours", "", "Ours."),
        ("edited", "Both:\r\nthe room is gone.", "Both:\nthe room is gone."),
    ],
)
def test_a_conflict_is_decided_on_its_row(client, conflict, resolution, edited, result):
    row = conflict.rows.get(kind="conflict")
    where = reverse("admin:kb_importrow_change", args=[row.pk])
    assert client.post(where, {"resolution": resolution, "description": edited}).status_code == 302
    send(client, conflict, "apply")
    assert descriptions() == (result, "The room is gone.")


@pytest.mark.parametrize(
    ("resolution", "typed", "words"),
    [
        ("keep_ours", "Both:\nthe room is gone.", "Choose Edited to keep it"),
        ("take_theirs", "Both: gone.", "Choose Edited to keep it"),
        ("", "Both: gone.", "Choose Edited to keep it"),
        ("edited", " ", "Enter a text"),
    ],
)
def test_a_typed_text_is_never_lost_and_never_emptied_by_a_slip(client, conflict, resolution, typed, words):
    row = conflict.rows.get(kind="conflict")
    answer = client.post(
        reverse("admin:kb_importrow_change", args=[row.pk]), {"resolution": resolution, "description": typed}
    )
    page = answer.content.decode()
    assert (answer.status_code, words in page, f">\n{typed}</textarea>" in page) == (200, True, True)
    row.refresh_from_db()
    assert (row.resolution, row.edited) == ("", {})


def test_another_decision_can_follow_an_edited_text(client, conflict):
    row = conflict.rows.get(kind="conflict")
    where = reverse("admin:kb_importrow_change", args=[row.pk])
    client.post(where, {"resolution": "edited", "description": "Both."})
    assert client.post(where, {"resolution": "keep_ours", "description": "Both."}).status_code == 302
    row.refresh_from_db()
    assert (row.resolution, row.edited) == ("keep_ours", {})


def test_all_conflicts_are_decided_at_once(client, conflict):
    send(client, conflict, "decide", resolution="take_theirs")
    send(client, conflict, "apply")
    assert descriptions() == ("The room is gone.", "The room is gone.")


def test_chosen_rows_are_left_out(client, table):
    planned = plan(client, table, CHANGED + "Business,660300009,New one.,,\n")
    row = planned.rows.get(code="660300009")
    where = f"{reverse('admin:kb_importrow_changelist')}?table_import={planned.pk}"
    assert "Apply 2 changes" in client.get(where).text
    client.post(where, {"action": "leave_out", "_selected_action": [row.pk]})
    assert "Apply 1 change<" in client.get(where).text
    send(client, planned, "apply")
    assert not ReturnCode.objects.filter(code="660300009").exists()


def test_a_discarded_plan_cannot_be_applied(client, table):
    planned = plan(client, table, CHANGED)
    send(client, planned, "discard")
    page = send(client, planned, "apply").content.decode()
    assert "errorlist" in page or 'class="error"' in page
    assert descriptions()[0] == "Room does not exist."


def test_rows_in_error_need_a_confirmation(client, table):
    planned = plan(client, table, CHANGED + "Business,,No code.,,\n")
    assert "leave out these rows" in send(client, planned, "apply").content.decode()
    send(client, planned, "apply", skip_errors="on")
    assert descriptions()[0] == "The room is gone."


def test_retiring_much_of_a_table_needs_a_second_confirmation(client, table):
    for n in range(30):
        make.code(str(n), table, "Business")
    planned = plan(client, table, CHANGED, complete="on")
    assert "Yes, retire 31 of the table’s 32 codes" in rows_page(client, planned).content.decode()
    assert "must be confirmed" in send(client, planned, "apply").content.decode()
    assert ReturnCode.objects.current().count() == 32
    send(client, planned, "apply", yes_retire="on")
    assert ReturnCode.objects.current().count() == 1


def test_an_import_creates_a_new_table(client):
    names = {"slug": "rtc", "vendor": "ZEGO", "product": "RTC", "name": "Codes", "language": "en"}
    planned = plan(client, None, "Common,3,Authentication failed.,,\n", **names)
    send(client, planned, "apply")
    code = ReturnCode.objects.get()
    assert (code.table.slug, code.table.audience, code.section.name) == ("rtc", "internal", "Common")


def test_a_pasted_table_is_read(client, table):
    pasted = "| Code | Description |\n| --- | --- |\n| 660300009 | New one. |\n"
    answer = client.post(UPLOAD, {"table": table.pk, "pasted": pasted})
    client.post(answer["Location"], {"plan": "1"})
    assert TableImport.objects.latest("id").rows.get(kind="new").description == "New one."


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Either choose a file or paste a table"),
        ({"pasted": "code,description\n1,x\n", "table": "999999"}, "valid choice"),
        ({"pasted": "code,description\n1,x\n", "table": ""}, "give the new one a name"),
    ],
    ids=range(3),
)
def test_a_form_that_lacks_something_says_what_and_stores_nothing(client, table, data, words):
    answer = client.post(UPLOAD, {"table": table.pk} | data)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(("name", "slug"), [("lid codes.csv", "lid-codes"), ("\u9519\u8bef\u7801.csv", "table")])
def test_a_file_without_a_table_is_kept_and_names_a_new_one(client, name, slug):
    file = SimpleUploadedFile(name, HEADER.encode() + b"Public,1,One.,,\n")
    answer = client.post(UPLOAD, {"table": "", "name": "", "file": file}, follow=True)
    assert f"called “{name[:-4]}” as the file" in answer.text
    upload = Upload.objects.get()
    assert (upload.new_table["name"], upload.new_table["slug"]) == (name[:-4], slug)
    form = {"name": "Lids", "slug": "lids", "vendor": "", "product": "", "language": "en", "plan": "1"}
    client.post(answer.request["PATH_INFO"], form)
    assert TableImport.objects.get().new_table["name"] == "Lids"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"pasted": "Name\tText\nx\ty\n"}, "No column for the code"),
        ({"file": SimpleUploadedFile("a.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 50)}, "PNG"),
    ],
    ids=range(2),
)
def test_an_unreadable_file_is_kept_and_says_why(client, table, data, words):
    answer = client.post(UPLOAD, {"table": table.pk} | data, follow=True)
    assert words in answer.content.decode()
    assert "Make the plan" not in answer.content.decode()
    again = client.post(answer.request["PATH_INFO"], {"plan": "1"}, follow=True)
    assert words in again.content.decode()
    assert not TableImport.objects.exists()


def test_the_plan_is_downloaded_with_formulas_defused(client, table):
    planned = plan(client, table, 'Business,660300009,"=HYPERLINK(""x"")",,\n')
    answer = client.get(reverse("admin:kb_importrow_csv", args=[planned.pk]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "'=HYPERLINK" in text
    assert io.StringIO(text).readline().startswith("What happens,Changes,Line,Section,Code")


@pytest.mark.parametrize("size", [2, 40])
def test_the_plan_takes_the_same_queries_for_more_rows(client, table, django_assert_num_queries, size):
    planned = plan(client, table, "".join(f"Business,77{n},Text {n}.,,\n" for n in range(size)))
    rows_page(client, planned)
    with django_assert_num_queries(12):
        rows_page(client, planned)


@pytest.mark.parametrize(
    ("right", "verbs"),
    [
        ("import_table", {"decide", "discard"}),
        ("apply_import", {"apply"}),
        ("rollback_import", {"rollback"}),
        ("export_table", set()),
    ],
)
def test_each_step_has_its_own_permission(client, table, idle_staff, right, verbs):
    planned = plan(client, table, CHANGED)
    idle_staff.user_permissions.add(
        Permission.objects.get(codename=right), Permission.objects.get(codename="view_internal")
    )
    client.force_login(idle_staff)
    allowed = {
        verb
        for verb in ("apply", "decide", "discard", "rollback")
        if client.post(reverse(f"admin:kb_tableimport_{verb}", args=[999999])).status_code == 404
    }
    assert allowed == verbs
    assert (client.get(UPLOAD).status_code == 200) == (right == "import_table")
    assert (rows_page(client, planned).status_code == 200) == bool(verbs)


@pytest.mark.parametrize("number", ["abc", "-1", "0", "9" * 30, "１", ""])
def test_rows_without_an_import_redirect_to_the_imports(client, number):
    answer = client.get(reverse("admin:kb_importrow_changelist"), {"table_import": number})
    assert answer["Location"] == reverse("admin:kb_tableimport_changelist")


def test_the_package_that_writes_without_a_plan_has_no_address(client):
    with pytest.raises(NoReverseMatch):
        reverse("admin:kb_tableimport_process_import")


def test_a_note_shows_what_the_vendor_reworded(client, table, reviewer):
    note = make.note("The room is gone", ReturnCode.objects.get(code="660300001"))
    send(client, plan(client, table, CHANGED), "apply")
    client.force_login(reviewer)
    page = client.get(reverse("admin:kb_troubleshootingnote_change", args=[note.pk])).content.decode()
    assert "Changed by the vendor since" in page
    assert "<ins>" in page
    assert "Still correct" in page


NEWER = "Business,660300001,The room was closed.,,Please check the RoomId.\n"


def again(client, planned):
    return send(client, planned, "again")


def test_a_replaced_plan_says_by_what_and_its_file_is_planned_again(client, table):
    older, newer = plan(client, table, CHANGED), plan(client, table, NEWER)
    text = rows_page(client, older).content.decode()
    assert f"?table_import={newer.pk}" in text
    assert "is a newer plan of its table" in text
    assert "Leave out these rows" not in text
    assert "Apply 1 change" not in text
    assert f'Replaced by <a href="{reverse("admin:kb_importrow_changelist")}?table_import={newer.pk}"' in (
        client.get(reverse("admin:kb_tableimport_changelist")).content.decode()
    )
    assert "out of date" in send(client, older, "apply").content.decode()
    assert "Apply 1 change" in again(client, older).content.decode()
    assert TableImport.objects.get(pk=older.pk).state == "discarded"
    assert rows_page(client, newer).content.decode().count("Plan the file again") == 1


def test_a_plan_of_an_edited_code_offers_to_plan_again_and_nothing_to_apply(client, table, editor):
    planned = plan(client, table, CHANGED)
    edit_code(ReturnCode.objects.get(code="660300001"), 1, {"description": "Ours."}, By(editor, Door.ADMIN))
    text = rows_page(client, planned).content.decode()
    assert "Somebody edited 660300001." in text
    assert "Apply 1 change" not in text
    assert "In conflict" in again(client, planned).content.decode()


def test_a_plan_of_a_new_table_that_somebody_else_has_made_is_planned_for_that_table(client):
    older = plan(client, None, "Common,3,Failed.,,\n", name="Codes", slug="rtc")
    send(client, plan(client, None, "Common,4,Refused.,,\n", name="Codes", slug="rtc"), "apply")
    assert "was applied to its table" in rows_page(client, older).content.decode()
    send(client, TableImport.objects.get(pk=int(again(client, older).context["table_import"].pk)), "apply")
    assert list(ReturnCode.objects.order_by("code").values_list("code", flat=True)) == ["3", "4"]


def test_a_plan_without_a_file_leads_to_the_form(client, table):
    planned = plan(client, table, CHANGED)
    plan(client, table, NEWER)
    Upload.objects.all().delete()
    assert f"{UPLOAD}?table={table.pk}" in rows_page(client, planned).content.decode()
    assert "no longer kept" in again(client, planned).content.decode()


def test_a_plan_that_changes_nothing_says_so_and_has_nothing_to_apply(client, table):
    planned = plan(client, table, "Business,660300001,Room does not exist.,,Please check the RoomId.\n")
    text = rows_page(client, planned).content.decode()
    assert "This plan changes nothing" in text
    assert "Apply 0" not in text
    assert "Changes nothing" in client.get(reverse("admin:kb_tableimport_changelist")).content.decode()


def test_what_an_import_did_is_said_and_its_table_is_linked(client, table):
    planned = plan(client, table, CHANGED + "Business,7,Seven.,,\n")
    text = send(client, planned, "apply").content.decode()
    assert f'Applied: 1 new, 1 changed. <a href="{table.get_absolute_url()}">' in text


def test_the_button_counts_what_is_not_left_out(client, table):
    planned = plan(client, table, CHANGED + "Business,7,Seven.,,\n")
    address = f"{reverse('admin:kb_importrow_changelist')}?table_import={planned.pk}"
    row = planned.rows.get(code="7")
    answer = client.post(address, {"action": "leave_out", "_selected_action": [row.pk]}, follow=True)
    assert "Apply 1 change<" in answer.content.decode()
