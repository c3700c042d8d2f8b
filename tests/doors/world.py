"""A world in which what is internal is always the better answer, and says WORD.

`build` makes the public rows, and rows with a past: written while they were internal, or taken back since. `plant` adds
a better internal variant of everything: the validated note, the best passage, the newest, the only successor.
"""

from datetime import UTC, datetime, timedelta

import time_machine
from django.contrib.auth.models import Group

from kb import answers, searching
from kb.models import (
    CodeRange,
    CodeTable,
    CodeUse,
    IncidentLink,
    Miss,
    Outcome,
    ReturnCode,
    Synonym,
    TableImport,
    TroubleshootingNote,
)
from kb.models.changes import last_sequence
from kb.models.counters import add_counts
from kb.services.codes import edit_code
from kb.services.flags import answer_flag, raise_flag
from kb.services.incidents import save_incident
from kb.services.journal import By, Door, agreed_to
from kb.services.misses import ignore_miss
from kb.services.notes import archive_note, save_note, validate_note
from kb.services.outcomes import report_outcome
from kb.services.proposals import propose_change
from kb.services.ranges import save_range
from kb.services.sections import rename_section
from kb.services.synonyms import save_synonym
from kb.services.tables import save_table
from tests import make

WORD = "zirconium"
"""No public row says it."""

STAFF = "beryllium"
"""The name of a person who writes, and what is said of the work on rows: for staff, in the admin too."""

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HIDDEN_DAY, SHOWN_DAY = "2026-03-02", "2026-03-08"
"""A day on which the table `rtc` was internal, and one on which it was public."""

INTERNAL_IDS = {
    name: 900_000_000 + 1_000 * n
    for n, name in enumerate(("secret", "same", "only", "internal", "of_code", "of_range", "elsewhere", "saved"))
}
"""Ids of internal rows: known before there are such rows, so that one can ask for them before and after."""

TEXTS = dict.fromkeys(("issue", "environment", "cause", "resolution"), f"{WORD} room lobby")
BETTER = TEXTS | {"customer_reply": f"{WORD} {{code}}"}


class World:
    """The rows of the world by name, and the people who wrote them."""

    def __init__(self):
        staff = make.user(STAFF, "reviewer", email=f"{STAFF}@example.com")
        # The same person also describes tables.
        staff.groups.add(Group.objects.get(name="importer"))
        self.writer = By(staff, Door.ADMIN, f"{STAFF} asked")
        self.reviewer = By(make.user("second", "reviewer"), Door.ADMIN, f"{STAFF} agreed")
        self.ids = dict(INTERNAL_IDS)

    def name(self, **rows):
        self.ids |= {name: row.pk for name, row in rows.items()}


def build():
    """Return the world with its public rows, and with rows that were internal once, or are internal since."""
    world = World()
    with time_machine.travel(NOW - timedelta(days=9), tick=False):
        _public_rows(world)
        rtc, reborn, incident, taken = _before(world)
    with time_machine.travel(NOW - timedelta(days=5), tick=False), agreed_to():
        _publish(world, rtc, reborn, incident)
        _take_back(world, taken)
    with time_machine.travel(NOW - timedelta(days=1), tick=False):
        code = rtc.codes.get()
        edit_code(code, code.version, {"description": "Stream is gone for good."}, world.writer)
    searching.refresh(list(ReturnCode.objects.values_list("pk", flat=True)))
    answers.rebuild()
    return world


def _public_rows(world):
    table = make.table("zim-server")
    room = make.code("660300001", table, suggested_actions="Check the room.", symbol="ROOM_GONE")
    bare = make.code("660300002", table, "Private", description="User not in room.")
    retired = make.code("660300005", table, retired_at=NOW - timedelta(days=20), description="Old room.")
    replaced = make.code("660300006", table, retired_at=NOW - timedelta(days=20), description="Older room.")
    block = make.code_range("Room", 660300004, 660300006, of=table)
    wide = make.code_range("All rooms", of=table)
    live = make.note("Room is gone", room, cause="The room was closed.", customer_reply="See {code}.")
    live.ranges.add(block)
    # It is about more, which is internal: `plant` adds that.
    make.note("Second note", room, cause="The lobby was closed.", updated_at=NOW - timedelta(days=30))
    down = make.incident("Rooms fail", room, impact="Nobody enters.")
    make.incident("Rooms failed", room, state="resolved")
    edit_code(room, room.version, {"description": "The room does not exist."}, world.writer)
    world.name(
        table=table,
        room=room,
        bare=bare,
        retired=retired,
        replaced=replaced,
        block=block,
        wide=wide,
        live=live,
        down=down,
    )


def _before(world):
    """Return what is internal in the beginning: a table, a note, an incident; and what is public until it is not."""
    by = world.writer
    names = {"vendor": "Vendor", "product": "RTC", "language": "en"}
    rtc = save_table(CodeTable(), None, {"slug": "rtc", "name": WORD, "audience": "internal", **names}, by)
    stream = make.code("700100001", rtc, description=f"{WORD} stream.")
    room = ReturnCode.objects.get(pk=world.ids["room"])
    reborn = save_note(TroubleshootingNote(), None, TEXTS | {"title": f"{WORD} draft"}, by, [room])
    values = {"title": WORD, "url": "https://status.example.com/past", "impact": WORD, "audience": "internal"}
    incident = save_incident(IncidentLink(), None, values, [room], by)
    values = {"slug": "taken", "name": f"{WORD} taken", "audience": "public", **names}
    taken = save_table(CodeTable(), None, values, by)
    gone = make.code("800100001", taken, WORD, description=f"{WORD} room lobby")
    rename_section(gone.section, gone.section.version, {"name": f"{WORD} section"}, by)
    block = CodeRange(table=taken, first=800100000, last=800100009)
    save_range(block, None, {"name": WORD}, by)
    edit_code(gone, gone.version, {"description": f"{WORD} room lobby gone"}, by)
    ReturnCode.objects.filter(pk=world.ids["retired"]).update(successor=gone)
    world.name(stream=stream, reborn=reborn, past=incident, gone=gone)
    return rtc, reborn, incident, taken


def _publish(world, rtc, reborn, incident):
    """Make public what was internal until now, with other words."""
    stream = rtc.codes.get()
    ReturnCode.objects.filter(pk=stream.pk).update(vendor_description="Stream is gone.")
    edit_code(stream, stream.version, {"description": "Stream is gone."}, world.writer)
    save_table(rtc, rtc.version, {"name": "Stream codes", "audience": "public"}, world.writer)
    world.ids["opened"] = last_sequence()
    clean = dict.fromkeys(("issue", "environment", "resolution"), "") | {
        "title": "Reborn",
        "cause": "The door is shut.",
    }
    saved = save_note(reborn, reborn.version, clean | {"audience": "public"}, world.writer, None)
    validate_note(saved, saved.version, world.reviewer)
    values = {"title": "Doors fail", "impact": "Nobody leaves.", "audience": "public"}
    save_incident(incident, incident.version, values, None, world.writer)


def _take_back(world, taken):
    """Make internal what was public until now: a table with all its rows, a note and an incident."""
    by, room = world.writer, ReturnCode.objects.get(pk=world.ids["room"])
    values = TEXTS | {"title": f"{WORD} note", "audience": "public"}
    note = save_note(TroubleshootingNote(), None, values, by, [room])
    validate_note(note, note.version, world.reviewer)
    note.refresh_from_db()
    archive_note(note, note.version, world.reviewer)
    values = {"title": f"{WORD} was public", "url": "https://status.example.com/taken", "audience": "public"}
    incident = save_incident(IncidentLink(), None, values, [room], by)
    save_incident(incident, incident.version, {"audience": "internal"}, None, by)
    taken.refresh_from_db()
    save_table(taken, taken.version, {"audience": "internal"}, by)
    world.ids["closed"] = last_sequence()
    world.name(archived=note, withdrawn=incident)


def plant(world):
    """Add what was never public: for each public row a better one that is internal."""
    rows = {name: ReturnCode.objects.get(pk=world.ids[name]) for name in ("room", "bare", "retired")}
    secret = _internal_table(world, rows)
    _internal_notes(world, rows, secret)
    _internal_incidents(world, rows)
    _internal_work(world, rows["room"])
    searching.refresh(list(ReturnCode.objects.values_list("pk", flat=True)))
    answers.rebuild()


def _internal_table(world, rows):
    names = {"vendor": "AAA", "product": WORD, "name": f"AAA {WORD}"}
    table = make.table("secret", pk=world.ids["secret"], audience="internal", **names)
    texts = {"symbol": WORD, "description": f"{WORD} room lobby", "possible_reasons": "room lobby"}
    section = f"AAA {WORD}"
    make.code("660300001", table, section, pk=world.ids["same"], **texts)
    only = make.code("77", table, section, pk=world.ids["only"], **texts)
    for number in ("6603", "660300003", "660399998", "7001000011"):
        make.code(number, table, section, **texts)
    # Without a change in the feed: the public code was not edited.
    ReturnCode.objects.filter(pk=world.ids["replaced"]).update(successor=only)
    edit_code(only, only.version, {"possible_reasons": f"{WORD} gone"}, world.writer)
    for first, last in ((660300001, 660300009), (660399990, 660399999), (70, 79), (900, 999)):
        make.code_range(WORD, first, last, of=table)
    return table


def _internal_notes(world, rows, secret):
    room, bare, retired = rows.values()
    by = world.writer
    for code in (room, bare, retired):
        make.note(f"{WORD} room lobby", code, **BETTER, audience="internal")
        make.note(f"{WORD} room lobby waits", code, **BETTER, state="not_validated")
        make.note(f"{WORD} room lobby begun", code, **BETTER, state="draft")
    inside = make.note(f"{WORD} range", **BETTER, audience="internal", pk=world.ids["internal"])
    inside.ranges.add(world.ids["block"], world.ids["wide"])
    only = ReturnCode.objects.get(pk=world.ids["only"])
    make.note(f"{WORD} of its code", only, **BETTER, pk=world.ids["of_code"])
    of_range = make.note(f"{WORD} of its range", **BETTER, pk=world.ids["of_range"])
    of_range.ranges.add(secret.ranges.first())
    save_note(TroubleshootingNote(), None, TEXTS | {"title": f"{WORD} written"}, by, [room])
    live = TroubleshootingNote.objects.get(pk=world.ids["live"])
    live.codes.add(world.ids["only"], world.ids["same"])
    live.ranges.add(*secret.ranges.all())
    # Who keeps it and when to look at it again is for support alone.
    work = {"owner": by.user, "review_on": NOW.date(), "verify_since": NOW, "verify_reason": f"{STAFF} said so"}
    TroubleshootingNote.objects.filter(pk=live.pk).update(**work, validated_by=by.user)


def _internal_incidents(world, rows):
    texts = {"impact": f"{WORD} room", "workaround": WORD, "started_at": NOW}
    for code in rows.values():
        make.incident(f"{WORD} open", code, **texts, audience="internal")
        make.incident(f"{WORD} resolved", code, **texts, audience="internal", state="resolved")
    only = ReturnCode.objects.get(pk=world.ids["only"])
    make.incident(f"{WORD} elsewhere", only, **texts, pk=world.ids["elsewhere"])
    make.incident(f"{WORD} everywhere", **texts, audience="internal", pk=world.ids["saved"])
    IncidentLink.objects.get(pk=world.ids["down"]).codes.add(only)
    values = {"title": f"{WORD} saved", "url": f"https://{WORD}.example.com/1", "audience": "internal"}
    save_incident(IncidentLink(), None, values, [rows["room"]], world.writer)


def _internal_work(world, room):
    """Add what support does: proposals, flags, outcomes, look-ups, synonyms and imports."""
    by, live = world.writer, TroubleshootingNote.objects.get(pk=world.ids["live"])
    propose_change(live, live.version, {"cause": f"{WORD} closed it."}, By(make.user("e", "editor"), Door.ADMIN))
    raise_flag(room, live, f"{WORD} is wrong", by)
    flag = raise_flag(room, live, f"{WORD} was wrong", by)
    answer_flag(flag, flag.version, f"{WORD} is right", by)
    report_outcome(live, Outcome.DID_NOT_WORK, by)
    ignore_miss(WORD, by)
    save_synonym(Synonym(), None, {"words": f"{WORD}, hafnium, room, stream"}, by)
    add_counts(Miss, ("text", "day"), ["lookups"], [(f"{WORD} miss", NOW.date(), 9)])
    CodeUse.objects.create(code_id=world.ids["stream"], day=NOW.date(), lookups=500)
    TableImport.objects.create(
        table=room.table, state="planned", counts={"new": 1}, file_name=f"{WORD}.csv", message=WORD
    )
