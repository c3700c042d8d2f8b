"""What may be a return code in a ticket or log: labelled values, and shapes that speak for themselves.

The text is read twice, forwards, with patterns that never back up (possessive), so the time grows with the text only.
Nothing here knows which codes exist; `kb.text.detection.judgement` decides that.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from kb.text.codes.forms import readings

MAX_CANDIDATES = 15_000
"""Candidates kept of one text: enough for a megabyte of ordinary log. Reading stops there, and the answer says so."""


class CandidateKind(StrEnum):
    """How a candidate gives itself away."""

    FIELD = "field"
    ITEM = "item"
    SAID = "said"
    HTTP = "http"
    EXIT = "exit"
    WEAK = "weak"
    SHAPE = "shape"
    BARE = "bare"
    OTHER = "other"
    """Labelled as another kind of code, such as a zip code; never yielded."""


STRENGTH = {
    CandidateKind.FIELD: 0.98,
    CandidateKind.ITEM: 0.98,
    CandidateKind.SAID: 0.95,
    CandidateKind.SHAPE: 0.9,
    CandidateKind.BARE: 0.85,
    CandidateKind.WEAK: 0.4,
    CandidateKind.HTTP: 0.6,
    CandidateKind.EXIT: 0.6,
    CandidateKind.OTHER: 0.0,
}


class Candidate(NamedTuple):
    """A piece of text that may be a code: `text[start:end] == written`."""

    start: int
    end: int
    written: str
    label: str
    kind: CandidateKind
    strength: float


def lowered(text: str) -> str:
    """Return the text in lower case and of the same length, so that positions stay."""
    return text.replace("\u0130", "I").lower()


def candidates(text: str) -> list[Candidate]:
    """Return what may be a code, in the order of the text; at most MAX_CANDIDATES."""
    found = _first(_labelled(text))
    # Where one reading stopped early, the other must not go on alone.
    stop = found[-1].end if len(found) == MAX_CANDIDATES else len(text)
    starts, ends = {c.start for c in found}, {c.end for c in found}
    found = [c for c in found if c.kind is not CandidateKind.OTHER]
    bare = _first(c for c in _shaped(text, stop) if c.start not in starts and c.end not in ends)
    return sorted(found + bare)[:MAX_CANDIDATES]


def canonical_forms(written: str) -> tuple[tuple[str, str], ...]:
    """Return the (canonical form, how it was read) pairs to look up for what was written."""
    # A plain number below 2**31 has one reading, and logs are full of them.
    if written.isascii() and written.isdigit() and written[0] != "0" and len(written) < 10:
        return ((written, "as written"),)
    return tuple((reading.canonical, reading.how) for reading in readings(written))


def all_canonical_forms(found: Iterable[Candidate]) -> set[str]:
    """Return every canonical form that the candidates may mean: what to ask the tables for."""
    return {form for written in {c.written for c in found} for form, _ in canonical_forms(written)}


def _first(found: Iterator[Candidate]) -> list[Candidate]:
    kept: list[Candidate] = []
    for candidate in found:
        kept.append(candidate)
        if len(kept) == MAX_CANDIDATES:
            break
    return kept


# Labels, matched in lower-cased text. Each begins with its own letters, which lets the matcher skip all others.
_LABEL = (
    r"(?:c(?:ode[sn]?|ódigos?|odice)|k(?:od[eu]?)|код[аы]?|e(?:rr(?:no|or(?:s(?=/)|e)?|eur)?|xit(?:ed|s)?)"
    r"|f(?:ehler(?:nummer)?|out)|ошибк(?:[аиу]|ой)|s(?:ql[ _-]?state|tatus)|http(?:/[0-9](?:\.[0-9])?)?|hata"
    r"|r(?:et|c|esult)|错误|报错|返回|码|代号|代码|錯誤|報錯|碼|代碼|コード|エラー|番号|코드|오류|에러|lỗi|رمز|الخطأ|خطأ)(?![a-z])"
)
_SEPARATOR = (
    r"""["'\\”’」』\])>*`}]{0,6}+[ \t]{0,4}+"""
    r"(?:(?:===?|=>|->|:=|[:=：＝|#]|/(?=[0-9]{4})|,(?=[0-9][0-9a-z]{4},)|is\b|was\b|of\b|ist\b|war\b|lautet\b|est\b|es\b|era\b|è\b|é\b|был[аи]?\b|为|為|是|は|が|는|은"
    r"|returned\b|received\b|no\.|nr\.?|number\b|num\b|numero\b|número\b|(?:long|int)\))[ \t]{0,4}+){0,2}+"
    r"""(?:(?<=[:=：＝>|])[\s]{0,8}+|[ \t]{0,4}+)["'\\“‘「『\[(<#*`]{0,6}+"""
)
_VALUE = (
    r"((?:[-−][ ]?)?(?:0x[0-9a-f]{1,16}+|[0-9０-９]{1,19}+[0-9a-z]{0,8}+"
    r"|[a-z]{1,12}+[-_.]?[0-9]{1,12}+[a-z0-9]{0,8}+(?:[-_.][0-9a-z]{1,12}+){0,3}+))"
)
# Not a version, a decimal, a time, a share, a path or the front of a longer word.
_NOT_MORE = r"(?![0-9０-９a-z_@$€%]|[.][0-9]|,[0-9]{3}(?![0-9])|[:#][0-9]|[/-][0-9a-z]|[ \t]*---|[ ]?(?:ms|%|kb|mb)\b)"
_LABELLED = re.compile(f"{_LABEL}(?:{_SEPARATOR}){_VALUE}{_NOT_MORE}")
_SYMBOL = re.compile(r"""code["'\\]{0,6}+\s{0,2}+[:=]\s{0,2}+["'\\]{1,6}+([a-z][a-z0-9_.]{2,47}+)["'\\]""")
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\x00-\x7f]+")

_WORD = re.compile(r"[\w.]*(?:/[0-9.]+)?")
_MACHINE = re.compile(r"""["'\\]*\s*(?:[:=]|=>)|["']?>""")
# Matched on reversed text, so that the end is found without trying every beginning.
_HEAD_BACKWARDS = re.compile(r"[A-Za-z0-9_.$-]*")
_WORD_BACKWARDS = re.compile(r"[\s\"'_-]{1,3}([^\W\d_]+)")
_CODE_STEMS = frozenset(
    "err error ret return retn status result res resp response rsp biz business sub http api fail failure failed "
    "reason exception native vendor server sdk zim zego twilio sql grpc rpc fehler fout fel upstream detail inner "
    "nested orig original cause root exit raw os db last final ack reply".split()
)
_NOT_CODE_WORDS = frozenset(
    "zip post postal pin country area dial dialling calling city state region county verification verify confirmation "
    "security access promo promotion discount coupon voucher gift source qr bar language lang locale currency colour "
    "color product item sku order booking reference pass invite invitation referral activation license licence "
    "tracking dress airport iata iso swift bank sort branch stock tax hs your otp sms login auth authentication "
    "machine byte morse key device building door room unlock redemption department "
    "cost account customer dealer store shop charge procedure billing diagnosis icd phone operation unit "
    "op en de uni trans geo short hash use enter type redeem apply passenger flight seat".split()
)
_NOT_CODE_CJK = tuple(
    (
        "验证 驗證 校验 邮政编 郵遞區號 邮 二维 条 动态 激活 兑换 邀请 优惠 密 号 號 股票 "
        "国家 区域 地区 源 商品 産品 郵便 認証 確認 暗証 인증 우편 バー 電話 注文 会員 番号"
    ).split()
)
_ITEM_STEMS = frozenset("sub detail inner nested item".split())
_BEFORE = 28


def _labelled(text: str) -> Iterator[Candidate]:
    low = lowered(text)
    # Logs repeat themselves: what was decided for the same words in front of a value is decided.
    seen: dict[tuple[str, str], tuple[str, CandidateKind]] = {}
    for match in _LABELLED.finditer(low):
        begin, (start, end) = match.start(), match.span(1)
        context = (_clause(text[max(0, begin - _BEFORE) : begin]), text[begin:start])
        known = seen.get(context)
        if known is None:
            known = seen[context] = _label_of(*context)
        label, meant = known
        written = text[start:end]
        kind = _refined(meant, label, written, text[end : end + 2])
        if kind:
            yield Candidate(start, end, written, label, kind, _strength(kind, written))
    yield from _symbols(text, low)


def _clause(before: str) -> str:
    """Return the end of a text from its last line, field or item on, which is all that a label can belong to."""
    for opening in "\n,{":
        before = before.rpartition(opening)[2]
    return before


def _symbols(text: str, low: str) -> Iterator[Candidate]:
    """Quoted words in a code field, such as "NoSuchKey"; those with a digit were read as values already."""
    for match in _SYMBOL.finditer(low):
        start, end = match.span(1)
        if not any("0" <= letter <= "9" for letter in low[start:end]):
            yield Candidate(start, end, text[start:end], "code", CandidateKind.FIELD, STRENGTH[CandidateKind.FIELD])


def _strength(kind: CandidateKind, written: str) -> float:
    # Many tables have a 3: the shorter a number, the less it says.
    if len(written) <= 4 and kind in _UNSURE_WHEN_SHORT and len(written.strip("-−0０")) <= 2:
        return STRENGTH[kind] - 0.3
    return STRENGTH[kind]


_UNSURE_WHEN_SHORT = (CandidateKind.FIELD, CandidateKind.ITEM, CandidateKind.SAID, CandidateKind.EXIT)


def _label_of(before: str, after: str) -> tuple[str, CandidateKind]:
    """Return the label as written and what it promises."""
    word = (_WORD.match(after) or [""])[0]
    if not word[:1].isascii():
        return _cjk_label(before, word)
    head = (_HEAD_BACKWARDS.match(before[::-1]) or [""])[0][::-1]
    humps = _HUMP.findall(head)
    last = humps[-1].lower() if humps else ""
    joined = head + word
    glued = after[len(word) :]
    machine = bool(_MACHINE.match(glued))
    low = word.lower()
    if low.startswith("http"):
        return joined, CandidateKind.HTTP
    if low.startswith("exit") or last == "exit":
        return joined, CandidateKind.EXIT
    previous = _word_before(before[: len(before) - len(head)])
    if (last or previous) in _NOT_CODE_WORDS and low.startswith(("cod", "cód", "kod", "код")):
        return joined, CandidateKind.OTHER
    if last and not _is_stem(last, low):
        return joined, CandidateKind.WEAK
    if previous in ("exit", "exited", "with") and "exit" in before.lower():
        return joined, CandidateKind.EXIT
    return joined, _ascii_kind(low, last or previous, machine, glued)


def _is_stem(last: str, word: str) -> bool:
    # `Fehlercode`, `bizerrorcode`, `felkod`; `rc` and `ret` are too short to end anything but a name of their own.
    return last in _CODE_STEMS or (len(word) > 3 and last.endswith(("err", "error", "fehler", "fel", "fejl", "virhe")))


def _ascii_kind(word: str, stem: str, machine: bool, glued: str) -> CandidateKind:
    if word.startswith(("code", "códi", "codi", "kod", "sql")):
        if stem in ("http", "status"):
            return CandidateKind.WEAK if stem == "status" else CandidateKind.HTTP
        if stem in _ITEM_STEMS:
            return CandidateKind.ITEM
        return CandidateKind.FIELD if machine else CandidateKind.SAID
    if word in ("status", "result", "rc"):
        return CandidateKind.WEAK
    # `[error] 31#31` and `ERROR 12345 --- [main]` open a log line: what follows is a process or a thread.
    if "]" in glued or "|" in glued:
        return CandidateKind.WEAK
    return CandidateKind.FIELD if machine and word in ("errno", "err", "ret") else CandidateKind.SAID


def _cjk_label(before: str, word: str) -> tuple[str, CandidateKind]:
    near = before[-6:]
    if near.endswith(_NOT_CODE_CJK) and not near.endswith(("错误编号", "错误号")):
        return word, CandidateKind.OTHER
    label = (re.search(r"[^\x00-\x7f\s：、，。「『（]*\Z", near) or [""])[0] + word
    if (
        word[0] in "代番"
        and not near.endswith(("错误", "返回", "状态", "錯誤", "エラー", "响应", "异常"))
        and near[-1:] > "\u2e80"
    ):
        return label, CandidateKind.WEAK if word[0] == "代" else CandidateKind.OTHER
    if near.endswith(("子", "サブ")):
        return label, CandidateKind.ITEM
    return label, CandidateKind.WEAK if word.startswith("返回") and "码" not in word else CandidateKind.SAID


def _word_before(before: str) -> str:
    match = _WORD_BACKWARDS.match(before[::-1])
    return match[1][::-1].lower() if match else ""


def _refined(meant: CandidateKind, label: str, written: str, after: str) -> CandidateKind | None:
    """Return the kind that the value itself allows."""
    if meant in (CandidateKind.FIELD, CandidateKind.ITEM, CandidateKind.OTHER):
        return meant
    digits = written.isdigit()
    if meant is CandidateKind.HTTP or (meant is CandidateKind.WEAK and label.lower().endswith(_STATUS)):
        if digits and len(written) == 3:
            return CandidateKind.HTTP if "1" <= written[0] <= "5" else None
        if meant is CandidateKind.HTTP:
            return None
    if meant is CandidateKind.WEAK and len(written) > 4:
        return CandidateKind.SAID
    if meant in (CandidateKind.SAID, CandidateKind.WEAK) and not digits and not _WRITTEN_AS_CODE.match(written):
        return None
    if (
        meant is CandidateKind.SAID
        and label == "ERROR"
        and digits
        and len(written) < 9
        and after.strip()[:1] not in "(:"
    ):
        # An upper-case level, then most often a process.
        return CandidateKind.WEAK
    return meant


_STATUS = ("status", "status_code", "statuscode")
# Prose has `2nd`, `v3` and `mp3` after a label: there, letters count only as codes write them.
_WRITTEN_AS_CODE = re.compile(r"[-−]?(?:0[xX]|[^a-z]+\Z|[a-z]{2,8}-[0-9]{3}|[0-9a-f]{8}\Z)")
_SHAPED = re.compile(
    r"[0-9A-Z０-９](?:(?<=[0-9０-９])[0-9０-９]{5,}+|(?<=0)[xX][0-9a-fA-F]{4,16}+(?![0-9A-Za-z_])"
    r"|(?<=[A-Z])[A-Z]{1,7}+-[0-9]{3,6}+(?![0-9A-Za-z_-]))"
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])\Z")


def _shaped(text: str, stop: int) -> Iterator[Candidate]:
    for match in _SHAPED.finditer(text, 0, stop):
        start, end = match.span()
        before, written = text[start - 1 : start], match[0]
        if before.isalnum() and before.isascii():
            continue
        if not written.isdigit():
            if before != "-" and before != ".":
                yield Candidate(start, end, written, "", CandidateKind.SHAPE, STRENGTH[CandidateKind.SHAPE])
        elif end - start <= 10 and _may_be_bare(text, start, end, written, before):
            strength = STRENGTH[CandidateKind.BARE] if end - start >= 9 else 0.6
            yield Candidate(start, end, written, "", CandidateKind.BARE, strength)


def _may_be_bare(text: str, start: int, end: int, written: str, before: str) -> bool:
    after = text[end : end + 1]
    if (after.isalnum() and after.isascii()) or after in ("_", "%", "@") or before in ("+", "$", "€", "£", "¥", "."):
        return False
    length = end - start
    if written[0] in "0０" or (length == 10 and written[0] in "12"):
        return False  # a phone number; seconds since 1970
    if length == 8 and _DATE.match(written):
        return False
    if after in (".", ",", "-", "/", ":") and text[end + 1 : end + 2].isdigit():
        return False
    return not (before in ("-", "/", ",", ":") and text[start - 2 : start - 1].isdigit())
