"""The base of the admin's edit pages: writes go through a service, and no edit overwrites somebody else's."""

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from kb.admin.forms import choices, unsaved_input
from kb.admin.forms.revision_steps import field_label, field_text
from kb.admin.forms.revisions import WithRevisions
from kb.admin.forms.versions import REFUSED_SAVE, VersionedForm, refuse_save
from kb.admin.generics import ModelAdmin
from kb.admin.lists.strict_changelist import WithStrictList
from kb.models import Door
from kb.services.journal import By, NotAllowed, StaleEdit


class VersionedAdmin(WithStrictList, WithRevisions, ModelAdmin):
    """Admin of a noun that people edit: `write` calls its service with `value_fields` and `link_fields`."""

    form = VersionedForm
    actions = None
    list_per_page = 50
    show_full_result_count = False
    link_fields: ClassVar[tuple[str, ...]] = ()
    prefill_fields: ClassVar[tuple[str, ...]] = ()
    """Plain fields that an address may fill in, such as `?first=17`; links can always be filled in."""
    formfield_overrides: ClassVar[dict[Any, Any]] = {models.URLField: {"assume_scheme": "https"}}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Return the rows that this person may read."""
        rows: Any = super().get_queryset(request)
        return cast("models.QuerySet[Any]", rows.visible_to(request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: obsolete rows are retired or archived instead."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Limit the choices to what this person may read."""
        options = choices.field_for(db_field, request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs | options)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Limit the choices to what this person may read."""
        options = choices.field_for(db_field, request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs | options)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Remove the icons that edit or delete a chosen row: it has its own page."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            for can in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
                setattr(field.widget, can, False)
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fill in links from the address, such as `?codes=17`, and warn about ids that do not exist."""
        models_by_name = {name: self.model._meta.get_field(name).related_model for name in self.link_fields}
        targets = {name: model.objects.visible_to(request.user) for name, model in models_by_name.items()}
        links, dead_links = choices.links_from_address(request, targets)
        if dead_links:
            messages.warning(request, f"Not filled in, because these do not exist: {', '.join(dead_links)[:200]}.")
        return choices.texts_from_address(request, self.prefill_fields) | links

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list with its plain name as title."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or save the form; a refusal of the service becomes an error of the form."""
        title = f"New {self.opts.verbose_name}" if object_id is None else capfirst(self.opts.verbose_name)
        context = {"title": title} | (extra_context or {})
        if unsaved_input.is_resubmission(request):
            refuse_save(request, unsaved_input.BACK)
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except (StaleEdit, NotAllowed) as refusal:
            refuse_save(request, str(refusal), getattr(refusal, "field", None))
        except IntegrityError:
            refuse_save(request, "Somebody else saved the same thing at the same time. Nothing was changed. Try again.")
        # A redirect would lose the submitted values.
        return super().changeform_view(request, object_id, form_url, context)

    def get_urls(self) -> list[Any]:
        """Let the admin handle logged-out people, because it keeps their input. See Note [Unsaved input]."""
        urls = super().get_urls()
        for pattern in urls:
            if (pattern.name or "").endswith(("_add", "_change")):
                pattern.callback.login_required = False
        return urls

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Show the submitted input if the object was deleted or hidden meanwhile."""
        if unsaved_input.has_input(request):
            return unsaved_input.page(
                request, f"This {opts.verbose_name} no longer exists, or you do not have access to it."
            )
        redirect: HttpResponse = super()._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[misc]
        return redirect

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Give the form class the reason for a refused save."""
        form_class: Any = super().get_form(request, obj, change, **kwargs)
        form_class.refusal = getattr(request, REFUSED_SAVE, None)
        return form_class

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Hide "please correct the error" if the only error is a merge: its own message says what happened."""
        form = context["adminform"].form
        if form.is_bound and [error.code for error in form.errors.as_data().get("__all__", [])] == ["stale"]:
            context["errors"] = context["errors"] if len(form.errors) > 1 else None
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Ask for confirmation and show the object's values; refuse if it changed since the page was shown."""
        obj = self.get_object(request, unquote(object_id))
        facts = [(field_label(self.model, name), field_text(obj, name)) for name in self.value_fields] if obj else []
        try:
            return super().delete_view(request, object_id, {"facts": facts} | (extra_context or {}))
        except (StaleEdit, NotAllowed) as refusal:
            messages.error(request, f"Nothing was deleted. {refusal}")
        return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write values and links through the service."""
        if hasattr(request, REFUSED_SAVE):
            raise PermissionDenied("This form is read-only.")
        data = form.cleaned_data
        values = {name: data[name] for name in self.value_fields if name in data}
        values = {name: value for name, value in values.items() if not self._is_out_of_sight(request, form, name)}
        links = {
            name: [*data[name], *self._out_of_sight(request, obj, name)] for name in self.link_fields if name in data
        }
        version = int(data["version"]) if change and data["version"] else None
        saved = self.write(obj, version, values, links, By(request.user, Door.ADMIN, data["reason"]))
        obj.pk = saved.pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Do nothing: the service has saved the links."""

    def _is_out_of_sight(self, request: HttpRequest, form: Any, name: str) -> bool:
        """Whether a choice is empty because this person may not see the row that it refers to."""
        field, pk = form.fields[name], form.initial.get(name)
        is_empty = isinstance(field, forms.ModelChoiceField) and form.cleaned_data[name] is None and pk is not None
        return is_empty and not field.queryset.filter(pk=pk).exists()

    def _out_of_sight(self, request: HttpRequest, obj: Any, name: str) -> list[Any]:
        """Return the links that this person may not see. The form lacks them, so saving it must keep them."""
        if obj.pk is None:
            return []
        links = getattr(obj, name).all()
        return list(links.exclude(pk__in=links.model.objects.visible_to(request.user).values("pk")))
