"""Rules for private keys in the forms that programs write."""

from kb.text.safety.rules import TO, Pattern, Rule, groups

RULES = [
    Rule(
        ("private key",),
        Pattern(r"-{4,5} ?begin (?:[a-z0-9]{1,12} ){0,3}private key(?: block)? ?-{4,5}+(?!-)((?:[^-]|-(?!---))++)"),
        groups,
    ),
    # PuTTY. The last line of a key may be short.
    Rule(
        ("private-lines",),
        Pattern(
            r"private-lines: [0-9]{1,4}+\s{1,4}+"
            r"((?:[a-z0-9+/=]{20,80}+(?:\s{1,4}+|\Z)){0,200}+(?:[a-z0-9+/=]{1,80}+(?![\w-]))?+)"
        ),
        groups,
    ),
    Rule(("private-mac", "private-hash"), Pattern(r"private-(?:mac|hash):\s{0,4}+([0-9a-f]{16,128}+)"), groups),
    # XML of .NET, and JSON Web Keys.
    Rule(("rsakeyvalue",), Pattern(r"<(?:d|p|q|dp|dq|inverseq)>([a-z0-9+/=\s]{8,4000}+)</"), groups),
    Rule(("kty",), Pattern(rf"\"(?:d|p|q|dp|dq|qi|k)\"{TO}\"([a-z0-9_-]{{16,4000}}+)\""), groups),
    Rule(
        ("private", "priv"),
        Pattern(r"\b(?:private|priv|wallet|secret)[ _-]?key[^\n]{0,20}?\b((?:0x)?[0-9a-f]{64})(?![0-9a-z])"),
        groups,
    ),
]
