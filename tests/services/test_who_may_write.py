"""Every service asked directly, by everybody: the services guard themselves, whatever a face lets through.

A new public function of `kb.services` without a line here fails.
"""

import inspect
import pkgutil
from importlib import import_module

import pytest
from django.db import transaction

from kb import services
from kb.models import (
    CodeRange,
    CodeTable,
    Door,
    IncidentLink,
    Outcome,
    Proposal,
    Synonym,
    TroubleshootingNote,
    WatchedSource,
)
from kb.services import (
    codes,
    flags,
    incidents,
    misses,
    notes,
    outcomes,
    phrasings,
    proposals,
    ranges,
    sections,
    synonyms,
    tables,
    watched_sources,
)
from kb.services.journal import By, NotAllowed

NOBODY, EDITORS, REVIEWERS, TABLES, AGENTS = "", "erx", "rx", "mxc", "germx"


def new_incident():
    return IncidentLink(url="https://status.example.com/new", title="New")


# (service, what the person asks): (who may, how to ask; `w` is the world, `by` the person)
WRITES = {
    ("codes.edit_code", ""): ("erxc", lambda w, by: codes.edit_code(w.code, 1, {"symbol": "X"}, by)),
    ("tables.save_table", "new"): (TABLES, lambda w, by: tables.save_table(CodeTable(**w.new_table), None, {}, by)),
    ("phrasings.add_phrasing", "code"): ("erxc", lambda w, by: phrasings.add_phrasing(w.code, "X", by)),
    ("phrasings.add_phrasing", "note"): ("erxc", lambda w, by: phrasings.add_phrasing(w.note, "X", by)),
    ("tables.save_table", ""): (TABLES, lambda w, by: tables.save_table(w.code.table, 1, {"name": "X"}, by)),
    ("sections.rename_section", ""): (TABLES, lambda w, by: sections.rename_section(w.section, 1, {"name": "X"}, by)),
    ("ranges.save_range", "new"): ("erxc", lambda w, by: ranges.save_range(CodeRange(**w.new_range), None, {}, by)),
    ("ranges.save_range", ""): ("erxc", lambda w, by: ranges.save_range(w.range, 1, {"name": "X"}, by)),
    ("ranges.delete_range", ""): ("erxc", lambda w, by: ranges.delete_range(w.range, 1, by)),
    ("synonyms.save_synonym", "new"): ("erxc", lambda w, by: synonyms.save_synonym(Synonym(), None, w.words, by)),
    ("synonyms.save_synonym", ""): ("erxc", lambda w, by: synonyms.save_synonym(w.synonym, 1, w.words, by)),
    ("synonyms.delete_synonym", ""): ("erxc", lambda w, by: synonyms.delete_synonym(w.synonym, 1, by)),
    ("incidents.save_incident", "new"): (
        "erxc",
        lambda w, by: incidents.save_incident(new_incident(), None, {}, [], by),
    ),
    ("incidents.save_incident", ""): ("erxc", lambda w, by: incidents.save_incident(w.incident, 1, {}, [], by)),
    ("incidents.resolve_incident", ""): ("erxc", lambda w, by: incidents.resolve_incident(w.incident, 1, None, by)),
    ("notes.save_note", "new"): (
        "erxc",
        lambda w, by: notes.save_note(TroubleshootingNote(), None, {"title": "X"}, by),
    ),
    ("notes.save_note", "draft"): ("erxc", lambda w, by: notes.save_note(w.draft, 1, {"cause": "X"}, by)),
    ("notes.save_note", "validated"): (NOBODY, lambda w, by: notes.save_note(w.note, 1, {"cause": "X"}, by)),
    ("notes.save_note", "owner"): ("erxc", lambda w, by: notes.save_note(w.note, 1, {"review_on": None}, by)),
    ("notes.submit_note", ""): ("erxc", lambda w, by: notes.submit_note(w.draft, 1, by)),
    ("notes.validate_note", ""): (REVIEWERS, lambda w, by: notes.validate_note(w.draft, 1, by)),
    ("notes.confirm_note", ""): (REVIEWERS, lambda w, by: notes.confirm_note(w.note, 1, by)),
    ("notes.confirm_note", "own"): (EDITORS, lambda w, by: notes.confirm_note(owned(w.note, by), 1, by)),
    ("notes.return_note", ""): ("rxc", lambda w, by: notes.return_note(w.note, 1, by)),
    ("notes.archive_note", ""): ("rxc", lambda w, by: notes.archive_note(w.note, 1, by)),
    ("notes.restore_note", ""): ("rxc", lambda w, by: notes.restore_note(w.archived, 1, by)),
    ("proposals.save_or_propose", "new"): (
        "erxc",
        lambda w, by: proposals.save_or_propose(TroubleshootingNote(), None, {"title": "X"}, by),
    ),
    ("proposals.save_or_propose", "draft"): (
        "erxc",
        lambda w, by: proposals.save_or_propose(w.draft, 1, {"cause": "X"}, by),
    ),
    ("proposals.save_or_propose", "validated"): (
        EDITORS,
        lambda w, by: proposals.save_or_propose(w.note, 1, {"cause": "X"}, by),
    ),
    ("proposals.propose_change", ""): (EDITORS, lambda w, by: proposals.propose_change(w.note, 1, {"cause": "X"}, by)),
    ("proposals.revise_proposal", ""): (NOBODY, lambda w, by: proposals.revise_proposal(w.proposal, 1, {}, by)),
    ("proposals.revise_proposal", "own"): (
        EDITORS,
        lambda w, by: proposals.revise_proposal(written(w.proposal, by), 1, {}, by),
    ),
    ("proposals.accept_proposal", ""): (REVIEWERS, lambda w, by: proposals.accept_proposal(w.proposal, 1, by)),
    ("proposals.accept_proposal", "own"): (
        NOBODY,
        lambda w, by: proposals.accept_proposal(written(w.proposal, by), 1, by),
    ),
    ("proposals.return_proposal", ""): (REVIEWERS, lambda w, by: proposals.return_proposal(w.proposal, 1, "Why?", by)),
    ("proposals.return_proposal", "own"): (
        NOBODY,
        lambda w, by: proposals.return_proposal(written(w.proposal, by), 1, "Why?", by),
    ),
    ("proposals.withdraw_proposal", ""): (NOBODY, lambda w, by: proposals.withdraw_proposal(w.proposal, 1, by)),
    ("proposals.withdraw_proposal", "own"): (
        EDITORS,
        lambda w, by: proposals.withdraw_proposal(written(w.proposal, by), 1, by),
    ),
    ("proposals.withdraw_proposal", "orphan"): (
        REVIEWERS,
        lambda w, by: proposals.withdraw_proposal(written(w.proposal, By(None, Door.SHELL)), 1, by),
    ),
    ("proposals.rebase_proposal", ""): (REVIEWERS, lambda w, by: proposals.rebase_proposal(w.proposal, 1, 1, {}, by)),
    ("proposals.rebase_proposal", "own"): (
        EDITORS,
        lambda w, by: proposals.rebase_proposal(written(w.proposal, by), 1, 1, {}, by),
    ),
    ("flags.raise_flag", ""): (AGENTS, lambda w, by: flags.raise_flag(w.code, None, "Wrong", by)),
    ("flags.assign_flag", ""): (EDITORS, lambda w, by: flags.assign_flag(w.flag, 1, w.author.user, by)),
    ("flags.answer_flag", ""): (EDITORS, lambda w, by: flags.answer_flag(w.flag, 1, "Done", by)),
    ("outcomes.report_outcome", ""): (AGENTS, lambda w, by: outcomes.report_outcome(w.note, Outcome.WORKED, by)),
    ("misses.ignore_miss", ""): (EDITORS, lambda w, by: misses.ignore_miss("nothing", by)),
    ("misses.unignore_miss", ""): (EDITORS, lambda w, by: misses.unignore_miss(w.ignored, by)),
    ("watched_sources.save_source", "new"): (
        TABLES,
        lambda w, by: watched_sources.save_source(WatchedSource(), None, w.new_source, by),
    ),
    ("watched_sources.save_source", ""): (
        TABLES,
        lambda w, by: watched_sources.save_source(w.source, 1, {"every_hours": 2}, by),
    ),
    ("watched_sources.delete_source", ""): (TABLES, lambda w, by: watched_sources.delete_source(w.source, 1, by)),
    ("watched_sources.claim", ""): (TABLES, lambda w, by: watched_sources.claim(w.source.pk, by)),
}

WRITES_FOR_OTHERS = {
    "bulk_edits.edit_each": "applies a verb of the table above to each row",
    "journal.entry": "what every service above writes through",
    "journal.agreed_to": "says yes for an entry, and writes nothing",
    "people.give_roles": "asked for every kind of account by tests/admin/test_people.py",
    "journal.record": "the last step of an entry",
    "journal.take_sequence": "the last step of an entry",
    "journal.save_versioned": "what the services of tables, ranges, synonyms and incidents write through",
    "journal.set_fields": "sets values without saving",
    "notes.vouch": "marks a note that a service above has locked",
    "reviews.request_review": "writes within the entry of a service above",
    "roles.make_roles": "runs after a migration",
    "tokens.create": "has no person: the admin gives everybody tokens of their own alone",
    "tokens.revoke": "has no person: the admin shows everybody their own tokens alone",
    "watched_sources.record_answer": "the last step of asking a source that was claimed",
    "watched_sources.record_trouble": "the last step of asking a source that was claimed",
    "usage.add_lookups": "counts without a person",
    "usage.count_codes": "counts without a person",
    "usage.count_miss": "counts what support staff search",
    "usage.count_token": "counts without a person",
    "usage.flush": "writes the counts",
    "usage.repeat_counts": "counts without a person",
}

READS = """
    incidents.existing_link journal.audience_of journal.changed_links journal.models_in_feed journal.moves
    journal.settle_audiences
    notes.may_confirm notes.may_validate notes.may_vouch notes.needs_reviewer notes.transitions_for
    notes.why_not_validate people.roles_of people.roles_to_give people.why_not_manage
    phrasing_rules.with_tidy_phrasings proposal_rules.actions_for proposal_rules.why_not_act
    proposal_rules.why_not_propose
    reply_guard.guard reply_guard.problems tables.free_slug tokens.bearer tokens.challenge
    tokens.check_use tokens.digest tokens.expiry tokens.secret_in
    usage.record_counts usage.records_of usage.records_of_miss watched_sources.forget_answer
""".split()


def owned(note, by):
    TroubleshootingNote.objects.filter(pk=note.pk).update(owner=by.user and by.user.pk)
    return note


def written(proposal, by):
    Proposal.objects.filter(pk=proposal.pk).update(author=by.user and by.user.pk)
    proposal.refresh_from_db()
    return proposal


def is_allowed(ask, world, by):
    """Ask, and undo what it wrote."""
    before = transaction.savepoint()
    try:
        ask(world, by)
    except NotAllowed:
        return False
    finally:
        transaction.savepoint_rollback(before)
    return True


# One test for a noun, because making everybody takes longer than asking.
MODULES = sorted({service.split(".")[0] for service, _ in WRITES})


@pytest.mark.parametrize("module", MODULES)
def test_a_service_writes_for_exactly_those_who_may(everybody, world, module):
    questions = {question: line for question, line in WRITES.items() if question[0].startswith(f"{module}.")}
    allowed = {
        question: "".join(letter for letter, by in everybody.items() if is_allowed(ask, world, by))
        for question, (_, ask) in questions.items()
    }
    assert allowed == {question: who for question, (who, _) in questions.items()}


def public_functions():
    for module in pkgutil.iter_modules(services.__path__):
        loaded = import_module(f"kb.services.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if not name.startswith("_") and function.__module__ == loaded.__name__:
                yield f"{module.name}.{name}"


def test_every_service_is_in_the_table():
    named = {service for service, _ in WRITES} | {*WRITES_FOR_OTHERS, *READS}
    assert set(public_functions()) == named
