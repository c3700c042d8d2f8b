"""Tables made by hand, as the reader would yield them."""

from types import SimpleNamespace

from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import
from kb.importing.reading.choices import ReadingChoices
from kb.importing.reading.columns import ColumnMap
from kb.importing.reading.damage import damage_of
from kb.importing.reading.precedent import Precedent
from kb.models import Door
from kb.models.fields import VENDOR_TEXTS
from kb.services.journal import By


def row(code, section="Public", line=0, extra=None, **texts):
    return {"code": code, "section": section, "line": line, "extra": extra or {}, "texts": texts}


def problem(message, line=None, severity="error", value="", suggestion=()):
    place = SimpleNamespace(line=line, sheet="") if line else None
    return SimpleNamespace(
        place=place, message=message, severity=severity, value=value, suggestion=suggestion, kind="x"
    )


def source(*rows, problems=(), sections=True, answers=None, remembered=None, ranges=()):
    """A source of rows: dicts of `row`, or (code, description) pairs in the section Public."""
    given = [made if isinstance(made, dict) else row(made[0], description=made[1]) for made in rows]
    extra = sorted({name for made in given for name in made["extra"]})
    columns = ColumnMap({"code": "code"} | ({"section": "section"} if sections else {}) | dict.fromkeys(extra, "extra"))

    def read():
        for line, made in enumerate(given, 2):
            place = SimpleNamespace(line=made["line"] or line, sheet="")
            assert set(made["texts"]) <= set(VENDOR_TEXTS)
            yield SimpleNamespace(
                place=place,
                section=made["section"] if sections else "",
                code=made["code"],
                texts=made["texts"],
                extra=made["extra"],
                damage=damage_of(made["code"]),
            )

    about = {"sha256": "0" * 64, "size": 1, "format": "csv", "encoding": "utf-8", "delimiter": ","}
    about |= {"choices": ReadingChoices(answers=answers or {}), "open_questions": [], "questions": []}
    about |= {"precedent": Precedent(ReadingChoices(answers=remembered or {}))}
    return SimpleNamespace(rows=read, problems=list(problems), columns=columns, ranges=list(ranges), **about)


def by(user=None, reason=""):
    return By(user, Door.ADMIN, reason)


def planned(table, *rows, complete=False, user=None, **options):
    return plan_import(table, source(*rows, **options), by(user), complete=complete, file_name="zim.csv")


def applied(table, *rows, user=None, yes_retire=True, yes_strange=True, skip_errors=True, **options):
    plan = planned(table, *rows, user=user, **options)
    return apply_import(plan, by(user), yes_retire=yes_retire, yes_strange=yes_strange, skip_errors=skip_errors)


def kinds(table_import):
    return {kind: n for kind, n in table_import.counts.items() if n and kind != "open"}
