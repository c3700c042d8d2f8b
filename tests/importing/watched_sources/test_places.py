"""The kinds of sources other than a page: a file in git, in an npm package, and in a folder."""

import hashlib
import json
import os
from base64 import b64encode

import pytest

from kb.importing.watched_sources import content
from kb.importing.watched_sources.asks import ask
from kb.importing.watched_sources.git_files import raw_address
from kb.importing.watched_sources.places import check_place
from kb.importing.watched_sources.trouble import SourceTrouble
from kb.models import Door, TableImport, WatchedSource
from kb.services.journal import By
from kb.services.watched_sources import save_source
from tests import make
from tests.attacks.test_sources import package

SHELL = By(None, Door.IMPORT)
CSV = b"code,description\n101,Room is full.\n102,Room is closed.\n"
MORE = CSV + b"103,User is banned.\n"

RAW = {
    ("https://github.com/vendor/sdk", "", "docs/errors.md"): (
        "https://raw.githubusercontent.com/vendor/sdk/HEAD/docs/errors.md"
    ),
    (
        "https://github.com/vendor/sdk.git",
        "v1.2",
        "a b.md",
    ): "https://raw.githubusercontent.com/vendor/sdk/v1.2/a%20b.md",
    (
        "https://gitlab.com/group/sub/sdk/",
        "main",
        "errors.csv",
    ): "https://gitlab.com/group/sub/sdk/-/raw/main/errors.csv",
    ("https://gitlab.vendor.example/a/sdk", "x/y", "e.csv"): "https://gitlab.vendor.example/a/sdk/-/raw/x/y/e.csv",
    ("https://codeberg.org/vendor/sdk", "main", "./e.csv"): "https://codeberg.org/vendor/sdk/raw/main/e.csv",
    ("https://git.sr.ht/~vendor/sdk", "", "e.csv"): "https://git.sr.ht/~vendor/sdk/blob/HEAD/e.csv",
    ("https://bitbucket.org/vendor/sdk", "dev", "?x#y.csv"): "https://bitbucket.org/vendor/sdk/raw/dev/%3Fx%23y.csv",
}


@pytest.mark.parametrize("place", RAW)
def test_a_forge_serves_one_file_of_a_repository(place):
    assert raw_address(*place) == RAW[place]


@pytest.mark.parametrize(
    "repository",
    [
        *("", "github.com/vendor/sdk", "http://github.com/vendor/sdk", "git@github.com:vendor/sdk.git"),
        *("https://github.com/vendor", "https://me@github.com/vendor/sdk", "https://code.vendor.example/vendor/sdk"),
        *("https://[::1/a/b", "https://github.com:8443/a/b"),
    ],
)
def test_what_is_no_repository_of_a_forge_is_refused(repository):
    with pytest.raises(SourceTrouble):
        raw_address(repository, "", "errors.md")


def watch(**values):
    return save_source(WatchedSource(), None, {"table": make.table()} | values, SHELL)


@pytest.mark.django_db
def test_a_package_is_asked_for_its_newest_version_and_read_once(site, settings):
    settings.KB_NPM_REGISTRY = site.url("/npm")
    source = watch(kind="npm", address="@vendor/errors", path="dist/codes.csv")

    def publish(version, data):
        body = package(("package/package.json", b"{}"), ("package/dist/codes.csv", data))
        integrity = "sha512-" + b64encode(hashlib.sha512(body).digest()).decode()
        dist = {"tarball": site.url(f"/{version}.tgz"), "integrity": integrity}
        site.answers["/npm/@vendor%2Ferrors/latest"] = site.answers["/npm/@vendor/errors/latest"] = (
            200,
            {},
            json.dumps({"version": version, "dist": dist}).encode(),
        )
        site.answers[f"/{version}.tgz"] = (200, {}, body)

    publish("1.0.0", CSV)
    assert ask(source, SHELL).plan.counts["new"] == 2
    assert ask(source, SHELL).kind == "unchanged"
    assert [path for path, _ in site.requests if path.endswith(".tgz")] == ["/1.0.0.tgz"]
    publish("1.0.1", CSV)
    assert ask(source, SHELL).kind == "unchanged"
    publish("1.1.0", MORE)
    assert ask(source, SHELL).plan.counts["new"] == 3
    assert TableImport.objects.filter(state="planned").count() == 1


@pytest.mark.django_db
def test_the_newest_file_of_a_folder_is_read(settings, tmp_path):
    settings.KB_SOURCE_FOLDERS = [str(tmp_path)]
    (tmp_path / "codes-1.csv").write_bytes(CSV)
    source = watch(kind="folder", address=str(tmp_path), path="codes-*.csv")
    assert ask(source, SHELL).plan.file_name == "codes-1.csv"
    (tmp_path / "codes-0.csv").write_bytes(MORE)
    os.utime(tmp_path / "codes-0.csv", (1, 1))
    (tmp_path / "other.csv").write_bytes(MORE)
    assert ask(source, SHELL).kind == "unchanged"
    (tmp_path / "codes-2.csv").write_bytes(MORE)
    os.utime(tmp_path / "codes-2.csv", (2**32, 2**32))
    assert ask(source, SHELL).plan.counts["new"] == 3


def test_a_place_that_would_always_be_refused_is_named_before_it_is_saved(settings, tmp_path):
    settings.KB_NPM_REGISTRY, settings.KB_SOURCE_FOLDERS = "", []
    for kind, address, words in [
        ("npm", "errors", "KB_NPM_REGISTRY"),
        ("folder", str(tmp_path), "KB_SOURCE_FOLDERS"),
        ("url", "ftp://vendor.example/", "Allowed are"),
        ("git", "https://code.vendor.example/a/b", "is not known"),
    ]:
        with pytest.raises(SourceTrouble, match=words):
            check_place(WatchedSource(kind=kind, address=address, path="a.csv"))
    check_place(WatchedSource(kind="url", address="https://vendor.example/errors"))


NAMES = {
    ("https://vendor.example/errors", "text/html"): "errors.html",
    ("https://vendor.example/errors.php?page=2", "text/html"): "errors.php.html",
    ("https://vendor.example/", "text/csv"): "page.csv",
    ("https://vendor.example/errors.htm", "text/html"): "errors.htm",
    ("https://vendor.example/errors.md", "text/plain"): "errors.md",
    ("https://vendor.example/a%2Fb.csv", ""): "a/b.csv",
    ("codes-1.csv", ""): "codes-1.csv",
}


@pytest.mark.parametrize("place", NAMES)
def test_a_file_is_named_by_its_address_and_its_media_type(place):
    assert content.file_name(*place) == NAMES[place]
