"""A small site that lived: every verb has written, every noun has rows, versions and an end."""

from types import SimpleNamespace

from kb.importing.applying.rollback import roll_back
from kb.models import CodeRange, CodeTable, Door, IncidentLink, Synonym, TroubleshootingNote
from kb.services.codes import edit_code
from kb.services.flags import answer_flag, assign_flag, raise_flag
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.misses import ignore_miss, unignore_miss
from kb.services.notes import save_note, submit_note, validate_note
from kb.services.proposals import accept_proposal, propose_change, return_proposal, revise_proposal, withdraw_proposal
from kb.services.ranges import delete_range, save_range
from kb.services.sections import rename_section
from kb.services.synonyms import save_synonym
from kb.services.tables import save_table
from tests import make
from tests.importing.tables import applied


def lived():
    """Make the site; return what tests reach for."""
    admin = make.User.objects.create_superuser("root", password=make.PASSWORD)
    editor, leaver = make.user("ed", "editor"), make.user("leaver", "editor")
    by, above = By(editor, Door.WEB), By(admin, Door.ADMIN)
    table = save_table(
        CodeTable(),
        None,
        {"slug": "zim", "vendor": "Z", "product": "ZIM", "name": "Codes", "audience": "public"},
        above,
    )
    applied(table, ("1", "Gone."), ("2", "Room."), ("0x3", "User."), user=admin)
    second = applied(table, ("2", "Room, reworded."), ("0x3", "User."), ("4", "New."), user=admin, complete=True)
    roll_back(second, By(admin, Door.ADMIN))
    applied(table, ("0x3", "User."), ("2", "Room, again."), user=admin)
    codes = {code.code: code for code in table.codes.all()}
    code = edit_code(codes["2"], codes["2"].version, {"description": "Ours."}, by)
    block = save_range(CodeRange(table=table, name="Block", first=1, last=9), None, {}, by)
    gone = save_range(CodeRange(table=table, name="Gone", first=20, last=29), None, {}, by)
    texts = {"title": "Room is gone", "resolution": "Ask.", "audience": "public", "owner": leaver}
    note = save_note(TroubleshootingNote(), None, texts, by, [code, codes["0x3"]], [block, gone])
    note = submit_note(note, note.version, by)
    note = validate_note(note, note.version, By(admin, Door.ADMIN))
    _proposals(note, by, By(admin, Door.ADMIN))
    note.refresh_from_db()
    delete_range(gone, gone.version, by)
    incident = {"title": "Rooms fail", "url": "https://status.example.com/1"}
    incident = save_incident(IncidentLink(), None, incident, [code], by)
    incident = save_incident(incident, incident.version, {"state": "resolved"}, None, by)
    # A test with transactions of its own empties every table afterwards, of what migrations made, too.
    synonym = Synonym.objects.order_by("pk").first() or Synonym.objects.create(words="room, channel")
    save_synonym(synonym, synonym.version, {"words": "lobby, room"}, by)
    section = table.sections.get()
    rename_section(section, section.version, {"name": "Rooms"}, above)
    flag = raise_flag(code, note, "Not so.", By(admin, Door.WEB))
    flag = assign_flag(flag, flag.version, editor, by)
    answer_flag(flag, flag.version, "It is.", by)
    unignore_miss(ignore_miss("nonsense", above), above)
    ignore_miss("more nonsense", above)
    leaver.delete()
    return SimpleNamespace(table=table, code=code, note=note, incident=incident, admin=admin, editor=editor)


def _proposals(note, by, reviewer):
    made = propose_change(note, note.version, {"cause": "A cause."}, by)
    made = return_proposal(made, made.version, "Which?", reviewer)
    made = revise_proposal(made, made.version, {"cause": "This cause."}, by)
    accept_proposal(made, made.version, reviewer)
    note.refresh_from_db()
    other = propose_change(note, note.version, {"issue": "An issue."}, by)
    withdraw_proposal(other, other.version, by)
