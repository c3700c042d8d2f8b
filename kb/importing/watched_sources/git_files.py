"""The address of one file in a git repository, as the usual forges serve it. No git runs here."""

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from kb.importing.watched_sources.trouble import SourceTrouble

_FORGES = Path(__file__).with_name("forges.toml")


def raw_address(repository: str, ref: str, path: str) -> str:
    """Return the address of a file at a branch, tag or commit; "" is the default branch. Raises SourceTrouble."""
    try:
        parts = urlsplit(repository.strip())
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    names = [name for name in parts.path.removesuffix("/").removesuffix(".git").split("/") if name]
    if parts.scheme != "https" or parts.port or parts.username or len(names) < 2 or parts.query:
        message = f"{repository[:200]} is not the address of a repository, such as https://host/owner/name."
        raise SourceTrouble("refused", message)
    inside = inner_path(path)
    for forge in _forges():
        if any(fnmatchcase(host, pattern) for pattern in forge["hosts"]):
            values = {"host": host, "owner": names[0], "name": names[1], "repository": "/".join(names)}
            values |= {"ref": ref.strip() or "HEAD", "path": inside}
            quoted = {name: quote(value, safe="/") for name, value in values.items()}
            return str(forge["raw"].format(**quoted))
    known = ", ".join(name for forge in _forges() for name in forge["hosts"])
    message = f"How {host} serves a file is not known ({known}). Give the file's own address as an address of a page."
    raise SourceTrouble("refused", message)


def inner_path(path: str) -> str:
    """Return the path of a file inside a repository or package. Raises SourceTrouble where it leads elsewhere."""
    parts = path.strip().removeprefix("./").split("/")
    if not all(parts) or any(part in (".", "..") for part in parts) or "\\" in path or not path.isprintable():
        raise SourceTrouble("refused", f"“{path[:200]}” is not the path of a file, such as docs/error-codes.md.")
    return "/".join(parts)


@cache
def _forges() -> list[dict[str, Any]]:
    return list(tomllib.loads(_FORGES.read_text(encoding="utf-8"))["forges"])
