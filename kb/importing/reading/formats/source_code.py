"""Codes in source code: `#define`, constants, and enums of C, C++, C#, Go, Java, Kotlin, Rust, TypeScript and protobuf.

Their comments are the texts. An enum is a section where a file has several.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from kb.importing.reading.formats.constant_values import literal_of, value_of
from kb.importing.reading.formats.entries import CODE, MESSAGE, NAME, SECTION, Entry, is_like_code, sheet_of
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.formats.object_maps import map_sheets
from kb.importing.reading.formats.source_tokens import Token, comment_text, tokens_of
from kb.importing.reading.sheets import Sheet, unreadable
from kb.importing.reading.source_file import SourceFile

_HINT = re.compile(
    r"err|code|status|result|fault|alarm|reason|except|fail|ret_|_rc|reply|disconnect|close", re.IGNORECASE
)
_NO_CODE = re.compile(r"(?:\A|.*_)VERSION(?:_\d{1,4}|_MAJOR|_MINOR|_PATCH){0,4}|.*_H_{0,2}", re.IGNORECASE)
_CONSTANT_WORDS = {"const", "final", "constexpr", "readonly", "static", "val"}
_NAMED_ENUMS = {"java", "kt", "rs", "swift", "py", "php"}
"""Endings of languages in which a value of an enum without a number is not counted: its name is the code."""

_SCRIPTS = {"js", "mjs", "cjs", "ts", "mts"}
"""Endings of languages that have maps."""


@dataclass
class _Member:
    """One constant: its name, the tokens of its value, the arguments of a Java enum, and the text of its comments."""

    line: int
    name: str
    value: list[Token] = field(default_factory=list)
    arguments: list[Token] = field(default_factory=list)
    text: str = ""
    # Whether the text is a comment above.
    above: bool = False


@dataclass
class _Group:
    """The constants of one enum, or all others."""

    name: str
    members: list[_Member] = field(default_factory=list)
    is_enum: bool = False


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the table of the constants. Raises Unreadable without one."""
    tokens = tokens_of(source_file.text)
    groups = [group for group in _Constants(tokens).groups() if group.members]
    ending = source_file.name.lower().rpartition(".")[2]
    known: dict[str, int] = {}
    tables = [(group, _entries(group, known, ending in _NAMED_ENUMS, source_file)) for group in groups]
    tables = [(group, entries) for group, entries in tables if entries]
    chosen = [(group, entries) for group, entries in tables if _is_hinted(group)]
    if not chosen and ending in _SCRIPTS and (sheets := map_sheets(tokens, source_file)):
        return sheets
    chosen = chosen or tables
    for group, entries in tables:
        if not any(group is other for other, _ in chosen):
            name = f"The constants of {group.name}" if group.name else f"{len(entries)} constants"
            tell(source_file, entries[0].line, f"{name} were left out: they are not named like codes.", group.name)
    if not chosen:
        message = "This source code has no constants or enums with codes. Export the codes as CSV."
        raise unreadable("no_list", message)
    sections = len(chosen) > 1
    found = [
        Entry(entry.line, {SECTION: group.name if sections else "", **entry.texts})
        for group, entries in chosen
        for entry in entries
    ]
    return [sheet_of(found, source_file.limits)]


def _is_hinted(group: _Group) -> bool:
    hints = sum(bool(_HINT.search(member.name)) for member in group.members)
    return bool(_HINT.search(group.name)) or 2 * hints >= len(group.members)


def _entries(group: _Group, known: dict[str, int], is_named: bool, source_file: SourceFile) -> list[Entry]:
    """Return the codes of a group; a value that cannot be computed is reported."""
    entries, following, unknown = [], 0, []
    _drop_group_comments(group.members, source_file)
    for member in group.members:
        texts = {NAME: member.name, MESSAGE: member.text}
        if member.arguments:
            texts = _of_arguments(member)
        elif member.value:
            literal = literal_of(member.value, known)
            if literal is None:
                unknown.append(member)
                continue
            number = value_of(literal)
            if number is not None:
                known[member.name], following = number, number + 1
            if number is None and not is_like_code(literal) and not literal.isdigit():
                # The value is the text of a code that is only named.
                texts = {CODE: member.name, MESSAGE: literal or member.text}
            else:
                texts[CODE] = literal
        elif group.is_enum and not is_named:
            known[member.name], following, texts[CODE] = following, following + 1, str(following)
        elif group.is_enum:
            texts = {CODE: member.name, MESSAGE: member.text}
        else:
            continue
        entries.append(Entry(member.line, {CODE: texts.pop(CODE), **texts}))
    if unknown:
        names = ", ".join(member.name for member in unknown[:5])
        message = (
            f"{len(unknown)} constants were left out, because their values are not numbers or texts: {names[:200]}."
        )
        tell(source_file, unknown[0].line, message)
    return entries


def _drop_group_comments(members: list[_Member], source_file: SourceFile) -> None:
    """Take the comment above several constants off the first of them: it is a title, while the others have none."""
    for member, following in pairwise(members):
        if member.above and not following.above and following.line == member.line + 1:
            tell(source_file, member.line, "A comment above several constants was left out.", member.text)
            member.text = ""


def _of_arguments(member: _Member) -> dict[str, str]:
    """Return the texts of a value such as `NOT_FOUND(404, "Not found")`."""
    values = [argument for argument in member.arguments if argument.kind in ("number", "string")]
    words = [value.text for value in values]
    code = next((word for word in words if value_of(word) is not None or is_like_code(word) or word.isdigit()), "")
    texts = [word for word in words if word != code]
    row = {CODE: code, NAME: member.name} if code else {CODE: member.name}
    row[MESSAGE] = texts[0] if texts else member.text
    for number, text in enumerate(texts[1:], 2):
        row[f"Argument {number + bool(code)}"] = text
    return row


class _Constants:
    """Walks over the tokens of a file."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.others = _Group("")

    def groups(self) -> list[_Group]:
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
            member = _Member(values[0].line, values[0].text, values[1:], text=behind or comment)
            member.above = not behind and bool(comment)
            if _HINT.search(member.name) or not _NO_CODE.fullmatch(member.name):
                self.others.members.append(member)
        self.at += len(line) + 1

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
                self.others.members.append(_Member(code[0].line, code[sign - 1].text, values, text=text))

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
                group.members.append(_Member(code[0].line, code[0].text, iota, text=text))
            count += 1
        self.at += 1

    def _enum(self) -> Iterator[_Group]:
        head = list(self._until("{", ";", at=self.at + 1))
        self.at += len(head) + 2
        if self.at > len(self.tokens) or self.tokens[self.at - 1].text != "{":
            return
        names = [token.text for token in head if token.kind == "word" and token.text not in ("class", "struct")]
        group = _Group(names[0] if names else "", is_enum=True)
        while self.at < len(self.tokens) and self.tokens[self.at].text != "}":
            token = self.tokens[self.at]
            if token.text in ("option", "reserved"):
                self.at += len(list(self._until(";", "}", at=self.at)))
            elif token.text == "@":
                # An annotation, perhaps with arguments.
                self.at += 2
                if self.at < len(self.tokens) and self.tokens[self.at].text == "(":
                    self._skip_brackets("(", ")")
            elif token.kind == "word" and token.text != "case":
                group.members.append(self._member())
                if self._ends_java_constants(group.members[-1]):
                    break
            elif token.text == "[":
                self._skip_brackets("[", "]")
            else:
                self.at += 1
        self.at += 1
        yield group

    def _ends_java_constants(self, member: _Member) -> bool:
        """Whether a semicolon ends the constants of a Java enum; in protobuf one ends each value."""
        ends = self.tokens[self.at - 1 : self.at]
        return bool(ends) and ends[0].text == ";" and not member.value

    def _member(self) -> _Member:
        token = self.tokens[self.at]
        member = _Member(token.line, token.text)
        above = self._comment_above(self.at)
        self.at += 1
        comments: list[Token] = []
        while self.at < len(self.tokens) and self.tokens[self.at].text not in (",", ";", "}"):
            token = self.tokens[self.at]
            if token.kind == "comment":
                comments.append(token)
                self.at += 1
            elif token.text == "(" and not member.value:
                member.arguments = self._skip_brackets("(", ")")
            elif token.text in "{[(":
                skipped = self._skip_brackets(token.text, {"{": "}", "[": "]", "(": ")"}[token.text])
                member.value += skipped if token.text == "(" else []
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
