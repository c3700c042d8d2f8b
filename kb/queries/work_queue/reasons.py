"""The reasons of a row as sentences, most important first. The row's link opens the form of its first reason."""

from dataclasses import dataclass
from typing import Any

from kb.models import CodeRange, TableImport, WatchedSource
from kb.models.table_imports import BROKEN
from kb.queries.work_queue.facts import DAYS


@dataclass(frozen=True)
class Reason:
    """Why a row needs attention. `form` is the name of the form that helps, or empty; `pk` is its object's id."""

    text: str
    form: str
    pk: Any


def of_code(fact: dict[str, Any]) -> list[Reason]:
    """Return why a code needs attention."""
    reasons = []
    if fact["bare"]:
        reasons.append(Reason("no note says what to do", "new note", fact["id"]))
    if fact["flags"]:
        reasons.append(Reason(_flags(fact["flags"]), "flag", fact["flag_id"]))
    if fact["torn"]:
        reasons.append(Reason("an import left a conflict between the vendor's text and ours", "code", fact["id"]))
    if fact["undecided"]:
        reasons.append(Reason("what to do is not decided", "code", fact["id"]))
    return reasons


def of_note(fact: dict[str, Any]) -> list[Reason]:
    """Return why a note needs attention."""
    proposals = f"{_times(fact['proposals'], 'proposal')} to decide"
    candidates = [
        ("proposals", proposals, "proposal", fact["proposal_id"]),
        ("unvalidated", "not validated yet", "note", fact["id"]),
        ("flags", _flags(fact["flags"]), "flag", fact["flag_id"]),
        ("draft", "still a draft", "note", fact["id"]),
        (
            "verify",
            f"needs attention: {fact['verify_reason'] or 'one of its codes changed'}",
            "note",
            fact["id"],
        ),
        ("failed", f"{_times(fact['failed'], 'report')} in {DAYS} days say that it did not work", "note", fact["id"]),
        ("due", f"review was due on {fact['review_on']}", "note", fact["id"]),
    ]
    return [Reason(text, form, pk) for name, text, form, pk in candidates if fact[name]]


def of_miss(fact: dict[str, Any], ranges: list[CodeRange]) -> list[Reason]:
    """Return why a search without an answer needs attention."""
    days = f", on {fact['days']} days" if fact["days"] > 1 else ""
    reasons = [Reason(f"searched {_times(fact['lookups'], 'time')} in {DAYS} days{days}", "", 0)]
    return reasons + [Reason(f"its number is in {block}", "", 0) for block in ranges]


def of_plan(plan: TableImport) -> list[Reason]:
    """Return what a planned import would change."""
    conflicts, broken = plan.counts.get("conflict", 0), plan.count(*BROKEN)
    text = f"{_times(plan.count(), 'row')} would change the table"
    text += f", {_times(broken, 'row')} cannot be applied" if broken else ""
    text += f", {_times(conflicts, 'conflict')} to decide" if conflicts else ""
    return [Reason(text, "plan", plan.pk)]


def of_source(source: WatchedSource) -> list[Reason]:
    """Return what is wrong with a watched source."""
    since = f"since {source.problem_since:%Y-%m-%d}, " if source.problem_since else ""
    reasons = [Reason(f"{since}asked {_times(source.failures, 'time')}: {source.problem}", "source", source.pk)]
    return reasons + ([Reason("look at the file", "look", source.upload_id)] if source.upload_id else [])


def _flags(count: int) -> str:
    return f"{_times(count, 'flag')} waiting for an answer"


def _times(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
