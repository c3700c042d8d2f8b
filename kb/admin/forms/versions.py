"""What every form of the admin shares: writes go through a verb, and no edit of somebody else is lost."""

from typing import Any, ClassVar, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from kb.admin.forms import choices, unsaved_input
from kb.admin.forms.conflicts import (
    FormInput,
    MergeResult,
    as_json,
    from_json,
    merge,
    original_input,
    set_input,
    take_theirs,
)
from kb.admin.forms.revision_steps import field_label, field_text
from kb.admin.forms.revisions import WithRevisions
from kb.admin.lists.strict_changelist import WithStrictList
from kb.models import Door
from kb.services.journal import By, NotAllowed, StaleEdit

REFUSED_SAVE = "kb_held"


class RefusedSave(NamedTuple):
    """Why a form is shown again instead of saved, and at which field that is said."""

    message: str
    field: str | None = None


def refuse_save(request: HttpRequest, message: str, field: str | None = None) -> None:
    """Have the form of this request shown again with what was typed, and saved not."""
    setattr(request, REFUSED_SAVE, RefusedSave(message, field))


class VersionedForm(forms.ModelForm):
    """A form that knows which version it was opened with, and what its fields held then."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    opened = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason for this change", required=False, max_length=100, help_text="Shown in the history."
    )

    held: RefusedSave | None = None
    """Why nothing is to be saved: set by the admin on the class that it makes for each request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Remember the version, and put in theirs where a box of the merge before says so."""
        super().__init__(*args, **kwargs)
        self.merged: MergeResult | None = None
        for bound in self:
            if isinstance(bound.field, forms.SplitDateTimeField):
                for part, widget in zip(("date", "time"), bound.field.widget.widgets, strict=True):
                    widget.attrs["aria-label"] = f"{bound.label}, {part}"
        if self.instance.pk:
            self.initial["version"] = str(getattr(self.instance, "version", ""))
        if self.is_bound and (opened := self._opened()):
            take_theirs(self, opened)

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        """Return a field's first value; what the whole form was opened with, once its fields are there."""
        if field_name == "opened":
            return as_json(original_input(self)) if self.instance.pk else ""
        return super().get_initial_for_field(field, field_name)

    def clean(self) -> dict[str, Any]:
        """Keep what only a browser changed as it is stored, and refuse a stale version or what is held."""
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = _normalized(getattr(self.instance, name, None), value)
        if self.instance.pk and hasattr(self.instance, "version"):
            self._refuse_stale(cleaned)
        if self.held:
            self.add_error(self.held.field if self.held.field in self.fields else None, self.held.message)
        return cleaned

    def _opened(self) -> FormInput | None:
        return from_json(self.data.get(self.add_prefix("opened")) or "")

    def _refuse_stale(self, cleaned: dict[str, Any]) -> None:
        # Locked until the admin's transaction ends: the verb then finds the version that was checked here.
        # In no order but its own: a model's own may join other tables, whose rows would be locked as well.
        rows = type(self.instance)._default_manager.select_for_update(no_key=True).order_by("pk")
        current = rows.filter(pk=self.instance.pk).first()
        if current is None:
            raise ValidationError("Somebody else deleted this after you had opened it.")
        if cleaned.get("version") == str(current.version):
            return
        theirs = original_input(type(self)(instance=current, prefix=self.prefix))
        self.merged = merge(self, self._opened(), theirs)
        for field in (*self.merged.taken, *self.merged.woven):
            self.errors.pop(field.name, None)
        set_input(self, "version", {self.add_prefix("version"): [str(current.version)]})
        set_input(self, "opened", {self.add_prefix("opened"): [as_json(theirs)]})
        raise ValidationError(self.merged.message, code="stale")


class VersionedAdmin(WithStrictList, WithRevisions, admin.ModelAdmin):
    """A noun that people edit: `write` names its verb, `written` and `linked` what the verb takes."""

    form = VersionedForm
    actions = None
    list_per_page = 50
    show_full_result_count = False
    linked: ClassVar[tuple[str, ...]] = ()
    filled_in: ClassVar[tuple[str, ...]] = ()
    """Plain fields that an address may fill in, such as `?first=17`, besides the links."""
    formfield_overrides: ClassVar[dict[Any, Any]] = {models.URLField: {"assume_scheme": "https"}}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Show what this person may read."""
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[attr-defined]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what is obsolete is retired or archived, and stays."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer what this person may read."""
        given = choices.field_for(db_field, request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs | given)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer what this person may read."""
        given = choices.field_for(db_field, request.user)
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
        found, lost = choices.links_from_address(request, targets)
        if lost:
            messages.warning(request, f"Not filled in, because there is no such number: {', '.join(lost)[:200]}.")
        return choices.texts_from_address(request, self.filled_in) | found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list under its plain name."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or save the form; what a verb refuses is said on the page."""
        title = f"New {self.opts.verbose_name}" if object_id is None else capfirst(self.opts.verbose_name)
        context = {"title": title} | (extra_context or {})
        if unsaved_input.is_resubmission(request):
            refuse_save(request, unsaved_input.BACK)
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except (StaleEdit, NotAllowed) as refusal:
            refuse_save(request, str(refusal), getattr(refusal, "field", None))
        except IntegrityError:
            refuse_save(request, "Somebody saved the same thing at the same moment. Nothing was changed: try again.")
        # Once more, with the refusal as an error of the form: a redirect would lose what was typed.
        return super().changeform_view(request, object_id, form_url, context)

    def get_urls(self) -> list[Any]:
        """Let the admin itself answer who is logged out: it keeps what they typed. See Note [Kept in the page]."""
        urls = super().get_urls()
        for pattern in urls:
            if (pattern.name or "").endswith(("_add", "_change")):
                pattern.callback.login_required = False
        return urls

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Show what was typed about something that is gone by now, or out of sight."""
        if unsaved_input.has_input(request):
            return unsaved_input.page(
                request, f"This {opts.verbose_name} is not there any more, or not for you to see."
            )
        return super()._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[misc]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form what is to be held."""
        made: Any = super().get_form(request, obj, change, **kwargs)
        made.held = getattr(request, REFUSED_SAVE, None)
        return made

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say what a merge did in the place of "please correct the error", which there is none."""
        form = context["adminform"].form
        if form.is_bound and [error.code for error in form.errors.as_data().get("__all__", [])] == ["stale"]:
            context["errors"] = context["errors"] if len(form.errors) > 1 else None
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Ask before deleting, with what would be deleted; refuse where that changed after it was shown."""
        obj = self.get_object(request, unquote(object_id))
        facts = [(field_label(self.model, name), field_text(obj, name)) for name in self.written] if obj else []
        try:
            return super().delete_view(request, object_id, {"facts": facts} | (extra_context or {}))
        except (StaleEdit, NotAllowed) as refusal:
            messages.error(request, f"Nothing was deleted. {refusal}")
        return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write through the verb, links and all."""
        if hasattr(request, REFUSED_SAVE):
            raise PermissionDenied("This form is only shown.")
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


def _normalized(stored: Any, typed: str) -> str:
    """Return what is stored where the browser changed nothing but line ends and outer space, else what was typed.

    Without this, opening and saving a vendor's text would make it support's own, and the next import a conflict.
    """
    text = _plain(typed)
    return stored if isinstance(stored, str) and _plain(stored).strip() == text.strip() else text


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
