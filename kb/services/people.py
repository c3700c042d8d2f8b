"""Give roles to people: who may give what to whom.

A role is a group. Superusers may give every role and "administrator", which makes a superuser. Somebody else with
`auth.change_user` gives what they may do themselves, to people who may do no more, and never the right to manage
people. Nobody changes their own role, so the last administrator stays one.
"""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import Q

from kb.models.visibility import Person
from kb.services.journal import By, NotAllowed
from kb.services.roles import AGENT

ADMINISTRATOR = "administrator"
"""The role of superusers. A group of this name is not offered."""

log = logging.getLogger("codebook.roles")


def roles_of(person: User) -> list[str]:
    """Return the names of a person's roles, in order."""
    own = list(person.groups.order_by("name").values_list("name", flat=True)) if person.pk else []
    return [*own, ADMINISTRATOR] if person.is_superuser else own


def roles_to_give(giver: Any) -> list[str]:
    """Return the names of the roles that somebody may give and take."""
    groups = Group.objects.exclude(name=ADMINISTRATOR).order_by("name").prefetch_related("permissions__content_type")
    if giver.is_active and giver.is_superuser:
        return [*(group.name for group in groups), ADMINISTRATOR]
    return [group.name for group in groups if _is_within(set(_names(group.permissions.all())), giver)]


def why_not_manage(person: User, manager: Any) -> str:
    """Return why somebody may not change a person's account, in a sentence; empty if they may."""
    if not manager.is_active or not manager.has_perm("auth.change_user"):
        return "You need permission to change users."
    if manager.is_superuser:
        return ""
    # Not `get_all_permissions`: of somebody who is not active, it returns none.
    own = Permission.objects.filter(Q(user=person.pk) | Q(group__user=person.pk)).select_related("content_type")
    if person.is_superuser or not _is_within(set(_names(own)), manager):
        return "Only an administrator can change the account of somebody who may do more than you, or manage users."
    return ""


def give_roles(person: User, names: Iterable[str], by: By) -> tuple[list[str], list[str]]:
    """Replace a person's roles; return the names before and after. Permissions given without a role are removed.

    Raises NotAllowed.
    """
    wanted = set(names)
    with transaction.atomic():
        # Both rows are locked, so that two administrators cannot take the role from each other at once.
        giver_pk = by.user.pk if by.user else None
        pks = [person.pk, giver_pk or person.pk]
        people = {row.pk: row for row in get_user_model().objects.select_for_update().filter(pk__in=pks).order_by("pk")}
        current = people[person.pk]
        before = roles_of(current)
        if by.user is not None:
            _require(current, people.get(giver_pk or 0), wanted ^ set(before))
        groups = list(Group.objects.filter(name__in=wanted - {ADMINISTRATOR}))
        if unknown := wanted - {group.name for group in groups} - {ADMINISTRATOR}:
            raise NotAllowed(f"There is no role {', '.join(sorted(unknown))}.")
        current.groups.set(groups)
        current.user_permissions.clear()
        current.is_superuser = ADMINISTRATOR in wanted
        rights = {name for group in groups for name in _names(group.permissions.select_related("content_type"))}
        # Agents only read, so they need no admin.
        current.is_staff = current.is_superuser or bool(rights - {f"kb.{name}" for name in AGENT})
        current.save(update_fields=["is_superuser", "is_staff"])
        after = roles_of(current)
        transaction.on_commit(lambda: _log(current, before, after, by))
    person.is_superuser, person.is_staff = current.is_superuser, current.is_staff
    return before, after


def _require(person: User, giver: User | None, moved: set[str]) -> None:
    if giver is None or giver.pk == person.pk:
        raise NotAllowed("Somebody else has to change your role.")
    if refusal := why_not_manage(person, giver):
        raise NotAllowed(refusal)
    if beyond := moved - set(roles_to_give(giver)):
        raise NotAllowed(f"You cannot give or take a role that is more than your own: {', '.join(sorted(beyond))}.")


def _log(person: User, before: list[str], after: list[str], by: By) -> None:
    giver = by.user.pk if by.user else "the shell"
    log.info("user %s changed the roles of user %s from %s to %s", giver, person.pk, _listed(before), _listed(after))


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _names(permissions: Iterable[Permission]) -> Iterator[str]:
    for permission in permissions:
        yield f"{permission.content_type.app_label}.{permission.codename}"


def _is_within(rights: set[str], person: Person) -> bool:
    """Whether somebody has all these rights, and none of them is about people."""
    return not any(name.startswith("auth.") for name in rights) and all(person.has_perm(name) for name in rights)
