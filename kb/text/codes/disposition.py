"""What to do about a code, and who can fix it, derived from the vendor's own words.

The words decide only where they point one way. Where they point two ways ("try again, or contact support"),
or nowhere, the answer is `unknown`, and support staff decide.
"""

import re
from functools import lru_cache
from typing import NamedTuple

DISPOSITIONS = {
    "retry_now": "Retry now",
    "retry_later": "Retry later",
    "fix_request": "Fix the request",
    "contact_vendor": "Contact the vendor",
    "change_plan": "Change the plan",
    "no_action": "No action needed",
    "unknown": "Not decided",
}
FIXERS = {"customer": "Customer", "us": "Us", "vendor": "Vendor", "unknown": "Not decided"}

_FIXER_OF = {"fix_request": "customer", "change_plan": "customer", "contact_vendor": "vendor"}


class DerivedDisposition(NamedTuple):
    """A derived disposition and fixer; keys of DISPOSITIONS and FIXERS."""

    disposition: str
    fixer: str


UNDECIDED = DerivedDisposition("unknown", "unknown")

# Each cue is taken out of the text before the next is tried: "try again later" must not also count as
# "try again", and "contact support to upgrade the package" is one way (change the plan), not two.
_CUES = [
    ("no_action", r"\b(?:do not process|no action (?:is )?(?:needed|required))\b|无需处理|不做处理"),
    (
        "change_plan",
        r"(?:\bcontact [\w ]{0,80}support to )?\b(?:upgrade (?:the|your) (?:package|plan)|open [\w ]{0,80}edition)\b"
        r"|升级套餐|开通[^。]{0,20}版",
    ),
    ("contact_vendor", r"\bcontact [\w ]{0,80}support\b|\bcontact (?:the )?vendor\b|联系[^。]{0,20}技术支持"),
    ("retry_later", r"\b(?:try again|retry) later\b|稍后(?:再试|重试)"),
    ("retry_now", r"\b(?:try again|retry)\b|重试"),
    (
        "fix_request",
        r"\bplease (?:check|confirm|enter|fill in|modify|reduce|shorten|use|avoid|register|add|delete|let"
        r"|do not (?:send|exceed))\b|\bcheck (?:if|whether)\b|\bneeds? to (?:be|log)\b|\bcan be left blank\b"
        r"|请(?:检查|确认|输入|填写|修改|减少|缩短|使用|避免|先?注册|添加|删除)",
    ),
]
_STEMS = {
    "no_action": ("proce", "action", "处理"),
    "change_plan": ("upgrade", "open", "升级", "开通"),
    "contact_vendor": ("contact", "联系"),
    "retry_later": ("later", "稍后"),
    "retry_now": ("try", "重试"),
    "fix_request": ("plea", "check", "need", "blank", "请"),
}
"""A part of each word that a cue cannot do without: looking for it is ten times faster than the cue itself."""

_COMPILED = [(name, _STEMS[name], re.compile(pattern, re.IGNORECASE)) for name, pattern in _CUES]


@lru_cache(maxsize=4096)
def derive_disposition(suggested_actions: str) -> DerivedDisposition:
    """Return what the vendor's suggested actions say to do, and who can fix it."""
    rest, said = suggested_actions[:4000], []
    lowered = rest.lower()
    for name, stems, cue in _COMPILED:
        if any(stem in lowered for stem in stems):
            rest, hits = cue.subn(" ", rest)
            said += [name] * bool(hits)
    if len(said) != 1:
        return UNDECIDED
    return DerivedDisposition(said[0], _FIXER_OF.get(said[0], "unknown"))
