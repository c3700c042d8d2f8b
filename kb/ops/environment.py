"""What the variables of the environment may hold. Each function refuses a value in words for a person."""

import ipaddress
import os
import re
import zoneinfo
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from environs import ValidationError


def is_database(url: str) -> None:
    """Refuse what names no database, and databases that the product does not know."""
    # Its words would quote the address, which holds a password.
    try:
        engine = dj_database_url.parse(url)["ENGINE"]
    except ValueError:
        engine = ""
    if engine not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
        raise ValidationError("not a database URL. Allowed: sqlite:///path and postgres://user:password@host/name.")


def is_redis(url: str) -> None:
    """Refuse what names no Redis."""
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise ValidationError("not an address such as redis://localhost:6379/0, rediss://… or unix://…")


def are_postgres(urls: list[str]) -> None:
    """Refuse databases that cannot be replicas."""
    for url in urls:
        is_database(url)
        if not url.startswith(("postgres://", "postgresql://")):
            raise ValidationError("replicas are streaming replicas of PostgreSQL: postgres://…")


def is_zone(name: str) -> None:
    """Refuse what is no time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("not a time zone; allowed are names such as UTC or Europe/Berlin.")


def is_origins(given: list[str]) -> None:
    """Refuse what is no origin of a site."""
    # CSP would take a keyword or a bare scheme too, which let in anybody.
    bad = [origin for origin in given if not _ORIGIN.fullmatch(origin)]
    if bad:
        raise ValidationError(
            f"not an origin: {', '.join(bad)}; allowed are https://host or https://host:port, "
            "and http:// for localhost alone."
        )


def are_trusted(given: list[str]) -> None:
    """Refuse what is no origin whose forms are taken; it may be all hosts below one."""
    bad = [origin for origin in given if not _TRUSTED.fullmatch(origin)]
    if bad:
        raise ValidationError(
            f"not an origin: {', '.join(bad)}; allowed are https://host and https://*.domain, with http:// too."
        )


def origin_of(address: str) -> str:
    """Return the origin of an address."""
    return "{0.scheme}://{0.netloc}".format(urlsplit(address))


def is_issuer(address: str) -> None:
    """Refuse what is no address of a provider of log-ins."""
    if address and not _ORIGIN.fullmatch(origin_of(address)):
        raise ValidationError("not an address such as https://login.example/realms/support")


def is_folder(path: str) -> None:
    """Refuse a folder that cannot be written to."""
    if path and not (Path(path).is_dir() and os.access(path, os.W_OK | os.X_OK)):
        raise ValidationError(f"not a folder that can be written to: {path}")


def is_networks(given: list[str]) -> None:
    """Refuse what is neither an address nor a network."""
    try:
        for network in given:
            ipaddress.ip_network(network)
    except ValueError as error:
        raise ValidationError(
            f"{error}; allowed are addresses such as 10.0.0.7 and networks such as 10.0.0.0/8."
        ) from error


def is_hosts(given: list[str]) -> None:
    """Refuse what is no name of a host."""
    bad = [host for host in given if not _HOST.fullmatch(host)]
    if bad:
        raise ValidationError(
            f"not a host: {', '.join(bad)}; allowed are names such as jira.example.com, without https://."
        )


def are_own_hosts(given: list[str]) -> None:
    """Refuse what is no host that a site answers to: with a scheme or a port it would match nobody."""
    bad = [host for host in given if not _OWN_HOST.fullmatch(host)]
    if bad:
        raise ValidationError(
            f"not a host: {', '.join(bad)}; allowed are names such as codebook.example, and .codebook.example for all "
            "below it, without https:// or a port."
        )


def is_token(token: str) -> None:
    """Refuse a token that can be guessed, or that no header can carry."""
    if token and not re.fullmatch(r"[!-~]{16,}", token):
        raise ValidationError("needs 16 characters or more, without spaces.")


def missing_in_production(key: str, former: list[str], hosts: list[str]) -> dict[str, str]:
    """Return what a server without DEBUG lacks, by variable, without a word of any key. For a demo all is well."""
    keys = [f"number {n} {said}" for n, other in enumerate(former or [], 1) if (said := _about_key(other))]
    wrong = {
        "SECRET_KEY": _about_key(key),
        "SECRET_KEY_FALLBACKS": ", ".join(keys),
        "ALLOWED_HOSTS": "is *, which is any host" if "*" in (hosts or []) else "" if hosts else "is not set",
    }
    return {name: f"{said}; {_NEEDED[name]}" for name, said in wrong.items() if said}


def _about_key(key: str) -> str:
    if not key:
        return "is not set"
    if len(key) < 50:
        return f"has {len(key)} characters"
    return "can be guessed" if len(set(key)) < 10 or key.startswith("django-insecure-") else ""


_NEEDED = {
    "SECRET_KEY": "a server needs 50 random characters or more. For a demo, use `make run`.",
    "SECRET_KEY_FALLBACKS": "a former key still opens sessions and needs 50 random characters, too.",
    "ALLOWED_HOSTS": "name the hosts that it answers to.",
}


def is_emails(given: list[str]) -> None:
    """Refuse what is no e-mail address."""
    bad = [address for address in given if not _EMAIL.fullmatch(address)]
    if bad:
        raise ValidationError(f"not an e-mail address: {', '.join(bad)}; allowed are such as support@example.com.")


_HOST = re.compile(r"(?:\*?\.)?[\w-]+(?:\.[\w-]+)*")
_OWN_HOST = re.compile(r"\.?[\w-]+(?:\.[\w-]+)*|\[[0-9a-fA-F:.]+\]|\*")
_TRUSTED = re.compile(r"https?://(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_EMAIL = re.compile(r"[^@\s]+@[\w-]+(?:\.[\w-]+)+")
_ORIGIN = re.compile(r"(?:https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http://(?:localhost|127\.0\.0\.1))(?::[0-9]{1,5})?")
