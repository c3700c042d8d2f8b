"""The rules for environment variables. A refusal is a sentence for the person who starts the server."""

import ipaddress
import os
import re
import zoneinfo
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvValidationError, ValidationError

from kb.text.safety.links import is_web_address


def problems_of(env: Env) -> dict[str, str]:
    """Return the problems by variable. Call this after reading every variable."""
    try:
        env.seal()
    except EnvValidationError as error:
        messages: Any = error.error_messages
        return {name: " ".join(sentences) for name, sentences in messages.items()}
    return {}


def refuse(problems: dict[str, str]) -> None:
    """Raise ImproperlyConfigured with all problems, if there are any."""
    if problems:
        lines = [f"{name}: {problem}" for name, problem in problems.items()]
        raise ImproperlyConfigured("\n  ".join(["Refusing to start:", *lines]))


def refuse_half_a_login(issuer: str, client_id: str, client_secret: str) -> None:
    """Raise ImproperlyConfigured if single sign-on lacks a variable or its package."""
    values = {"KB_SSO_ISSUER": issuer, "KB_SSO_CLIENT_ID": client_id, "KB_SSO_CLIENT_SECRET": client_secret}
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise ImproperlyConfigured(f"KB_SSO is on, and these are not set: {', '.join(missing)}")
    if not find_spec("allauth"):
        raise ImproperlyConfigured("KB_SSO is on, and the extra `sso` is not installed.")


@dataclass(frozen=True)
class Patience:
    """How long work waits for PostgreSQL, in seconds; 0 means without end. See Note [Bounds]."""

    statement: int
    lock: int
    client: float | None
    """When the client closes a connection whose server says nothing, later than the server would end the statement."""

    @property
    def options(self) -> str:
        """Return them as options of a connection. The last one ends statements whose client is gone."""
        return (
            f"-c statement_timeout={self.statement * 1000} -c lock_timeout={self.lock * 1000} "
            "-c client_connection_check_interval=200"
        )


PAGE, WORKER = Patience(statement=5, lock=2, client=8), Patience(statement=0, lock=30, client=None)
"""A request, and a command. Imports and exports have limits of their own: `kb.models.sql.long_statements`."""

_PLANNING = "-c jit=off -c random_page_cost=1.1"
"""PostgreSQL takes over a second to compile a query that runs for 50 ms over 100,000 codes. And with the costs of a
disk that turns, it reads a whole table and sorts it instead of the first fifty rows of an index, if it has no
statistics yet."""


def database(url: str, pool: int, max_age: int) -> dict[str, Any]:
    """Return Django's settings of a database: a pool of `pool` connections, or one connection for `max_age` seconds."""
    # A pool keeps connections open itself, so Django must not.
    max_age = 0 if pool else max_age
    settings: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=max_age, conn_health_checks=True))
    if settings["ENGINE"] == "django.db.backends.postgresql":
        # The timeout ends before people give up waiting for a page.
        # TCP notices in ten seconds that a machine is gone. If a pooler refuses `options`, end DATABASE_URL in
        # `?options=`; then only the client has a limit.
        settings["ENGINE"] = "kb.ops.databases.postgres"
        settings["OPTIONS"] = {
            "connect_timeout": 2,
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "options": f"{_PLANNING} {PAGE.options}",
            "seconds": PAGE.client,
        } | settings.get("OPTIONS", {})
        if pool:
            settings["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool, "timeout": 2, "reconnect_timeout": 5}
    else:
        settings["ENGINE"] = "kb.ops.databases.sqlite"
        # IMMEDIATE: otherwise a transaction that reads first and writes later fails with "database is locked" if
        # somebody else wrote in between. It fails at once, without waiting for the timeout. 256 kB of pages: the 16
        # threads of a worker have a connection each, and the system keeps the file in its own memory, for all of them.
        settings["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-256;",
        }
    return settings


def limit(database: dict[str, Any], limits: Patience) -> None:
    """Give a database of Django's settings other limits than a page's; SQLite has none."""
    options = database.get("OPTIONS", {})
    if "seconds" in options:
        options["options"] = options["options"].replace(PAGE.options, limits.options)
        options["seconds"] = limits.client


def is_database(url: str) -> None:
    """Refuse anything but the address of an SQLite or a PostgreSQL database."""
    # The parser's own error would quote the address with its password.
    try:
        engine = dj_database_url.parse(url)["ENGINE"]
    except ValueError:
        engine = ""
    if engine not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
        raise ValidationError("not a database URL. Allowed: sqlite:///path and postgres://user:password@host/name.")


def is_redis(url: str) -> None:
    """Refuse anything but the address of a Redis."""
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise ValidationError("not an address such as redis://localhost:6379/0, rediss://… or unix://…")


def are_postgres(urls: list[str]) -> None:
    """Refuse databases other than PostgreSQL: they cannot be replicas."""
    for url in urls:
        is_database(url)
        if not url.startswith(("postgres://", "postgresql://")):
            raise ValidationError("replicas are streaming replicas of PostgreSQL: postgres://…")


def is_zone(name: str) -> None:
    """Refuse unknown time zones."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("not a time zone; allowed are names such as UTC or Europe/Berlin.")


def are_origins(origins: list[str]) -> None:
    """Refuse anything but origins."""
    # CSP also accepts keywords and bare schemes, which allow any site.
    bad = [origin for origin in origins if not _ORIGIN.fullmatch(origin)]
    if bad:
        raise ValidationError(
            f"not an origin: {', '.join(bad)}; allowed are https://host or https://host:port, "
            "and http:// for localhost alone."
        )


def are_trusted_origins(origins: list[str]) -> None:
    """Refuse anything but origins; `https://*.host` stands for all hosts below one."""
    bad = [origin for origin in origins if not _TRUSTED.fullmatch(origin)]
    if bad:
        raise ValidationError(
            f"not an origin: {', '.join(bad)}; allowed are https://host and https://*.domain, with http:// too."
        )


def origin_of(address: str) -> str:
    """Return the origin of an address."""
    return "{0.scheme}://{0.netloc}".format(urlsplit(address))


def is_issuer(address: str) -> None:
    """Refuse anything but the address of a single sign-on provider."""
    if address and not _ORIGIN.fullmatch(origin_of(address)):
        raise ValidationError("not an address such as https://login.example/realms/support")


def is_folder(path: str) -> None:
    """Refuse a path without a writable folder."""
    if path and not (Path(path).is_dir() and os.access(path, os.W_OK | os.X_OK)):
        raise ValidationError(f"not a folder that can be written to: {path}")


def are_networks(networks: list[str]) -> None:
    """Refuse anything but IP addresses and networks."""
    try:
        for network in networks:
            ipaddress.ip_network(network)
    except ValueError as error:
        raise ValidationError(
            f"{error}; allowed are addresses such as 10.0.0.7 and networks such as 10.0.0.0/8."
        ) from error


def are_ports(ports: list[int]) -> None:
    """Refuse numbers that are no ports of TCP."""
    bad = [str(port) for port in ports if not 1 <= port <= 65535]
    if bad or not ports:
        raise ValidationError(f"not a port: {', '.join(bad) or 'nothing'}; allowed are numbers from 1 to 65535.")


def is_registry(address: str) -> None:
    """Refuse anything but the address of a registry."""
    if address and not is_web_address(address):
        raise ValidationError("not an address such as https://registry.example/npm/, without a user name.")


def are_absolute_paths(paths: list[str]) -> None:
    """Refuse paths that depend on where a process was started, and the root of everything."""
    bad = [path for path in paths if not Path(path).is_absolute() or Path(path) == Path("/")]
    if bad:
        raise ValidationError(f"not a folder such as /srv/tables: {', '.join(bad)}.")


def are_hosts(hosts: list[str]) -> None:
    """Refuse anything but host names."""
    bad = [host for host in hosts if not _HOST.fullmatch(host)]
    if bad:
        raise ValidationError(
            f"not a host: {', '.join(bad)}; allowed are names such as jira.example.com, without https://."
        )


def are_own_hosts(hosts: list[str]) -> None:
    """Refuse hosts with a scheme or a port: no request would match them."""
    bad = [host for host in hosts if not _OWN_HOST.fullmatch(host)]
    if bad:
        raise ValidationError(
            f"not a host: {', '.join(bad)}; allowed are names such as codebook.example, and .codebook.example for all "
            "below it, without https:// or a port."
        )


def is_token(token: str) -> None:
    """Refuse a token that is easy to guess, or that does not fit into a header."""
    if token and not re.fullmatch(r"[!-~]{16,}", token):
        raise ValidationError("needs 16 characters or more, without spaces.")


def missing_in_production(key: str, former: list[str], hosts: list[str]) -> dict[str, str]:
    """Return the variables that a server without DEBUG lacks, each with a sentence. No sentence quotes a key."""
    keys = [f"number {n} {flaw}" for n, other in enumerate(former or [], 1) if (flaw := _key_flaw(other))]
    flaws = {
        "SECRET_KEY": _key_flaw(key),
        "SECRET_KEY_FALLBACKS": ", ".join(keys),
        "ALLOWED_HOSTS": "is *, which is any host" if "*" in (hosts or []) else "" if hosts else "is not set",
    }
    return {name: f"{flaw}; {_NEEDED[name]}" for name, flaw in flaws.items() if flaw}


def _key_flaw(key: str) -> str:
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


def are_emails(addresses: list[str]) -> None:
    """Refuse anything but e-mail addresses."""
    bad = [address for address in addresses if not _EMAIL.fullmatch(address)]
    if bad:
        raise ValidationError(f"not an e-mail address: {', '.join(bad)}; allowed are such as support@example.com.")


_HOST = re.compile(r"(?:\*?\.)?[\w-]+(?:\.[\w-]+)*")
_OWN_HOST = re.compile(r"\.?[\w-]+(?:\.[\w-]+)*|\[[0-9a-fA-F:.]+\]|\*")
_TRUSTED = re.compile(r"https?://(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_EMAIL = re.compile(r"[^@\s]+@[\w-]+(?:\.[\w-]+)+")
_ORIGIN = re.compile(r"(?:https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http://(?:localhost|127\.0\.0\.1))(?::[0-9]{1,5})?")
