"""One vendor's page in the states that it has had over time: what a server sends, and what becomes of it."""

import gzip
import io
import json
import zlib

from openpyxl import Workbook

CODES = {
    "101": ("Room is full.", "Raise the limit."),
    "102": ("Room is closed.", "Open a new room."),
    "103": ("User is banned.", "Ask the owner."),
    "104": ("Token has expired.", "Renew the token."),
    "105": ("Rate limit reached: 10 times/second.", "Wait a moment."),
    "106": ("Server is busy – try later.", "Retry later."),
}


def rows(codes):
    cells = "".join(
        f"<tr><td>{code}</td><td>{text}</td><td>{action}</td></tr>\n" for code, (text, action) in codes.items()
    )
    return f"<table><tr><th>Error code</th><th>Description</th><th>Solution</th></tr>\n{cells}</table>"


def page(codes=CODES, before="<nav>Home</nav>", after="", head="", encoding="utf-8"):
    text = f"<html><head><title>Errors</title>{head}</head><body>{before}{rows(codes)}{after}</body></html>"
    return text.encode(encoding)


HTML = {"Content-Type": "text/html; charset=utf-8"}


def html(body, status=200, **headers):
    return status, HTML | {name.replace("_", "-"): value for name, value in headers.items()}, body


def workbook(codes=CODES):
    book, file = Workbook(), io.BytesIO()
    book.active.append(["Error code", "Description", "Solution"])
    for code, (text, action) in codes.items():
        book.active.append([code, text, action])
    book.save(file)
    return file.getvalue()


def markdown(codes=CODES):
    lines = "".join(f"| {code} | {text} | {action} |\n" for code, (text, action) in codes.items())
    return f"# Errors\n\n| Error code | Description | Solution |\n| --- | --- | --- |\n{lines}".encode()


NEW = CODES | {"107": ("Storage is full.", "Delete files.")}
MENDED = CODES | {"102": ("The room is closed.", "Open a new room.")}
FEWER = {code: CODES[code] for code in ("101", "102", "103", "104", "105")}
FEW = {code: CODES[code] for code in ("101", "102")}
OTHERS = {str(900 + number): texts for number, texts in enumerate(CODES.values())}
DRIFT = "<p>Was this page helpful? 4,211 people said yes.</p><script>var build = 'a81f';</script>"
LATIN = {code: (text.replace("–", "-") + " Déjà vu.", action) for code, (text, action) in CODES.items()}


def bomb(size=80 * 2**20):
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(b" " * size) + packer.flush()


UNCHANGED = {
    "the same page": html(page()),
    "another navigation": html(page(before="<nav><a href='/'>Docs</a> <a href='/new'>New!</a></nav>")),
    "a footer and a script with a build number": html(page(after=DRIFT)),
    "a meta tag and no charset in the header": (
        200,
        {"Content-Type": "text/html"},
        page(head='<meta charset="utf-8">'),
    ),
    "line ends of Windows": html(page().replace(b"\n", b"\r\n")),
    "gzip": html(gzip.compress(page()), Content_Encoding="gzip"),
    "chunks": html(b"%x\r\n%s\r\n0\r\n\r\n" % (len(page()), page()), Content_Length=None, Transfer_Encoding="chunked"),
    "a length of its own and no media type": (200, {}, page()),
    "a redirect within the site": (302, {"Location": "/moved"}, b""),
    "not modified": lambda request: (304, {}, b"") if request.headers["If-None-Match"] else html(page(), ETag='"1"'),
}
"""No plan: the rows are those of before."""

PLANNED = {
    "a typo mended": (html(page(MENDED)), {"changed": 1}),
    "a code added": (html(page(NEW)), {"new": 1}),
    "a code gone": (html(page(FEWER)), {"retired": 1}),
    "a code added and another navigation": (html(page(NEW, before="<nav>2.0</nav>")), {"new": 1}),
    "texts in Latin-1, said in the header": (
        (200, {"Content-Type": "text/html; charset=ISO-8859-1"}, page(LATIN, encoding="latin-1")),
        {"changed": 6},
    ),
    "a charset that is wrong, and bytes that are UTF-8": (
        (200, {"Content-Type": "text/html; charset=iso-8859-1"}, page(NEW)),
        {"new": 1},
    ),
}
"""A plan waits, with these counts."""

TROUBLED = {
    "gone": ((404, {}, b"<h1>404</h1>"), "is gone (status 404)"),
    "gone for good": ((410, {}, b""), "is gone (status 410)"),
    "a log-in": ((403, {}, b""), "without a log-in"),
    "down for maintenance": ((503, {"Retry-After": "7200"}, b""), "status 503"),
    "no content": ((204, {}, b""), "status 204"),
    "not modified, which nobody asked": ((304, {}, b""), "status 304"),
    "the table gone": (html(b"<html><body><p>Moved to our new portal.</p></body></html>"), "code"),
    "a log-in page with status 200": (html(b"<form><input name=user><input name=password></form>"), "code"),
    "a table without a column for the code": (
        html(page().replace(b"Error code", b"Picture").replace(b"<td>1", b"<td>see figure number 1")),
        "code",
    ),
    "fewer than half of the codes": (html(page(FEW)), "lists 2 of 6 codes"),
    "other codes": (html(page(OTHERS)), "lists 0 of 6 codes"),
    "a header without rows": (html(page({})), ""),
    "Markdown in place of HTML": ((200, {"Content-Type": "text/markdown"}, markdown()), "was html and is markdown now"),
    "a workbook in place of HTML": ((200, {}, workbook()), "was html and is xlsx now"),
    "JSON with an error": (
        (200, {"Content-Type": "application/json"}, json.dumps({"message": "Not found"}).encode()),
        "",
    ),
    "a picture": ((200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n" + bytes(200)), "PNG"),
    "nothing": (html(b""), "empty"),
    "a gzip bomb": (html(bomb(), Content_Encoding="gzip"), "KB_FETCH_MAX_BYTES"),
    "gzip that is cut off": (html(gzip.compress(page())[:-20], Content_Encoding="gzip"), "ended before"),
    "gzip that is none": (html(page(), Content_Encoding="gzip"), "could not be read"),
    "another encoding of the content": (html(page(), Content_Encoding="br"), "br, which is not supported"),
    "half a page": (html(page()[:300], Content_Length=str(len(page()))), "ended before"),
    "huge": (html(b" " * (3 * 2**20)), "KB_FETCH_MAX_BYTES"),
    "a huge length": (html(b" " * 1000, Content_Length=str(2**60)), ""),
    "a redirect to this server's own pages": ((302, {"Location": "http://127.0.0.2/admin/"}, b""), "KB_FETCH_PORTS"),
    "a redirect to a file": ((302, {"Location": "file:///etc/passwd"}, b""), "Allowed are"),
    "a redirect with a password": ((302, {"Location": "http://me:secret@127.0.0.1/"}, b""), "without a user name"),
    "a redirect to itself": ((302, {"Location": "/errors"}, b""), "more than 5"),
    "a redirect to nowhere": ((302, {}, b""), "to nowhere"),
}
"""No plan, and a problem that says this."""
