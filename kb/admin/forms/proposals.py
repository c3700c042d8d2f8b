"""The differences of a proposal, field by field, and the form that resolves its conflicts with the live note."""

from typing import Any, NamedTuple

from django import forms
from django.core.validators import MaxLengthValidator

from kb.models import Proposal
from kb.models.notes import NOTE_TEXTS
from kb.models.proposals import PROPOSED, PROPOSED_LINKS
from kb.queries.proposals import preview_rebase, words_of
from kb.text.safety.markdown import MAX_LENGTH


class ProposalDifference(NamedTuple):
    """One field that differs between two states of a note."""

    label: str
    before: str
    after: str


class Conflict(NamedTuple):
    """A field that both the live note and the proposal changed, with its form field."""

    name: str
    label: str
    base: str
    live: str
    mine: str
    field: Any


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[ProposalDifference]:
    """Return the fields that differ between two states; for links, only those that one side lacks."""
    texts = [
        ProposalDifference(_label(name), _field_text(name, before[name]), _field_text(name, after[name]))
        for name in PROPOSED
        if before[name] != after[name]
    ]
    link_names = [name for name in PROPOSED_LINKS if before[name] != after[name]]
    return texts + [_link_difference(name, {*before[name]}, {*after[name]}) for name in link_names]


class ConflictForm(forms.Form):
    """The fields in conflict, each prefilled with the proposed text."""

    def __init__(self, proposal: Proposal, *args: Any, **kwargs: Any) -> None:
        """Add a field for each conflict."""
        super().__init__(*args, **kwargs)
        self.proposal, self.live = proposal, words_of(proposal.note)
        self.merged = preview_rebase(proposal)
        for name in self.merged.conflicts:
            field = Proposal._meta.get_field(name).formfield(initial=self.merged.words[name])  # type: ignore[union-attr]
            assert field is not None
            field.widget.attrs["aria-describedby"] = f"sides-{name}"
            if name in NOTE_TEXTS[1:]:
                field.validators.append(MaxLengthValidator(MAX_LENGTH))
            self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        """Normalise line ends: browsers send CRLF, the database has LF."""
        values = super().clean() or self.cleaned_data
        return {name: value.replace("\r\n", "\n") for name, value in values.items()}

    def conflicts(self) -> list[Conflict]:
        """Return the conflicts, each with its base, live and proposed text."""
        base, mine = self.proposal.base, words_of(self.proposal)
        return [
            Conflict(name, _label(name), base[name], self.live[name], mine[name], self[name])
            for name in self.merged.conflicts
        ]

    def result(self) -> list[ProposalDifference]:
        """Return what the proposal changes in the live note, without its conflicts."""
        decided = {name: self.live[name] for name in self.merged.conflicts}
        return differences(self.live, self.merged.words | decided)


def _label(name: str) -> str:
    return str(Proposal._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]


def _field_text(name: str, value: str) -> str:
    choices: Any = Proposal._meta.get_field(name).choices  # type: ignore[union-attr]
    return str(dict(choices or ()).get(value, value))


def _link_difference(name: str, before: set[int], after: set[int]) -> ProposalDifference:
    return ProposalDifference(_label(name), _names(name, before - after), _names(name, after - before))


def _names(name: str, pks: set[int]) -> str:
    model: Any = Proposal._meta.get_field(name).related_model
    return ", ".join(sorted(str(target) for target in model._default_manager.filter(pk__in=pks)))
