"""Rules for the numbers that states give to people: by their form and check digits, or behind their name."""

import re
from collections.abc import Callable, Iterator

from kb.text.safety.payments import luhn
from kb.text.safety.rules import FILE, JOIN, Pattern, Rule, clues, groups, is_after_an_id
from kb.text.word_lists import one_of

_NAMES, _VAGUE, _BIRTHS = FILE.words("identities"), FILE.words("vague_identities"), FILE.words("births")
_NAME, _VAGUE_NAME, _BIRTH = (
    one_of([sign if sign not in " -" else "[ _.-]?" for sign in word] for word in words)
    for words in (_NAMES, _VAGUE, _BIRTHS)
)
_DIGITS = tuple("0123456789")
_END = r"(?![\w-]|\.[0-9])"
_SHORT_NAME, _LEAST_DIGITS, _LEAST_DIGITS_AFTER_SHORT, _LEAST_DIGITS_AFTER_VAGUE = 3, 5, 8, 11

# Verhoeff's tables, for the Indian number.
_TURN = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258")
_PAIR = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip


def _sum(digits: str, *weights: int) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _is_date(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _letter(letters: str, number: int) -> str:
    return letters[number % len(letters)]


def _spain(text: str) -> bool:
    number = {"x": "0", "y": "1", "z": "2"}.get(text[0], text[0]) + text[1:8]
    return text[8] == _letter("trwagmyfpdxbnjzsqvhlcke", int(number))


def _brazil(digits: str) -> bool:
    first = _sum(digits, *range(10, 1, -1)) * 10 % 11 % 10
    return (first, _sum(digits, *range(11, 1, -1)) * 10 % 11 % 10) == (int(digits[9]), int(digits[10]))


def _china(text: str) -> bool:
    total = _sum(text[:17], *(2 ** (17 - at) % 11 for at in range(17)))
    return _is_date(text[10:12], text[12:14]) and text[17] == "10x98765432"[total % 11]


def _poland(digits: str) -> bool:
    month = int(digits[2:4]) % 20
    check = -_sum(digits, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3) % 10
    return int(digits[2:4]) < 40 and _is_date(f"{month}", digits[4:6]) and check == int(digits[10])


def _norway(digits: str) -> bool:
    first, second = _sum(digits, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1), _sum(digits, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    return _is_date(digits[2:4], digits[:2]) and first % 11 == 0 and second % 11 == 0


def _sweden(digits: str) -> bool:
    return _is_date(digits[2:4], digits[4:6]) and luhn(digits)


def _finland(text: str) -> bool:
    letters = "0123456789abcdefhjklmnprstuvwxy"
    return _is_date(text[2:4], text[:2]) and text[9] == _letter(letters, int(text[:9]))


def _france(digits: str) -> bool:
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


def _belgium(digits: str) -> bool:
    return int(digits[9:]) in (97 - int(digits[:9]) % 97, 97 - int("2" + digits[:9]) % 97)


def _chile(text: str) -> bool:
    total = sum(int(digit) * (2 + at % 6) for at, digit in enumerate(reversed(text[:-1])))
    return text[-1] == "0123456789k0"[-total % 11 if -total % 11 < 10 else 10]


def _singapore(text: str) -> bool:
    total = _sum(text[1:8], 2, 7, 6, 5, 4, 3, 2) + 4 * (text[0] in "tg")
    return text[8] == _letter("jzihgfedcba" if text[0] in "st" else "xwutrqpnmlk", total)


def _india(digits: str) -> bool:
    check = 0
    for at, digit in enumerate(reversed(digits)):
        check = int(_PAIR[check][int(_TURN[at % 8][int(digit)])])
    return check == 0


def _russia(digits: str) -> bool:
    return _sum(digits, *range(9, 0, -1)) % 101 % 100 == int(digits[9:])


def _korea(digits: str) -> bool:
    return _is_date(digits[2:4], digits[4:6])


def _czechia(digits: str) -> bool:
    return _is_date(f"{int(digits[2:4]) % 50}", digits[4:6]) and int(digits) % 11 == 0


def _south_africa(digits: str) -> bool:
    return _is_date(digits[2:4], digits[4:6]) and luhn(digits)


def _switzerland(digits: str) -> bool:
    return _sum(digits, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1) % 10 == 0


def _company_of_brazil(digits: str) -> bool:
    first = -_sum(digits, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2) % 11 % 10
    return first == int(digits[12])


def _malaysia(digits: str) -> bool:
    return _is_date(digits[2:4], digits[4:6])


def _argentina(digits: str) -> bool:
    return -_sum(digits, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11 % 10 == int(digits[10])


def _always(_text: str) -> bool:
    return True


# A form in lower case, and what checks it without its signs.
_FORMS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "united_states": (r"(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}", _always),
    "britain": (r"(?![a-z]?[dfiquv]|.o)[a-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[a-d]", _always),
    "brazil": (r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", _brazil),
    "china": (r"[1-8][0-9]{5}(?:19|20)[0-9]{9}[0-9x]", _china),
    "spain": (r"[0-9]{8}-?[a-hj-np-tv-z]", _spain),
    "foreigner": (r"[xyz][0-9]{7}-?[a-hj-np-tv-z]", _spain),
    "france": (r"[12](?:[0-9]{14}| [0-9]{2} [0-9]{2} [0-9]{2} [0-9]{3} [0-9]{3} ?[0-9]{2})", _france),
    "italy": (r"[a-z]{6}[0-9]{2}[abcdehlmprst][0-9]{2}[a-z][0-9]{3}[a-z]", _always),
    "mexico": (r"[a-z]{4}[0-9]{6}[hmx][a-z]{5}[a-z0-9][0-9]", _always),
    "finland": (r"[0-9]{6}[+a-][0-9]{3}[0-9a-y]", _finland),
    "sweden": (r"[0-9]{6}[+-][0-9]{4}", _sweden),
    "czechia": (r"[0-9]{6}/[0-9]{4}", _czechia),
    "belgium": (r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}", _belgium),
    "korea": (r"[0-9]{6}-[1-4][0-9]{6}", _korea),
    "chile": (r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9k]", _chile),
    "singapore": (r"[stfg][0-9]{7}[a-z]", _singapore),
    "russia": (r"[0-9]{3}-[0-9]{3}-[0-9]{3}[ -][0-9]{2}", _russia),
    "india": (r"[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}", _india),
    "south_africa": (r"[0-9]{10}[012][89][0-9]", _south_africa),
    "switzerland": (r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}", _switzerland),
    "company_of_brazil": (r"[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}", _company_of_brazil),
    "malaysia": (r"[0-9]{6}-[0-9]{2}-[0-9]{4}", _malaysia),
    "argentina": (r"(?:2[0347]|3[034])-[0-9]{8}-[0-9]", _argentina),
    "emirates": (r"784-[0-9]{4}-[0-9]{7}-[0-9]", _always),
    "poland": (r"[0-9]{11}", lambda digits: _poland(digits) or _norway(digits)),
}
_BEGIN_WITH_LETTERS = {"britain", "foreigner", "italy", "mexico", "singapore"}


def _any_form(begins_with_a_digit: bool) -> str:
    """Return a pattern for the forms that begin with a digit, or with a letter."""
    chosen = {
        country: form
        for country, (form, _) in _FORMS.items()
        if (country in _BEGIN_WITH_LETTERS) != begins_with_a_digit
    }
    return "|".join(f"(?P<{country}>{form})" for country, form in chosen.items())


def _checked(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    country = match.lastgroup or ""
    signs = "".join(sign for sign in match[0] if sign.isalnum())
    if country == "finland":
        signs = match[0][:6] + match[0][7:]
    if _FORMS[country][1](signs) and not is_after_an_id(match.string, match.start()):
        yield match.span()


def _named(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a number with enough digits. A short name such as "sin" is a word of some language, too."""
    least = _LEAST_DIGITS if len(match["name"]) > _SHORT_NAME else _LEAST_DIGITS_AFTER_SHORT
    if sum(sign.isdigit() for sign in match["number"]) >= least:
        yield match.span("number")


def _long(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a number behind "id number": of eleven digits and more, because return codes have fewer."""
    if sum(sign.isdigit() for sign in match["number"]) >= _LEAST_DIGITS_AFTER_VAGUE:
        yield match.span("number")


# The number behind a name: C01X00T47, 1 85 05 78 006 084 91, A123456(3).
_NUMBER = (
    r"(?P<number>(?:[a-z]{1,6}|[a-z]{1,2} )?[0-9][0-9a-z]{0,19}+"
    r"(?:[ ./-]{1,2}[0-9][0-9a-z]{0,11}+|-[a-z]{1,3}[0-9][0-9a-z]{0,9}+){0,7}+"
    r"(?:[ ./-]?[a-z0-9]{1,2}(?![a-z0-9]))?+(?:\([0-9a-z]\))?)"
)
_WORDS_WITH_A_FORM = {
    "ein": Pattern(rf"(?<![a-z0-9])(?:fein|ein)(?: no| number)?{JOIN}([0-9]{{2}}-[0-9]{{7}})(?![0-9-])"),
    "pan": Pattern(rf"(?<![a-z0-9])pan(?: no| number| card)?{JOIN}([a-z]{{5}}[0-9]{{4}}[a-z])(?![a-z0-9])"),
    "sin": Pattern(rf"(?<![a-z0-9])sin{JOIN}([0-9]{{3}}[ -]?[0-9]{{3}}[ -]?[0-9]{{3}})(?![0-9-]|[ .][0-9])"),
    "nie": Pattern(rf"(?<![a-z0-9])nie{JOIN}([xyz][ -]?[0-9]{{7}}[ -]?[a-z])(?![a-z0-9])"),
    "fin": Pattern(rf"(?<![a-z0-9])fin{JOIN}([stfgm][0-9]{{7}}[a-z])(?![a-z0-9])"),
    "rfc": Pattern(rf"(?<![a-z0-9])rfc{JOIN}([a-zñ&]{{3,4}}[ -]?[0-9]{{6}}[ -]?[a-z0-9]{{3}})(?![a-z0-9])"),
    "dl": Pattern(rf"(?<![a-z0-9])dl{JOIN}([a-z][0-9]{{3}}-?[0-9]{{3,4}}-?[0-9]{{3,6}}(?:-[0-9]{{1,3}})?)(?![a-z0-9])"),
    "tin": Pattern(rf"(?<![a-z0-9])tin{JOIN}([0-9]{{2,3}}-[0-9]{{2,3}}-?[0-9]{{3,5}})(?![a-z0-9])"),
}

RULES = [
    # The search steps from digit to digit, or over words without digits.
    Rule(_DIGITS, Pattern(rf"(?=[0-9])(?<![\w./:+-])(?:{_any_form(True)}){_END}"), _checked),
    Rule(_DIGITS, Pattern(rf"(?<![\w./:+-])(?=[a-z]{{1,6}}+ ?[0-9])(?:{_any_form(False)}){_END}"), _checked),
    Rule(clues(_NAMES), Pattern(rf"(?<![a-z0-9])(?P<name>{_NAME}){JOIN}{_NUMBER}"), _named),
    Rule(
        clues(_VAGUE),
        Pattern(
            rf"(?<![a-z0-9_])(?P<name>{_VAGUE_NAME}){JOIN}"
            r"(?P<number>[0-9](?:[ ./-]?[0-9]){8,17}+)(?![a-z0-9])"
        ),
        _long,
    ),
    # A name that is a word of some language, too, with the one form of its number.
    *(Rule((name,), pattern, groups) for name, pattern in _WORDS_WITH_A_FORM.items()),
    Rule(
        ("last 4", "last four", "last4"),
        Pattern(
            r"\blast ?(?:4|four)(?: digits?)?(?: of)?(?: the| my| his| her| your)? (?:ssn|social)(?: security)?"
            rf"{JOIN}([0-9]{{4}})(?![0-9])"
        ),
        groups,
    ),
    Rule(
        clues(_BIRTHS),
        Pattern(
            rf"(?<![^\W_]){_BIRTH}{JOIN}"
            r"([0-9]{1,4}[ ./年년-]{1,2}(?:[0-9]{1,2}|[a-z]{3,9})[ ./月월,-]{1,3}[0-9]{1,4}(?![0-9])"
            r"|[a-z]{3,9}\.? [0-9]{1,2},? [0-9]{4}(?![0-9])|(?:19|20)[0-9]{6}(?![0-9]))"
        ),
        groups,
    ),
]
