"""Where a source is, by its kind: whether such a place may be asked, and the file that it has now."""

from django.conf import settings

from kb.importing.watched_sources.fetcher import Fetched, fetch
from kb.importing.watched_sources.folders import allowed_folder, newest_file
from kb.importing.watched_sources.git_files import raw_address
from kb.importing.watched_sources.network_guard import FetchRules, web_address
from kb.importing.watched_sources.npm_packages import check_package, fetch_from_package
from kb.models import SourceKind, WatchedSource


def check_place(watched: WatchedSource) -> None:
    """Raise SourceTrouble where a source cannot be asked, whatever it answers. Nothing is asked here."""
    if watched.kind == SourceKind.FOLDER:
        allowed_folder(watched.address, settings.KB_SOURCE_FOLDERS)
    elif watched.kind == SourceKind.NPM:
        check_package(settings.KB_NPM_REGISTRY, watched.address, watched.path)
    else:
        web_address(_url(watched), FetchRules.from_settings())


def fetch_from(watched: WatchedSource, *, anew: bool = False) -> Fetched:
    """Return the file of a source, or that it has not changed, unless it is asked `anew`. Raises SourceTrouble."""
    rules = FetchRules.from_settings()
    if watched.kind == SourceKind.FOLDER:
        name, file = newest_file(watched.address, watched.path, settings.KB_SOURCE_FOLDERS, rules.max_bytes)
        return Fetched(name, file)
    if watched.kind == SourceKind.NPM:
        before = "" if anew else watched.etag
        registry = settings.KB_NPM_REGISTRY
        return fetch_from_package(registry, watched.address, watched.ref, watched.path, before, rules)
    return fetch(_url(watched), rules, {} if anew else watched.validators, watched.answered_from)


def _url(watched: WatchedSource) -> str:
    if watched.kind == SourceKind.GIT:
        return raw_address(watched.address, watched.ref, watched.path)
    return watched.address.strip()
