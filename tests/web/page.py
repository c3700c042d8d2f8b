"""Reading a page's text in order."""

import html
import re


def words(response):
    """Return the text of a page's main part, on one line."""
    body = response.content.decode()
    main = re.search(r"<main.*?</main>", body, re.DOTALL)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", main)).split())


def check_order(response, *parts):
    """Fail unless the parts are on the page in this order."""
    text, at = words(response), 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0, f"{part!r} is not in {text[at:]!r}"
        at = found + len(part)
