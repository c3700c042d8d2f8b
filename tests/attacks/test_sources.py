"""A watched source must not lead to what is not public: the guard of addresses, connections, packages and folders."""

import contextlib
import datetime
import gzip
import io
import json
import os
import socket
import ssl
import tarfile
import threading
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kb.importing.watched_sources import connection, network_guard
from kb.importing.watched_sources.fetcher import fetch
from kb.importing.watched_sources.folders import newest_file
from kb.importing.watched_sources.git_files import raw_address
from kb.importing.watched_sources.network_guard import FetchRules, may_be_asked, web_address
from kb.importing.watched_sources.npm_packages import fetch_from_package
from kb.importing.watched_sources.trouble import SourceTrouble
from tests.importing.watched_sources.site import vendor_site

PRIVATE = """
    127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 100.64.0.1
    100.100.100.200 168.63.129.16 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1
    240.0.0.1 255.255.255.255 192.88.99.1
    ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 ff0e::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::
    2001:0:7f00:1:: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1
    64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 100::1 nonsense 1.2.3
""".split()
PUBLIC = "93.184.215.14 8.8.8.8 2606:4700::1111 64:ff9b::5db8:d70e ::ffff:93.184.215.14".split()


@pytest.mark.parametrize("number", PRIVATE)
def test_an_address_that_is_not_public_is_refused(number):
    assert not may_be_asked(number)


@pytest.mark.parametrize("number", PUBLIC)
def test_a_public_address_may_be_asked(number):
    assert may_be_asked(number)


def test_a_setting_allows_a_network_and_no_other():
    rules = (network_guard.ipaddress.ip_network("10.1.0.0/16"),)
    assert may_be_asked("10.1.2.3", rules)
    assert may_be_asked("::ffff:10.1.2.3", rules)
    assert not may_be_asked("10.2.0.1", rules)
    assert not may_be_asked("169.254.169.254", rules)


ADDRESSES = [
    *(
        "file:///etc/passwd",
        "ftp://vendor.example/",
        "gopher://vendor.example/",
        "data:text/csv,a",
        "javascript:alert(1)",
    ),
    *("//vendor.example/", "vendor.example", "http:///", "https://", "http://?", "http://#a", ""),
    *("https://me@vendor.example/", "https://me:secret@vendor.example/", "https://vendor.example%40evil.example/"),
    *(
        "https://vendor.example\\@evil.example/",
        "https://vendor.example/\n",
        "https://ven dor.example/",
        "https://a\tb/",
    ),
    *("https://vendor.example:22/", "https://vendor.example:0x1/", "https://vendor.example:99999/", "https://[::1/"),
    *("https://vendor.example:443:80/", "https://" + "a" * 3000, "https://ven%64or.example/"),
]


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_that_is_not_a_plain_web_address_is_refused(url):
    with pytest.raises(SourceTrouble):
        web_address(url, FetchRules(ports=(80, 443)))


def test_only_the_hosts_of_the_setting_are_asked():
    rules = FetchRules(hosts=("docs.vendor.example", "*.files.example"), ports=(443,))
    for host in ("docs.vendor.example", "DOCS.vendor.example.", "a.files.example"):
        assert web_address(f"https://{host}/", rules).port == 443
    for host in (
        "vendor.example",
        "xdocs.vendor.example",
        "files.example",
        "evilfiles.example",
        "docs.vendor.example.evil",
    ):
        with pytest.raises(SourceTrouble, match="KB_FETCH_HOSTS"):
            web_address(f"https://{host}/", rules)


@pytest.fixture
def site():
    with vendor_site() as site:
        site.answers["/"] = (200, {}, b"secret")
        yield site


def rules(site, *networks, **values):
    allowed = tuple(network_guard.ipaddress.ip_network(network) for network in networks)
    return FetchRules(ports=(site.port, 80, 443), networks=allowed, seconds=5, **values)


HOSTS = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "localhost", "LOCALHOST."]
HOSTS += ["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "[0:0:0:0:0:ffff:127.0.0.1]"]
HOSTS += ["１２７.0.0.1", "127。0。0。1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "127.0.0.1."]


@pytest.mark.parametrize("host", HOSTS)
def test_no_spelling_of_this_machine_is_asked(site, host):
    with pytest.raises(SourceTrouble):
        fetch(f"http://{host}:{site.port}/", rules(site))
    assert site.requests == []


def resolver(monkeypatch, *answers):
    """Resolve names to these addresses, another list each time; return the names that were asked for."""
    names, left = [], list(answers)

    def getaddrinfo(host, port, **kwargs):
        names.append(host)
        numbers = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in numbers]

    real = {name: getattr(socket, name) for name in ("gaierror", "SOCK_STREAM", "IPPROTO_TCP", "EAI_AGAIN")}
    monkeypatch.setattr(network_guard, "socket", SimpleNamespace(getaddrinfo=getaddrinfo, **real))
    return names


def test_a_name_with_one_private_address_among_public_ones_is_refused(site, monkeypatch):
    resolver(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(SourceTrouble, match=r"10\.0\.0\.1, which is not a public address"):
        fetch(f"http://rebind.example:{site.port}/", rules(site))


def test_a_name_is_resolved_once_and_the_connection_goes_to_the_address_that_was_checked(site, monkeypatch):
    names = resolver(monkeypatch, ["127.0.0.1"], ["127.0.0.99"])
    answer = fetch(f"http://rebind.example:{site.port}/", rules(site, "127.0.0.1"))
    assert answer.file.read() == b"secret"
    assert names == ["rebind.example"]
    assert site.requests[0][1]["Host"] == f"rebind.example:{site.port}"


def test_a_name_that_means_another_address_after_a_redirect_is_checked_again(site, monkeypatch):
    names = resolver(monkeypatch, ["127.0.0.1"], ["127.0.0.99"])
    site.answers["/"] = (302, {"Location": "/again"}, b"")
    with pytest.raises(SourceTrouble, match=r"127\.0\.0\.99"):
        fetch(f"http://rebind.example:{site.port}/", rules(site, "127.0.0.1"))
    assert len(names) == 2


@pytest.mark.parametrize(
    "host", ["127.0.0.2", "[::1]", "10.0.0.1", "169.254.169.254", "2130706434", "localhost.localdomain"]
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_what_is_not_public_is_not_followed(site, host, status):
    site.answers["/"] = (status, {"Location": f"http://{host}:{site.port}/"}, b"")
    with pytest.raises(SourceTrouble):
        fetch(site.url(), rules(site, "127.0.0.1"))
    assert len(site.requests) == 1


def test_no_proxy_of_the_environment_is_used_and_no_cookie_or_log_in_is_sent(site, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    site.answers["/"] = (302, {"Location": "/next", "Set-Cookie": "a=b"}, b"")
    site.answers["/next"] = (200, {}, b"fine")
    assert fetch(site.url(), rules(site, "127.0.0.1")).file.read() == b"fine"
    names = {name.lower() for _, headers in site.requests for name in headers}
    assert names == {"host", "accept", "accept-encoding", "user-agent", "connection"}


def test_a_header_of_an_answer_cannot_smuggle_one_into_the_next_request(site):
    site.answers["/"] = (200, {"ETag": '"a\x0b"', "Last-Modified": "x" * 200}, b"fine")
    answer = fetch(site.url(), rules(site, "127.0.0.1"))
    assert (answer.etag, answer.last_modified) == ("", "")
    with pytest.raises(SourceTrouble):
        fetch(site.url(), rules(site, "127.0.0.1"), {"If-None-Match": "a\r\nX-Evil: 1"}, of=site.url())
    assert all("X-Evil" not in headers for _, headers in site.requests)


def certificate(host):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
    built = built.not_valid_after(now + datetime.timedelta(days=1))
    built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem + private


@pytest.fixture
def tls(tmp_path, monkeypatch):
    """A server with a certificate for docs.example, which its callers trust; the names that they ask it for."""
    pem = tmp_path / "server.pem"
    pem.write_bytes(certificate("docs.example"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    names = []
    context.sni_callback = lambda sock, name, own: names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def serve():
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as sock:
                    sock.recv(4096)
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    trust = ssl.create_default_context(cadata=pem.read_text().partition("-----BEGIN PRIVATE")[0])
    monkeypatch.setattr(connection.ssl, "create_default_context", lambda: trust)
    yield SimpleNamespace(port=listener.getsockname()[1], names=names)
    listener.close()


def test_tls_names_the_host_and_checks_its_certificate(tls, monkeypatch):
    resolver(monkeypatch, ["127.0.0.1"])
    assert fetch(f"https://docs.example:{tls.port}/", rules(tls, "127.0.0.1")).file.read() == b"fine"
    with pytest.raises(SourceTrouble, match=r"certificate of other\.example is not valid"):
        fetch(f"https://other.example:{tls.port}/", rules(tls, "127.0.0.1"))
    assert tls.names == ["docs.example", "other.example"]


def test_a_redirect_from_https_to_http_is_refused(site, tls, monkeypatch):
    resolver(monkeypatch, ["127.0.0.1"])
    address = web_address(f"https://docs.example:{tls.port}/", rules(tls))
    response = SimpleNamespace(headers={"Location": f"http://docs.example:{tls.port}/"})
    from kb.importing.watched_sources import fetcher

    with pytest.raises(SourceTrouble, match="not encrypted"):
        fetcher._next(response, address, rules(tls))


def test_a_small_answer_that_unpacks_to_very_much_is_stopped_at_the_limit(site):
    site.answers["/"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(100 * 2**20)))
    with pytest.raises(SourceTrouble, match="KB_FETCH_MAX_BYTES"):
        fetch(site.url(), rules(site, "127.0.0.1", max_bytes=2**20))


# Packages


def package(*members):
    """Return a package of (name, content or a TarInfo that is changed)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if callable(content):
                content(info)
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def link(kind, target):
    def change(info):
        info.type, info.linkname = kind, target

    return change


@pytest.fixture
def registry(site):
    """Publish a package and fetch a file of it."""

    def publish(data, path="codes.csv", **dist):
        manifest = {"version": "1.2.3", "dist": {"tarball": site.url("/a.tgz"), **dist}}
        site.answers["/npm/@vendor%2Fcodes/latest"] = site.answers["/npm/@vendor/codes/latest"] = (
            200,
            {},
            json.dumps(manifest).encode(),
        )
        site.answers["/a.tgz"] = (200, {}, data)
        return fetch_from_package(
            site.url("/npm/"), "@vendor/codes", "", path, "", rules(site, "127.0.0.1", max_bytes=2**20)
        ).file.read()

    return publish


def test_one_file_of_a_package_is_read(registry):
    data = package(("package/README.md", b"x" * 100), ("package/data/codes.csv", b"code\n1\n"))
    assert registry(data, "data/codes.csv") == b"code\n1\n"


HOSTILE = {
    "a link": package(("package/codes.csv", link(tarfile.SYMTYPE, "/etc/passwd"))),
    "a hard link": package(("package/codes.csv", link(tarfile.LNKTYPE, "package/other"))),
    "a device": package(("package/codes.csv", link(tarfile.CHRTYPE, ""))),
    "a folder": package(("package/codes.csv", link(tarfile.DIRTYPE, ""))),
    "a path that leads out": package(("package/../codes.csv", b"1"), ("../codes.csv/x", b"1")),
    "no such file": package(("package/other.csv", b"1")),
    "a file above the limit": package(("package/codes.csv", bytes(2**20 + 1))),
    "a bomb before the file": package(("package/a", bytes(20 * 2**20)), ("package/codes.csv", b"1")),
    "too many files": package(*[(f"package/{n}", b"") for n in range(20_001)]),
    "a long header": package(("package/" + "a" * 9_000, b"1"), ("package/codes.csv", b"1")),
    "half a package": package(("package/codes.csv", os.urandom(1000)))[:-500],
    "no archive": b"nothing of the kind",
    "gzip of no archive": gzip.compress(b"nothing of the kind" * 100),
    "an empty answer": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_package_is_refused(registry, name):
    with pytest.raises(SourceTrouble):
        registry(HOSTILE[name])


def test_a_package_is_the_one_that_its_registry_describes(registry):
    with pytest.raises(SourceTrouble, match="SHA-512"):
        registry(package(("package/codes.csv", b"1")), integrity="sha512-AAAA")


def test_the_address_of_a_package_is_checked_too(site, registry):
    with pytest.raises(SourceTrouble, match=r"127\.0\.0\.2"):
        registry(b"", tarball=f"http://127.0.0.2:{site.port}/a.tgz")


@pytest.mark.parametrize("name", ["../evil", "a/b", "@a/b/c", "", "a b", "a?x=1", "a#", "@/a", "A%2f..", "a\n"])
def test_what_is_no_name_of_a_package_is_not_asked_for(site, name):
    with pytest.raises(SourceTrouble):
        fetch_from_package(site.url("/npm"), name, "", "codes.csv", "", rules(site, "127.0.0.1"))
    assert site.requests == []


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../a", "a/../../b", "a//b", "a\\b", "a\x00b", "."])
def test_a_path_stays_inside(path):
    with pytest.raises(SourceTrouble):
        raw_address("https://github.com/vendor/codes", "", path)


# Folders


def read(folder, *allowed, pattern="*.csv"):
    name, file = newest_file(str(folder), pattern, [str(path) for path in allowed], 1000)
    with file:
        return name, file.read()


def test_only_plain_files_below_an_allowed_folder_are_read(tmp_path):
    inside, outside = tmp_path / "tables", tmp_path / "private"
    for folder in (inside, inside / "vendor", outside):
        folder.mkdir()
        (folder / "codes.csv").write_text(folder.name)
    (inside / "link.csv").symlink_to(outside / "codes.csv")
    (inside / "door").symlink_to(outside)
    os.mkfifo(inside / "pipe.csv")
    (inside / ".hidden.csv").write_text("x")
    assert read(inside, inside) == ("codes.csv", b"tables")
    assert read(inside / "vendor", inside)[1] == b"vendor"
    refused = [outside, inside / "door", inside / ".." / "private", inside / "nowhere", inside / "codes.csv", "tables"]
    for folder in [*refused, "/etc", "a\x00b"]:
        with pytest.raises(SourceTrouble):
            read(folder, inside)
    with pytest.raises(SourceTrouble, match="KB_SOURCE_FOLDERS"):
        read(inside)
    (inside / "codes.csv").write_text("x" * 1001)
    with pytest.raises(SourceTrouble, match="limit"):
        read(inside, inside)


# Servers that do not speak HTTP

OK = b"HTTP/1.1 200 OK\r\n"
NO_HTTP = {
    "nothing": b"",
    "noise": bytes(range(256)) * 20,
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a status line": b"HTTP/1.1",
    "a status that is no number": b"HTTP/1.1 OK\r\n\r\n",
    "a status that is too large": b"HTTP/1.1 99999 OK\r\n\r\n",
    "a length that is no number": OK + b"Content-Length: many\r\n\r\n" + b"a" * 2000,
    "a length below zero": OK + b"Content-Length: -1\r\n\r\n" + b"a" * 2000,
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nhello",
    "a chunk of no size": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "a chunk below zero": OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    "a chunk that never ends": OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\nhello",
    "chunks without an end": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "a header without end": OK + b"X-A: " + b"a" * 100_000,
    "many headers": OK + b"".join(b"X-%d: a\r\n" % n for n in range(5000)) + b"\r\n",
    "a header that is no header": OK + b"no colon here\r\nContent-Length: 2\r\n\r\nhi",
    "a location of noise": b"HTTP/1.1 302 Found\r\nLocation: http://[\xff\xfe\r\n\r\n",
    "a charset of noise": OK + b"Content-Type: text/html; charset=\xff\x00'''\r\nContent-Length: 2\r\n\r\nhi",
    "continue for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    "an encoding of noise": OK + b"Content-Encoding: \xff\r\nContent-Length: 2\r\n\r\nhi",
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_whatever_a_server_sends_is_a_file_or_a_trouble_in_words(name):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve():
            sock, _ = listener.accept()
            # Whoever refuses the rest of an answer closes the connection.
            with sock, contextlib.suppress(OSError):
                sock.recv(4096)
                sock.sendall(NO_HTTP[name])
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(2)
                # What it still sends is read, so that the answer is not reset.
                while sock.recv(4096):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        try:
            answer = fetch(f"http://127.0.0.1:{port}/", rules(SimpleNamespace(port=port), "127.0.0.1"))
            with answer.file:
                assert len(answer.file.read()) < 10_000
        except SourceTrouble as trouble:
            problem = str(trouble)
            assert problem
        thread.join()
