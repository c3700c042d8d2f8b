"""What every form of the admin shares: writes go through a verb, and no edit of somebody else is lost."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from kb.admin import choosing
from kb.admin.asked import WithAskedList
from kb.admin.conflict import Conflict, conflicts
from kb.admin.revisions import WithRevisions
from kb.journal import By, NotAllowed, StaleEdit
from kb.models import Door

STALE = (
    "Somebody else saved this after you had opened it. Nothing of yours is lost: compare below, take over what you "
    "need, and save again. Saving again replaces their words with what stands in the form."
)


class VersionedForm(forms.ModelForm):
    """A form that knows which version it was opened with."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason for this change", required=False, max_length=100, help_text="Shown in the history."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Remember the version."""
        super().__init__(*args, **kwargs)
        self.conflicts: list[Conflict] = []
        for bound in self:
            if isinstance(bound.field, forms.SplitDateTimeField):
                for part, widget in zip(("date", "time"), bound.field.widget.widgets, strict=True):
                    widget.attrs["aria-label"] = f"{bound.label}, {part}"
        if self.instance.pk:
            self.initial["version"] = str(getattr(self.instance, "version", ""))

    def clean(self) -> dict[str, Any]:
        """Keep what only a browser changed as it is stored, and refuse a stale version."""
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = _as_stored(getattr(self.instance, name, None), value)
        if self.instance.pk and hasattr(self.instance, "version"):
            self._refuse_stale(cleaned)
        return cleaned

    def stored(self, current: Any, name: str) -> Any:
        """Return what a form opened now would show in a field."""
        value = getattr(current, name)
        return list(value.all()) if isinstance(self.fields[name], forms.ModelMultipleChoiceField) else value

    def _refuse_stale(self, cleaned: dict[str, Any]) -> None:
        # Locked until the admin's transaction ends: the verb then finds the version that was checked here.
        current = type(self.instance)._default_manager.select_for_update().filter(pk=self.instance.pk).first()
        if current is None:
            raise ValidationError("Somebody else deleted this after you had opened it.")
        if cleaned.get("version") == str(current.version):
            return
        self.conflicts = conflicts(self, current)
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("version")] = str(current.version)
        self.data = data
        raise ValidationError(STALE, code="stale")


class VersionedAdmin(WithAskedList, WithRevisions, admin.ModelAdmin):
    """A noun that people edit: `write` names its verb, `written` and `linked` what the verb takes."""

    form = VersionedForm
    actions = None
    list_per_page = 50
    show_full_result_count = False
    linked: ClassVar[tuple[str, ...]] = ()
    formfield_overrides: ClassVar[dict[Any, Any]] = {models.URLField: {"assume_scheme": "https"}}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Show what this person may read."""
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[attr-defined]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what is obsolete is retired or archived, and stays."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer what this person may read."""
        given = choosing.field_for(db_field, request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs | given)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer what this person may read."""
        given = choosing.field_for(db_field, request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs | given)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out the icons beside a choice that edit or delete what was chosen: that is done on its own page."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            for can in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
                setattr(field.widget, can, False)
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take links from the address, such as `?codes=17`, and say which of them lead nowhere."""
        models_of = {name: self.model._meta.get_field(name).related_model for name in self.linked}
        targets = {name: model.objects.visible_to(request.user) for name, model in models_of.items()}
        found, lost = choosing.prefilled(request, targets)
        if lost:
            messages.warning(request, f"Not filled in, because there is no such number: {', '.join(lost)[:200]}.")
        return found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list under its plain name."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or save the form; what a verb refuses is said on the page."""
        title = f"New {self.opts.verbose_name}" if object_id is None else capfirst(self.opts.verbose_name)
        try:
            return super().changeform_view(request, object_id, form_url, {"title": title} | (extra_context or {}))
        except (StaleEdit, NotAllowed) as refusal:
            messages.error(request, str(refusal))
        except IntegrityError:
            messages.error(request, "Somebody saved the same thing at the same moment. Nothing was changed: try again.")
        return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write through the verb, links and all."""
        given = form.cleaned_data
        values = {name: given[name] for name in self.written if name in given}
        links = {name: [*given[name], *self._out_of_sight(request, obj, name)] for name in self.linked if name in given}
        version = int(given["version"]) if change and given["version"] else None
        saved = self.write(obj, version, values, links, By(request.user, Door.ADMIN, given["reason"]))
        obj.pk = saved.pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Do nothing: the verb has saved the links."""

    def _out_of_sight(self, request: HttpRequest, obj: Any, name: str) -> list[Any]:
        """Return the links that this person may not see, and so cannot have meant to remove."""
        if obj.pk is None:
            return []
        every = getattr(obj, name).all()
        return list(every.exclude(pk__in=every.model.objects.visible_to(request.user).values("pk")))


def _as_stored(stored: Any, typed: str) -> str:
    """Return what is stored where the browser changed nothing but line ends and outer space, else what was typed.

    Without this, opening and saving a vendor's text would make it support's own, and the next import a conflict.
    """
    text = _plain(typed)
    return stored if isinstance(stored, str) and _plain(stored).strip() == text.strip() else text


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
