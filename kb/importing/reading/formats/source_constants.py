"""The constants of source code: `#define`, constants, and the members of enums, with their comments and attributes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from kb.importing.reading.formats.source_tokens import Token, comment_text

HINT = re.compile(
    r"err|code|status|result|fault|alarm|reason|except|fail|ret_|_rc|reply|disconnect|close", re.IGNORECASE
)
"""What names of codes have."""

_NO_CODE = re.compile(r"(?:\A|.*_)VERSION(?:_\d{1,4}|_MAJOR|_MINOR|_PATCH){0,4}|.*_H_{0,2}", re.IGNORECASE)
_LONG_NUMBER = 6
"""Characters of a number, `0x` included, that is longer than any version."""

_CONSTANT_WORDS = {"const", "final", "constexpr", "readonly", "static", "val"}
_TEXT_ATTRIBUTES = {"error", "description", "display", "message", "doc"}


@dataclass
class Constant:
    """One constant: its name, the tokens of its value, the arguments of a Java enum, and the text of its comments."""

    line: int
    name: str
    value: list[Token] = field(default_factory=list)
    arguments: list[Token] = field(default_factory=list)
    text: str = ""
    # The text of an attribute, such as `[Description("...")]`.
    attribute: str = ""
    # The texts of options, by their names: `[(text) = "...", (fix) = "..."]` of protobuf.
    options: dict[str, str] = field(default_factory=dict)
    # Whether the text is a comment above.
    above: bool = False


@dataclass
class ConstantGroup:
    """The constants of one enum, or all others."""

    name: str
    members: list[Constant] = field(default_factory=list)
    is_enum: bool = False


class ConstantWalk:
    """Walks over the tokens of a file."""

    def __init__(self, tokens: list[Token], *, is_ruby: bool = False) -> None:
        self.tokens = tokens
        # Whether a name in capitals at the beginning of a line is a constant.
        self.is_ruby = is_ruby
        self.at = 0
        self.others = ConstantGroup("")
        # Constants that name a version rather than a code.
        self.versions: list[Constant] = []

    def groups(self) -> list[ConstantGroup]:
        """Return the enums, and the constants outside of them, in the order of the file."""
        groups = [self.others]
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.text == "#define":
                self._define()
            elif token.text == "enum" and token.kind == "word":
                groups += self._enum()
            elif token.text in _CONSTANT_WORDS and token.kind == "word":
                self._constant()
            elif self.is_ruby and self._is_capital_name():
                self.at -= 1
                self._constant()
            elif token.text == "define" and token.kind == "word":
                self._php_define()
            else:
                self.at += 1
        return groups

    def _define(self) -> None:
        line = list(self._until("\n", at=self.at + 1))
        comment = self._comment_above(self.at)
        values = [token for token in line if token.kind != "comment"]
        # A macro with arguments has its bracket behind the name at once.
        if (
            len(values) > 1
            and values[0].kind == "word"
            and not (values[1].text == "(" and values[1].start == values[0].end)
        ):
            behind = comment_text([token for token in line if token.kind == "comment"])
            member = Constant(values[0].line, values[0].text, values[1:], text=behind or comment)
            member.above = not behind and bool(comment)
            is_long = len(values[1].text) > _LONG_NUMBER and values[1].text[:2] in ("0x", "0X")
            if is_long or HINT.search(member.name) or not _NO_CODE.fullmatch(member.name):
                self.others.members.append(member)
            else:
                self.versions.append(member)
        self.at += len(line) + 1

    def _is_capital_name(self) -> bool:
        name, before = self.tokens[self.at], self.tokens[self.at - 1] if self.at else None
        following = [token.text for token in self.tokens[self.at + 1 : self.at + 3]]
        is_first = before is not None and before.text == "\n"
        return is_first and name.kind == "word" and name.text.isupper() and following[:1] == ["="] != following[1:]

    def _php_define(self) -> None:
        """Read `define('NAME', 1);`."""
        start = self.at
        self.at += 1
        inside = (
            self._skip_brackets("(", ")") if self.at < len(self.tokens) and self.tokens[self.at].text == "(" else []
        )
        if len(inside) > 2 and inside[0].kind == "string" and inside[1].text == ",":
            self.at += self.at < len(self.tokens) and self.tokens[self.at].text == ";"
            text = self._comment_behind() or self._comment_above(start)
            self.others.members.append(Constant(inside[0].line, inside[0].text, inside[2:], text=text))

    def _constant(self) -> None:
        """Read `const int NAME = 1;`, `static readonly NAME: 1;` or a block `const ( ... )` of Go."""
        start = self.at
        if self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].text == "(":
            self.at += 2
            self._go_block()
            return
        statement = list(self._until(";", "{", "\n", at=self.at + 1))
        self.at += len(statement) + 1
        self.at += self.at < len(self.tokens) and self.tokens[self.at].text == ";"
        code = [token for token in statement if token.kind != "comment"]
        sign = next((n for n, token in enumerate(code) if token.text in ("=", ":")), 0)
        equals = next((n for n, token in enumerate(code) if token.text == "="), sign)
        if sign and code[sign - 1].kind == "word" and equals + 1 < len(code):
            # The name is before a colon in TypeScript and Kotlin, before the equals sign elsewhere.
            values = code[equals + 1 :]
            comments = [token for token in statement if token.kind == "comment"]
            text = self._comment_behind() or comment_text(comments) or self._comment_above(start)
            if len(values) <= 12:
                self.others.members.append(Constant(code[0].line, code[sign - 1].text, values, text=text))

    def _go_block(self) -> None:
        group, count = self.others, 0
        value: list[Token] = []
        while self.at < len(self.tokens) and self.tokens[self.at].text != ")":
            line = list(self._until("\n", ")", at=self.at))
            above = self._comment_above(self.at)
            self.at += len(line) + (
                self.at + len(line) < len(self.tokens) and self.tokens[self.at + len(line)].text == "\n"
            )
            code = [token for token in line if token.kind != "comment"]
            if not code or code[0].kind != "word":
                continue
            equals = next((n for n, token in enumerate(code) if token.text == "="), 0)
            value = code[equals + 1 :] if equals else value
            iota = [
                token._replace(kind="number", text=str(count)) if token.text == "iota" else token for token in value
            ]
            text = comment_text([token for token in line if token.kind == "comment"]) or above
            if code[0].text != "_":
                group.members.append(Constant(code[0].line, code[0].text, iota, text=text))
            count += 1
        self.at += 1

    def _enum(self) -> Iterator[ConstantGroup]:
        head = list(self._until("{", ";", at=self.at + 1))
        self.at += len(head) + 2
        if self.at > len(self.tokens) or self.tokens[self.at - 1].text != "{":
            return
        names = [token.text for token in head if token.kind == "word" and token.text not in ("class", "struct")]
        group = ConstantGroup(names[0] if names else "", is_enum=True)
        has_cases = False
        while self.at < len(self.tokens) and self.tokens[self.at].text != "}":
            token = self.tokens[self.at]
            if token.text in ("option", "reserved"):
                self.at += len(list(self._until(";", "}", at=self.at)))
            elif token.text == "case" and token.kind == "word":
                has_cases = True
                group.members += self._cases()
            elif token.kind == "word" and has_cases:
                self._skip_statement()
            elif token.kind == "word" or token.text in ("@", "["):
                group.members += self._member_with_attributes()
                if group.members and self._ends_java_constants(group.members[-1]):
                    break
            else:
                self.at += 1
        self.at += 1
        yield group

    def _member_with_attributes(self) -> Iterator[Constant]:
        """Yield the member at the present token, which may be an attribute or annotation above it."""
        start, attribute = self.at, ""
        while self.at < len(self.tokens) and self.tokens[self.at].text != "}":
            token = self.tokens[self.at]
            if token.text == "@":
                # Perhaps with arguments.
                self.at += 2
                if self.at < len(self.tokens) and self.tokens[self.at].text == "(":
                    self._skip_brackets("(", ")")
            elif token.text == "[":
                attribute = _text_of_attribute(self._skip_brackets("[", "]")) or attribute
            elif token.kind == "word":
                member = self._member(start)
                member.attribute = attribute
                yield member
                return
            else:
                self.at += 1

    def _cases(self) -> Iterator[Constant]:
        """Yield the members of `case open = 1, shut = 2`, as Swift and PHP have them."""
        self.at += 1
        while self.at < len(self.tokens) and self.tokens[self.at].kind == "word":
            yield self._member(self.at, ends=(",", ";", "}", "\n"))
            if self.tokens[self.at - 1].text != ",":
                return
            self.at += len([token for token in self._until_word() if token.text == "\n" or token.kind == "comment"])

    def _until_word(self) -> Iterator[Token]:
        at = self.at
        while at < len(self.tokens) and self.tokens[at].kind in ("comment", "sign") and self.tokens[at].text != "}":
            yield self.tokens[at]
            at += 1

    def _skip_statement(self) -> None:
        """Move behind a line, or behind the block that begins on it."""
        self.at += len(list(self._until("\n", "{", "}", at=self.at)))
        if self.at < len(self.tokens) and self.tokens[self.at].text == "{":
            self._skip_brackets("{", "}")

    def _ends_java_constants(self, member: Constant) -> bool:
        """Whether a semicolon ends the constants of a Java enum; in protobuf one ends each value."""
        ends = self.tokens[self.at - 1 : self.at]
        return bool(ends) and ends[0].text == ";" and not member.value

    def _member(self, start: int, ends: Sequence[str] = (",", ";", "}")) -> Constant:
        """Read the member at the present token; the comment above it is above the token `start`."""
        token = self.tokens[self.at]
        member = Constant(token.line, token.text)
        above = self._comment_above(self.at) or self._comment_above(start)
        self.at += 1
        comments: list[Token] = []
        while self.at < len(self.tokens) and self.tokens[self.at].text not in ends:
            token = self.tokens[self.at]
            if token.kind == "comment":
                comments.append(token)
                self.at += 1
            elif token.text == "(" and not member.value:
                member.arguments = self._skip_brackets("(", ")")
            elif token.text in "{[(":
                skipped = self._skip_brackets(token.text, {"{": "}", "[": "]", "(": ")"}[token.text])
                member.value += skipped if token.text == "(" else []
                member.options |= _options_of(skipped) if token.text == "[" else {}
            else:
                member.value += [token] if token.text not in ("=", "\n") else []
                self.at += 1
        if self.at < len(self.tokens) and self.tokens[self.at].text in (",", ";"):
            self.at += 1
        member.text = self._comment_behind() or comment_text(comments) or above
        return member

    def _skip_brackets(self, opening: str, closing: str) -> list[Token]:
        """Move behind the bracket that closes the present one; return the tokens between."""
        depth, start = 0, self.at
        while self.at < len(self.tokens):
            text = self.tokens[self.at].text
            depth += (text == opening) - (text == closing)
            self.at += 1
            if depth == 0:
                break
        return self.tokens[start + 1 : self.at - 1]

    def _until(self, *ends: str, at: int) -> Iterator[Token]:
        while at < len(self.tokens) and self.tokens[at].text not in ends:
            yield self.tokens[at]
            at += 1

    def _comment_behind(self) -> str:
        """Return the comment on the rest of the present line."""
        comments = []
        for token in self._until("\n", at=self.at):
            if token.kind != "comment":
                break
            comments.append(token)
        return comment_text(comments)

    def _comment_above(self, at: int) -> str:
        """Return the comment that ends on the line above a token, or before it on its line."""
        comments: list[Token] = []
        line, at = self.tokens[at].line, at - 1
        while at >= 0 and len(comments) < 50:
            token = self.tokens[at]
            if token.kind == "comment" and line - token.last_line <= 1:
                if not self._is_behind(at):
                    comments.append(token)
                    line = token.line
                else:
                    break
            elif token.text != "\n" and (token.line < line or token.text in (",", ";", "{", "}")):
                break
            at -= 1
        return comment_text(comments[::-1])

    def _is_behind(self, at: int) -> bool:
        """Whether a comment stands behind code on its line, and so belongs to that."""
        return at > 0 and self.tokens[at - 1].text != "\n" and self.tokens[at - 1].last_line == self.tokens[at].line


def _options_of(tokens: Sequence[Token]) -> dict[str, str]:
    """Return the texts of options by their names."""
    options, name = {}, ""
    for token, following in pairwise(tokens):
        name = token.text if token.kind == "word" else name
        if token.text == "=" and following.kind == "string" and name:
            options[name] = following.text
    return options


def _text_of_attribute(tokens: Sequence[Token]) -> str:
    """Return the longest text of an attribute that says what a member means; "" for another attribute."""
    words = {token.text.lower() for token in tokens if token.kind == "word"}
    texts = [token.text for token in tokens if token.kind == "string"]
    return max(texts, key=len, default="") if words & _TEXT_ATTRIBUTES else ""
