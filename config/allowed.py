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
    """Refuse what names no database."""
    try:
        dj_database_url.parse(url)
    except ValueError as error:
        raise ValidationError(f"not a database address: {error}") from error


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


def is_emails(given: list[str]) -> None:
    """Refuse what is no e-mail address."""
    bad = [address for address in given if not _EMAIL.fullmatch(address)]
    if bad:
        raise ValidationError(f"not an e-mail address: {', '.join(bad)}; allowed are such as support@example.com.")


_HOST = re.compile(r"(?:\*?\.)?[\w-]+(?:\.[\w-]+)*")
_EMAIL = re.compile(r"[^@\s]+@[\w-]+(?:\.[\w-]+)+")
_ORIGIN = re.compile(r"(?:https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http://(?:localhost|127\.0\.0\.1))(?::[0-9]{1,5})?")
