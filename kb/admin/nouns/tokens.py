"""API tokens in the admin: everyone sees their own, superusers see all."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from kb.admin.generics import ModelAdmin, ModelForm
from kb.admin.lists.strict_changelist import WithStrictList
from kb.models import ApiToken, Scope
from kb.services import tokens


class NewTokenForm(ModelForm):
    """The form of a new token."""

    person: Any = None
    """Who creates it: the token's user, unless the form has another one."""

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="A token never has more rights than its user.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Prefill the expiry."""
        super().__init__(*args, **kwargs)
        self.initial.setdefault("expires_at", timezone.now() + tokens.DEFAULT_LIFE)

    def clean_expires_at(self) -> Any:
        """Raise ValidationError for an expiry in the past."""
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError("This time is in the past. Enter a later time, or leave the field empty.")
        return expires_at

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError for a token that could do nothing."""
        values = super().clean() or self.cleaned_data
        user = values.get("user") or self.person
        if user and "scopes" in values and "expires_at" in values:
            tokens.check_use(user, values["scopes"], values["expires_at"])
        return values


class TokenForm(ModelForm):
    """The form of an existing token: it can be revoked."""

    revoke = forms.BooleanField(required=False, help_text="Permanently disables the token, within a second.")


@admin.register(ApiToken)
class TokenAdmin(WithStrictList, ModelAdmin):
    """Tokens are created and revoked; nothing else about them changes."""

    list_display = ("name", "hint", "user", "scope_list", "expires_at", "last_used_at", "state")
    list_select_related = ("user",)
    list_per_page = 50
    search_fields = ("name", "hint", "user__username")
    search_help_text = "Name, first characters of the token, or user."
    actions = None
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ApiToken]:
        """Return the tokens that this person may see."""
        return ApiToken.objects.visible_to(request.user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form for a new or an existing token."""
        form: Any = super().get_form(request, obj, change, **{"form": TokenForm if obj else NewTokenForm} | kwargs)
        form.person = request.user
        return form

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields; superusers also choose the user, for a program's own account."""
        if obj:
            return (*self.get_readonly_fields(request, obj), *([] if obj.revoked_at else ["revoke"]))
        return ("name", *(["user"] if request.user.is_superuser else []), "scopes", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Make everything about an existing token read-only."""
        fields = ("name", "hint", "user", "scope_list", "created_at", "expires_at", "last_used_at", "state")
        return fields if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Prefill the user with the person who creates the token."""
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a token is revoked instead, so that its history stays."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Create or revoke through the service."""
        if not change:
            user = obj.user if request.user.is_superuser else cast("User", request.user)
            token, secret = tokens.create(user, obj.name, obj.scopes, obj.expires_at)
            obj.pk, obj._state.adding, obj.secret = token.pk, False, secret  # type: ignore[attr-defined]
            obj.user, obj.hint = token.user, token.hint
        elif form.cleaned_data.get("revoke"):
            tokens.revoke(obj)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the token in this response only: a message would store it in a cookie."""
        context = {**self.admin_site.each_context(request), "title": "Copy the token now", "token": obj}
        response = TemplateResponse(request, "admin/kb/new_token.html", context)
        patch_cache_control(response, private=True, no_store=True)
        return response

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Show the outcome."""
        if obj.revoked_at:
            self.message_user(request, f"{obj} is revoked.", messages.SUCCESS)
        return self.response_post_save_change(request, obj)

    @admin.display(description="scopes")
    def scope_list(self, token: ApiToken) -> str:
        """Return the scopes, separated by commas."""
        return ", ".join(token.scopes)

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        """Return whether the token is active, expired or revoked."""
        return token.state
