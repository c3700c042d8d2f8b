"""A small site that lived: every verb has written, every noun has rows, versions and an end."""

from types import SimpleNamespace

from kb import curating, feedback, proposing, publishing
from kb.importing.rollback import roll_back
from kb.journal import By
from kb.models import CodeRange, CodeTable, Door, IncidentLink, Synonym, TroubleshootingNote
from tests import make
from tests.importing.tables import applied


def lived():
    """Make the site; return what tests reach for."""
    admin = make.User.objects.create_superuser("root", password=make.PASSWORD)
    editor, leaver = make.user("ed", "editor"), make.user("leaver", "editor")
    by = By(editor, Door.WEB)
    table = curating.save_table(
        CodeTable(), None, {"slug": "zim", "vendor": "Z", "product": "ZIM", "name": "Codes", "audience": "public"}, by
    )
    applied(table, ("1", "Gone."), ("2", "Room."), ("0x3", "User."), user=admin)
    second = applied(table, ("2", "Room, reworded."), ("0x3", "User."), ("4", "New."), user=admin, complete=True)
    roll_back(second, By(admin, Door.ADMIN))
    applied(table, ("0x3", "User."), ("2", "Room, again."), user=admin)
    codes = {code.code: code for code in table.codes.all()}
    code = curating.edit_code(codes["2"], codes["2"].version, {"description": "Ours."}, by)
    block = curating.save_range(CodeRange(table=table, name="Block", first=1, last=9), None, {}, by)
    gone = curating.save_range(CodeRange(table=table, name="Gone", first=20, last=29), None, {}, by)
    texts = {"title": "Room is gone", "resolution": "Ask.", "audience": "public", "owner": leaver}
    note = publishing.save_note(TroubleshootingNote(), None, texts, by, [code, codes["0x3"]], [block, gone])
    note = publishing.submit_note(note, note.version, by)
    note = publishing.validate_note(note, note.version, By(admin, Door.ADMIN))
    _proposals(note, by, By(admin, Door.ADMIN))
    note.refresh_from_db()
    curating.delete_range(gone, gone.version, by)
    incident = {"title": "Rooms fail", "url": "https://status.example.com/1"}
    incident = curating.save_incident(IncidentLink(), None, incident, [code], by)
    incident = curating.save_incident(incident, incident.version, {"state": "resolved"}, None, by)
    # A test with transactions of its own empties every table afterwards, of what migrations made, too.
    synonym = Synonym.objects.order_by("pk").first() or Synonym.objects.create(words="room, channel")
    curating.save_synonym(synonym, synonym.version, {"words": "lobby, room"}, by)
    section = table.sections.get()
    curating.rename_section(section, section.version, {"name": "Rooms"}, by)
    flag = feedback.raise_flag(code, note, "Not so.", By(admin, Door.WEB))
    flag = feedback.assign_flag(flag, flag.version, editor, by)
    feedback.answer_flag(flag, flag.version, "It is.", by)
    above = By(admin, Door.ADMIN)
    curating.heed_miss(curating.ignore_miss("nonsense", above), above)
    curating.ignore_miss("more nonsense", above)
    leaver.delete()
    return SimpleNamespace(table=table, code=code, note=note, incident=incident, admin=admin, editor=editor)


def _proposals(note, by, reviewer):
    made = proposing.propose(note, note.version, {"cause": "A cause."}, by)
    made = proposing.send_back(made, made.version, "Which?", reviewer)
    made = proposing.revise(made, made.version, {"cause": "This cause."}, by)
    proposing.accept(made, made.version, reviewer)
    note.refresh_from_db()
    other = proposing.propose(note, note.version, {"issue": "An issue."}, by)
    proposing.withdraw(other, other.version, by)
