"""Rules for codes that are good once, for the codes that recover an account, and for the words of a wallet."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import FILE, IS, JOIN, Names, Pattern, Rule, Tail, clues, groups
from kb.text.word_lists import one_of

_CODES, _ENDINGS = FILE.words("one_time_codes"), FILE.words("one_time_endings")
_CODE = one_of([sign if sign not in " -" else "[ _-]?" for sign in word] for word in _CODES)
_RECOVERIES, _SEEDS = FILE.words("recovery_codes"), FILE.words("seed_phrases")
_RECOVERY = one_of([sign if sign not in " -" else "[ _-]?" for sign in word] for word in _RECOVERIES)
_SEED = one_of([sign if sign not in " -" else "[ _-]?" for sign in word] for word in _SEEDS)
_KEYS = FILE.words("authenticator_keys")
_KEY = one_of([sign if sign not in " -" else "[ _-]?" for sign in word] for word in _KEYS)
_RETURN_CODES = re.compile(r"\b(?:err|fehler|return|status|result|resp|exit|http|reason|retour)")
_DIGITS = r"((?:[a-z]-)?[0-9](?:[ -]?[0-9]){3,7})(?![ -]?[0-9]|\w)"
_SIX_DIGITS = r"([0-9]{3} ?[0-9]{3})(?![\w-]|[ .][0-9])"
_FOR = rf" {one_of(FILE.words('for_words'))}(?: [^\W\d_]{{1,20}}+){{1,3}}?"
_WORDS_BEFORE = r"(?:[ ][^\W\d_][\w'.-]{0,20}+){0,5}?"


def _once(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a code that is good once, unless the words before it call it a return code: "your error code is 1"."""
    if not _RETURN_CODES.search(match.string, match.start(), match.start(1)):
        yield from groups(match)


def _with_a_digit(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield what has letters and digits: a number alone may be a return code, and letters alone are words."""
    if any(sign.isdigit() for sign in match[1]) and any(sign.isalpha() or sign == "-" for sign in match[1]):
        yield match.span(1)


NAMES = (
    Names(
        clues(_CODES),
        Pattern(rf"(?<![a-z0-9]){_CODE}"),
        (
            Tail(Pattern(rf"{JOIN}{_DIGITS}"), groups),
            # "the OTP I received is 123456".
            Tail(Pattern(rf" (?:i|we|he|she|they) [a-z]{{2,12}}+{IS}{_DIGITS}"), _once),
            # "OTP for login: 123456": with six digits, because return codes have other lengths.
            Tail(Pattern(rf"{_FOR}{JOIN}{_SIX_DIGITS}"), _once),
            # "the PIN for the SIM is 1234".
            Tail(Pattern(rf"{_FOR}{IS}{_DIGITS}"), _once),
        ),
    ),
)

RULES = [
    Rule(("google",), Pattern(r"(?<![\w-])g-([0-9]{6})(?!\w)"), groups),
    # "the 6-digit code I got was 123456".
    Rule(
        ("digit", "stellig"),
        Pattern(
            r"\b(?:[4-8]|four|six|eight|vier|sechs)[ -]?(?:digit|stellige[nrs]?) (?:code|pin|number)"
            rf"{_WORDS_BEFORE}{JOIN}([0-9](?:[ -]?[0-9]){{3,7}})(?![ -]?[0-9]|\w)"
        ),
        _once,
    ),
    # "your code is 123456", "enter 123456 to log in": with six digits, because return codes have other lengths.
    Rule(
        _ENDINGS,
        Pattern(
            rf"\b{one_of(FILE.words('possessives'))} (?:[^\W\d_]{{1,20}}+ ){{0,3}}?"
            rf"{one_of(_ENDINGS)}{JOIN}{_SIX_DIGITS}"
        ),
        _once,
    ),
    Rule(
        ("sms", "смс", "text message"),
        Pattern(
            r"(?<![\w.-])([0-9]{3}[ -]?[0-9]{3}) (?:from|aus|из|par|por|per|via|by|z|ze)(?: [^\W\d_]{1,6}+)?"
            r" (?:sms|смс|text message)"
        ),
        groups,
    ),
    Rule(
        ("use ", "enter ", "type "),
        Pattern(r"\b(?:use|enter|type) (?:the )?(?:code )?([0-9]{3} ?[0-9]{3}) (?:to|for|as) "),
        groups,
    ),
    Rule(
        _ENDINGS,
        Pattern(
            r"([0-9](?<![\w.:/].)(?<![0-9][ -].)(?:[ -]?[0-9]){3,7})(?![ -]?[0-9]) (?:is|ist|est|es|è|é|to) "
            rf"(?:[^\W\d_]{{1,20}}+ ){{1,4}}?{one_of(_ENDINGS)}(?!\w)"
        ),
        groups,
    ),
    Rule(
        clues(_RECOVERIES),
        Pattern(
            rf"(?<![a-z0-9]){_RECOVERY}{_WORDS_BEFORE}{JOIN}\s{{0,4}}+"
            r"(?!(?:err|error|code|status|e)-?[0-9])"
            r"((?:(?:[0-9]{1,2}[.)] )?+(?=[a-z-]{0,12}[0-9])[a-z0-9]{3,12}+(?:-[a-z0-9]{3,12}+){0,7}+"
            r"[\"']?(?:[,;\s]{1,4}+[\"']?)?+){1,20}+)"
        ),
        _with_a_digit,
    ),
    Rule(
        clues(_KEYS),
        Pattern(rf"(?<![a-z0-9]){_KEY}{_WORDS_BEFORE}{JOIN}([a-z2-7]{{4}}(?:[ -]?[a-z2-7]{{4}}){{3,15}}+)(?![a-z0-9])"),
        _with_a_digit,
    ),
    Rule(
        clues(_SEEDS),
        Pattern(
            rf"(?<![a-z0-9]){_SEED}{_WORDS_BEFORE}{JOIN}\s{{0,4}}+"
            r"((?:[0-9]{1,2}[.):] ?)?[a-z]{3,8}(?:[ ,;\n\t]{1,4}+(?:[0-9]{1,2}[.):] ?)?[a-z]{3,8}(?![a-z])){11,23}+)"
        ),
        groups,
    ),
]
