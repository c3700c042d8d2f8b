"""Rules for the numbers of cards and bank accounts."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import FILE, HIDDEN, JOIN, Pattern, Rule, clues, groups, is_after_an_id
from kb.text.word_lists import one_of

_CARDS, _CHECKS, _ACCOUNTS = FILE.words("cards"), FILE.words("card_checks"), FILE.words("accounts")
_BANK_ACCOUNTS, _BANKS = FILE.words("bank_accounts"), FILE.words("banks")
_BANK_ACCOUNT, _BANK = (
    one_of([sign if sign not in " -" else "[ _-]?" for sign in word] for word in words)
    for words in (_BANK_ACCOUNTS, _BANKS)
)
# The first digits of each network's cards, and how many digits these have.
_NETWORKS = re.compile(
    r"4(?:[0-9]{15}|[0-9]{18})|(?:5[1-5]|2[2-7])[0-9]{14}|3[47][0-9]{13}|(?:6011|65|64[4-9])[0-9]{12,15}"
    r"|35[0-9]{14}|3(?:0[0-5]|[68][0-9])[0-9]{11}|62[0-9]{14,17}"
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{12}"
)
_FIRST_GROUP = re.compile(r"[0-9]{14,19}\Z|(?:[0-9]{4}|[0-9]{6}|[0-9]{8})[ .-]")
# Characters of an IBAN by country, as the registry of SWIFT lists them.
_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "no", "16": "be", "18": "dk fo fi gl nl sd", "19": "mk si", "20": "at ba ee kz lt lu xk mn",
        "21": "hr lv li ch", "22": "bg bh cr ge de ie me rs gb va", "23": "ae gi il iq om tl so",
        "24": "ad cz md pk ro sa sk es se tn vg dz", "25": "pt ly st", "26": "is tr", "27": "fr gr it mc mr sm bi dj",
        "28": "al az by cy do sv gt hu lb ni pl", "29": "br eg ps qa ua", "30": "jo kw mu", "31": "mt sc", "32": "lc",
        "33": "ru",
    }.items()
    for country in countries.split()
}  # fmt: skip
_NEAR = 300
"""Groups of a list of codes differ by less. Those of one card in 5,000 do, too."""
_MOST = 80
"""Characters of an IBAN with what stands between its groups, at most."""


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others, by the rule that cards use."""
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(d - 9 * (d > 9) for d in doubled)) % 10 == 0


def _digits(text: str) -> str:
    return "".join(sign for sign in text if "0" <= sign <= "9")


def _is_list(number: str) -> bool:
    """Whether the groups of a number are so near each other that it is a list of codes: "4001 4002 4003 4007"."""
    parts = [int(part) for part in re.split(r"[ .-]", number)]
    return len(parts) > 1 and len({*parts}) > 1 and max(parts) - min(parts) < _NEAR


def _card(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a card's number in any grouping that begins as people begin it: "660300001 200 1234" is three numbers."""
    digits = _digits(match[1])
    if (
        _FIRST_GROUP.match(match[1])
        and _NETWORKS.fullmatch(digits)
        and luhn(digits)
        and not _is_list(match[1])
        and not is_after_an_id(match.string, match.start(1))
    ):
        yield match.span(1)


def _account(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield an IBAN whose length fits its country and whose check fits, however it is grouped."""
    start, length, signs = match.start(1), _LENGTHS.get(match[1][:2], 0), ""
    for at, sign in enumerate(match.string[start : start + _MOST], start):
        if sign.isascii() and sign.isalnum():
            signs += sign
        elif sign not in " .-/":
            return
        if len(signs) == length:
            is_end = not match.string[at + 1 : at + 2].isalnum()
            if is_end and int("".join(str(int(c, 36)) for c in signs[4:] + signs[:4])) % 97 == 1:
                yield start, at + 1
            return


RULES = [
    Rule(tuple("23456"), Pattern(r"([2-6](?<![\w./-].)(?:[ .-]?[0-9]){13,18}+)(?![\w-])"), _card),
    Rule(
        clues(_CARDS),
        Pattern(rf"(?<![a-z0-9]){one_of(_CARDS)}{JOIN}([0-9](?:[ .-]{{0,2}}+[0-9]){{11,18}}+)(?![0-9])"),
        groups,
    ),
    Rule(clues(_CHECKS), Pattern(rf"(?<![a-z]){one_of(_CHECKS)}\)?{JOIN}([0-9]{{3,4}})(?![0-9])"), groups),
    Rule(tuple("0123456789"), Pattern(r"([a-z](?<![a-z0-9].)[a-z][ ]?[0-9]{2})(?=[ ./-]{0,2}+[a-z0-9])"), _account),
    Rule(
        _ACCOUNTS,
        Pattern(
            rf"{one_of(_ACCOUNTS)}{JOIN}([a-z{HIDDEN}]{{2}}[ ]?[0-9{HIDDEN}]{{2}}"
            r"(?:[ .-]?[a-z0-9]*[0-9][a-z0-9]*){2,12})"
        ),
        groups,
    ),
    # What a card's magnetic stripe holds.
    Rule(("^", "="), Pattern(r"(%b[0-9]{12,19}\^[^\n?]{2,120}+|;[0-9]{12,19}=[0-9]{4,40}+)"), groups),
    Rule(
        clues(_BANK_ACCOUNTS),
        Pattern(rf"(?<![a-z0-9]){_BANK_ACCOUNT}{JOIN}((?:[a-z]{{2}} ?)?[0-9](?:[ ./-]?[0-9]){{5,25}}+)(?![a-z0-9])"),
        groups,
    ),
    # "routing number 021000021, account 9876543210".
    Rule(
        clues(_BANKS),
        Pattern(
            rf"(?<![a-z0-9]){_BANK}[^\n]{{0,50}}?\b(?:account|acct|acc|a/c|konto|kto|compte|cuenta|conta|conto)\b\.?{JOIN}"
            r"([0-9](?:[ -]?[0-9]){5,20}+)(?![a-z0-9])"
        ),
        groups,
    ),
]
