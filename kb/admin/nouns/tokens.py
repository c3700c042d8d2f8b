"""API tokens: each their own; who administers the site sees all."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from kb.admin.lists.strict_changelist import WithStrictList
from kb.models import ApiToken, Scope
from kb.services import tokens


class NewTokenForm(forms.ModelForm):
    """What is said of a token once, when it is made."""

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Never more than its user may: “internal” gives nothing to who may not read that.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Suggest an end."""
        super().__init__(*args, **kwargs)
        self.initial.setdefault("expires_at", timezone.now() + tokens.DEFAULT_LIFE)

    def clean_expires_at(self) -> Any:
        """Refuse an end that is past."""
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError("This has passed; give a later time, or none for a token that never expires.")
        return expires_at


class TokenForm(forms.ModelForm):
    """What may be done to a token that is there."""

    revoke = forms.BooleanField(required=False, help_text="Ends it for good. The program is refused within a second.")


@admin.register(ApiToken)
class TokenAdmin(WithStrictList, admin.ModelAdmin):
    """Tokens are made and revoked; nothing else of them changes."""

    list_display = ("name", "hint", "user", "scope_list", "expires_at", "last_used_at", "state")
    list_select_related = ("user",)
    list_per_page = 50
    search_fields = ("name", "hint", "user__username")
    search_help_text = "Name, beginning of the token, or user."
    actions = None
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ApiToken]:
        """Show each person their own."""
        return ApiToken.objects.visible_to(request.user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask less of a token that is there."""
        return super().get_form(request, obj, change, **{"form": TokenForm if obj else NewTokenForm} | kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let who administers the site make tokens for others, such as a program's own account."""
        if obj:
            return (*self.get_readonly_fields(request, obj), *([] if obj.revoked_at else ["revoke"]))
        return ("name", *(["user"] if request.user.is_superuser else []), "scopes", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep a token as it was made."""
        shown = ("name", "hint", "user", "scope_list", "created_at", "expires_at", "last_used_at", "state")
        return shown if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Suggest the person who makes it."""
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Revoke instead: a token that did something stays to be seen."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Make or revoke through the verb."""
        if not change:
            user = obj.user if request.user.is_superuser else cast("User", request.user)
            made, secret = tokens.create(user, obj.name, obj.scopes, obj.expires_at)
            obj.pk, obj._state.adding, obj.secret = made.pk, False, secret  # type: ignore[attr-defined]
            obj.user, obj.hint = made.user, made.hint
        elif form.cleaned_data.get("revoke"):
            tokens.revoke(obj)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the token, once, in this answer alone: a message would pass through a cookie."""
        context = {**self.admin_site.each_context(request), "title": "Copy the token now", "token": obj}
        shown = TemplateResponse(request, "admin/kb/token_made.html", context)
        patch_cache_control(shown, private=True, no_store=True)
        return shown

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Say what became of it."""
        if obj.revoked_at:
            self.message_user(request, f"{obj} is revoked.", messages.SUCCESS)
        return self.response_post_save_change(request, obj)

    @admin.display(description="scopes")
    def scope_list(self, token: ApiToken) -> str:
        """Return the scopes as words."""
        return ", ".join(token.scopes)

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        """Return what it is good for now."""
        return token.state
