"""People and their roles: Django's own forms, with the one field Role in place of flags, groups and permissions."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponseRedirect

from kb.admin.lists.strict_changelist import WithStrictList
from kb.models import Door
from kb.services.journal import By, NotAllowed
from kb.services.people import ADMINISTRATOR, give_roles, roles_of, roles_to_give, why_not_manage

if TYPE_CHECKING:
    _UserAdmin = UserAdmin[Any]
    ChangeForm = UserChangeForm[Any]
    AddForm = AdminUserCreationForm[Any]
else:
    # At run time, these classes take no type arguments.
    _UserAdmin = UserAdmin
    ChangeForm = UserChangeForm
    AddForm = AdminUserCreationForm

admin.site.unregister([get_user_model(), Group])

NO_ROLE = "No role: reads what is public."


def role_field() -> forms.MultipleChoiceField:
    """Return the field Role. Its hidden copy tells whether somebody changed it while the form was open."""
    return forms.MultipleChoiceField(
        required=False,
        show_hidden_initial=True,
        widget=forms.CheckboxSelectMultiple,
        help_text=f"{NO_ROLE[:-1]}. “{ADMINISTRATOR.capitalize()}” may do everything.",
    )


class WithRole:
    """A form with the field Role, which offers what the person at the form may give."""

    giver: ClassVar[Any] = None
    """Who uses the form; the admin sets it on the class that it makes for each request."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the roles, and tick the person's own."""
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].choices = [(name, name.capitalize()) for name in roles_to_give(self.giver)]
            self.initial["role"] = roles_of(self.instance)

    def clean_role(self: Any) -> list[str]:
        """Raise ValidationError if the role changed, here and elsewhere. If it changed only elsewhere, keep that."""
        current = roles_of(self.instance)
        if "role" not in self.changed_data:
            return current
        bound = self["role"]
        shown = bound.field.hidden_widget().value_from_datadict(self.data, self.files, bound.html_initial_name)
        if self.instance.pk and sorted(shown or []) != sorted(current):
            names = ", ".join(current) or "none"
            raise forms.ValidationError(
                f"Somebody else changed the role after you opened this page: it is {names} now."
            )
        roles: list[str] = self.cleaned_data["role"]
        return roles


class PersonForm(WithRole, ChangeForm):
    """Changes a person."""

    role = role_field()


class NewPersonForm(WithRole, AddForm):
    """Adds a person."""

    role = role_field()


@admin.register(get_user_model())
class PersonAdmin(WithStrictList, _UserAdmin):
    """People who may log in."""

    form, add_form = PersonForm, NewPersonForm
    actions = None
    list_display = ("username", "email", "first_name", "last_name", "role", "is_active")
    list_filter = ("groups", "is_superuser", "is_active")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "is_active")}),
        ("Rights", {"fields": ("role",)}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "first_name", "last_name", "email", "role")}),
        ("Password", {"classes": ("wide",), "fields": ("usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Read the roles of a whole list at once."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="Role")
    def role(self, person: Any) -> str:
        """Return the names of a person's roles."""
        names = sorted(group.name for group in person.groups.all()) + [ADMINISTRATOR] * person.is_superuser
        return ", ".join(names).capitalize() or NO_ROLE

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Give the form class the person who uses it."""
        form_class: Any = super().get_form(request, obj, change=change, **kwargs)
        form_class.giver = request.user
        return form_class

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody changes their own role, or locks themselves out."""
        dates = ("last_login", "date_joined")
        return (*dates, "role", "is_active") if obj and obj.pk == request.user.pk else dates

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse accounts with more rights: their e-mail address, password and state, too."""
        if obj is None:
            return super().has_change_permission(request)
        return not why_not_manage(obj, request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only administrators delete accounts, and not their own."""
        return bool(request.user.is_active and request.user.is_superuser) and obj != request.user

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show or save the form; a refusal of the service becomes a message, and nothing is saved."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except NotAllowed as refusal:
            messages.error(request, f"Nothing was changed. {refusal}")
        return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the person, then the role through its service. Raises NotAllowed."""
        obj.save()
        if "role" in form.changed_data:
            form.roles = give_roles(obj, form.cleaned_data["role"], By(request.user, Door.ADMIN))

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Say in the log of the admin which roles were given and taken."""
        message: Any = super().construct_change_message(request, form, formsets, add)
        if hasattr(form, "roles"):
            before, after = (", ".join(names) or "none" for names in form.roles)
            message.append({"changed": {"fields": [f"role from {before} to {after}"]}})
        return message


@admin.register(Group)
class RoleAdmin(WithStrictList, GroupAdmin):
    """Groups and their permissions: for administrators only, because a permission here is a permission for many."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only administrators."""
        return bool(request.user.is_active and request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only administrators."""
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only administrators."""
        return self.has_add_permission(request)
