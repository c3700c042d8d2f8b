"""Rules for telephone numbers and e-mail addresses."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import FILE, JOIN, QUOTE, Pattern, Rule, clues, groups, is_after_an_id
from kb.text.word_lists import one_of

_PHONES, _ANYWHERE, _CALLS = FILE.words("phones"), FILE.words("phones_anywhere"), FILE.words("calls")
_PHONE = rf"(?:\b{one_of(_PHONES)}(?:[_ -]?{one_of(FILE.words('phone_endings'))})?|{one_of(_ANYWHERE)})"
_FILES = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|js|mjs|cjs|ts|tsx|jsx|css|html?|py|java|go|rs|rb|php|so|dll|exe|service|socket|json|[0-9]+)\Z"
)
# National forms with a "0" in front, and others that are telephone numbers without a word before them.
_FORMS = (
    # North America: (415) 555-0134, 1-800-555-0134.
    r"(?:1[ .-])?(?:\([0-9]{3}\)[ .-]?[0-9]{3}[ .-][0-9]{4}|[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4})",
    # France: 06 60 30 00 01.
    r"0[1-9](?:[ .-][0-9]{2}){4}",
    # One gap: 030 12345678, 0151/2345678, (030) 1234567, 06-12345678.
    r"\(?0[1-9][0-9]{1,4}\)?[ /-][0-9]{6,8}|06[ -][0-9]{8}",
    # Two gaps and more: 020 7946 0958, 090-1234-5678, 0412 345 678, 044 668 18 00.
    r"\(?0[1-9][0-9]{0,3}\)?[ -][0-9]{3,4}[ -][0-9]{3,4}|\(?0[1-9][0-9]{1,2}\)?[ -][0-9]{3}[ -][0-9]{2}[ -][0-9]{2}",
    # A slash: 0171/234 56 78, 030 / 901820.
    r"\(?0[1-9][0-9]{1,3}\)? ?/ ?[0-9]{2,4}(?:[ -]?[0-9]{2,4}){1,2}",
    # An area in brackets: (030) 123 456 78.
    r"\(0[1-9][0-9]{1,3}\)[ /-]?[0-9]{2,4}(?:[ -]?[0-9]{2,4}){1,3}",
    # Brazil, Russia, China.
    r"\([1-9][0-9]\) ?9?[0-9]{4}-[0-9]{4}|8[ -]?\(?[3489][0-9]{2}\)?[ -][0-9]{3}[ -][0-9]{2}[ -][0-9]{2}",
    r"1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}",
)
_USER_OF_ADDRESS = re.compile(r"://[^\s/@:]{0,80}+:[^\s/@]{0,80}+\Z")
_DOT = r"[\[({<](?:dot|punkt|point|punto|\.)[\])}>]"
_LEAST_DIGITS = 9
_NUMBER = r"(\+?\(?[0-9](?:[ ./()-]{0,3}+[0-9]){6,14}+)"


def _unless_id(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    if not is_after_an_id(match.string, match.start(1)):
        yield match.span(1)


def _call(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a number of nine digits and more. Nine in a row behind one word, as "unter 660300001", may be a code."""
    digits = sum(sign.isdigit() for sign in match["number"])
    may_be_a_code = match["number"].isdigit() and match["number"][0] != "0" and " " not in match["name"]
    if digits >= _LEAST_DIGITS + may_be_a_code:
        yield match.span("number")


def _mail(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield an address, unless it is a version (`react@18.2.0`), a file (`icon@2x.png`) or a repository.

    In `https://anna:x@host`, only the password is hidden, by another rule.
    """
    start = match.start()
    if _USER_OF_ADDRESS.search(match.string, max(start - 200, 0), start):
        return
    is_repository = match[1].startswith("git@") and match.string[match.end() : match.end() + 1] == ":"
    if not is_repository and not _FILES.search(match[1]):
        yield match.span(1)


RULES = [
    Rule(
        ("@",),
        Pattern(r"(?<![\w.%+'-])([\w.%+'-]{1,64}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,6}+)"),
        _mail,
    ),
    Rule(("%40",), Pattern(r"(?<![\w.+%-])([\w.+%-]{1,64}?%40[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,6}+)"), groups),
    Rule(("u0040",), Pattern(r"(?<![\w.+-])([\w.+-]{1,64}+\\u0040[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,6}+)"), groups),
    # jane (dot) doe (at) example (dot) com, anna at example dot com.
    Rule(
        ("(at)", "[at]", "{at}", "<at>", "(ät)", "[ät]", "(a)", "[a]", "(@)", "[@]", " (et) "),
        Pattern(
            rf"(?<![\w.+-])([\w.+-]{{1,64}}+(?: ?{_DOT} ?[\w.+-]{{1,64}}+){{0,3}}+ ?"
            r"[\[({<](?:at|ät|a|@|et)[\])}>] ?[\w-]{1,63}+"
            rf"(?: ?(?:\.|{_DOT}| dot ) ?[\w-]{{1,63}}+){{1,4}}+)"
        ),
        groups,
    ),
    Rule(
        (" dot ", " punkt "),
        Pattern(
            r"(?<![\w.+-])([\w.+-]{1,64}+(?: dot [\w+-]{1,64}+){0,3}+ at [\w-]{1,63}+"
            r"(?: (?:dot|punkt) [a-z]{2,20}+){1,4}+)(?!\w)"
        ),
        groups,
    ),
    Rule(
        ("+",),
        Pattern(r"(\+(?:[0-9]{1,3}+[ ./()-]{1,3}+[0-9](?:[ ./()-]{0,3}+[0-9]){5,13}+|[0-9]{10,15}+))(?![0-9])"),
        groups,
    ),
    Rule(
        ("00",),
        Pattern(
            r"(00(?<![\w.:/-]..)(?<![0-9][ .]..)[1-9][0-9]{0,2}"
            r"[ ./()-]{1,3}+[0-9](?:[ ./()-]{0,2}+[0-9]){6,12}+)(?![\w-])"
        ),
        _unless_id,
    ),
    Rule(
        clues(_PHONES, _ANYWHERE),
        Pattern(rf"{_PHONE}{QUOTE}[.]?{JOIN}{_NUMBER}"),
        groups,
    ),
    Rule(clues(_CALLS), Pattern(rf"\b(?P<name>{one_of(_CALLS)}){JOIN}(?P<number>{_NUMBER})"), _call),
    Rule(
        tuple("0123456789"),
        Pattern(rf"(?=[0-9(])(?<![\w.:/,+-])(?<![0-9][ -])({'|'.join(_FORMS)})(?![\w-]|[ .][0-9]|:[0-9])"),
        _unless_id,
    ),
]
