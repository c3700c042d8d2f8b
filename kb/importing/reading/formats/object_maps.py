"""Maps in JavaScript and TypeScript: `const ERRORS = { E101: "Door is open", "E102": { message: "No paper" } }`."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from kb.importing.reading.formats.grids import tell
from kb.importing.reading.formats.source_tokens import Token
from kb.importing.reading.formats.trees import Branch, sheets_of_tree
from kb.importing.reading.sheets import Number, Sheet, Unreadable, unreadable
from kb.importing.reading.source_file import SourceFile

_BEFORE = {"=", "default", "return", "("}
_STOPS = set(",[](){};")
_PAIRS = {"{": "}", "[": "]", "(": ")"}
_DECLARATIONS = {"const", "let", "var", "static", "readonly", "public", "private"}
_MAX_TYPE = 20
_MAX_DEPTH = 20
MAX_MAPS = 500
"""Most maps of one file."""


def map_sheets(tokens: list[Token], source_file: SourceFile) -> list[Sheet]:
    """Return a table for each map of codes in source code; [] without one."""
    words = _Maps(_with_colons([token for token in tokens if token.kind != "comment" and token.text != "\n"]))
    sheets = sheets_of_maps(list(islice(words.maps(), MAX_MAPS + 1)), source_file)
    if sheets and words.computed:
        line, text = words.computed[0]
        message = f"{len(words.computed)} texts are computed, and were read in part or not at all, such as {text[:60]}."
        tell(source_file, line, message, text)
    return sheets


def sheets_of_maps(maps: list[Branch], source_file: SourceFile) -> list[Sheet]:
    """Return a table for each map of codes among these; [] without one. Raises Unreadable for too many."""
    if len(maps) > MAX_MAPS:
        raise unreadable("too_many_tables", f"This source code has more than {MAX_MAPS} maps, the limit.")
    try:
        sheets = sheets_of_tree(map_branch("", 1, maps), source_file)
    except Unreadable as error:
        if error.problems[0].kind not in ("no_list", "no_object"):
            raise
        return []
    if len(sheets) == 1:
        # The name of the only map is no section.
        sheets[0].section = ""
    return sheets


def map_branch(key: str, line: int, branches: list[Branch]) -> Branch:
    """Return the branch of a map."""
    return _branch(key, line, {branch.key: branch.value for branch in branches}, branches)


def _with_colons(tokens: list[Token]) -> list[Token]:
    """Return tokens in which maps of PHP and Ruby, such as `array(5 => "text")`, are like those of JavaScript."""
    result: list[Token] = []
    closing: list[str] = []
    for at, token in enumerate(tokens):
        before = result[-1].text if result else ""
        if token.kind != "sign":
            result.append(token)
        elif token.text == ">" and before == "=":
            result[-1] = Token("arrow", ":", token.start, token.end, token.line, token.line)
        elif token.text == ":" and before == ":" and len(result) > 1 and result[-2].kind == "word":
            # `Errors::NOT_FOUND`
            del result[-2:]
        elif token.text in _PAIRS:
            is_array = token.text == "(" and before == "array"
            if is_array:
                result.pop()
            is_map = (is_array or token.text == "[") and _has_arrow(tokens, at)
            closing.append("}" if is_map else "]" if is_array else _PAIRS[token.text])
            result.append(token._replace(text="{" if is_map else "[" if is_array else token.text))
        elif token.text in _PAIRS.values() and closing:
            result.append(token._replace(text=closing.pop()))
        else:
            result.append(token)
    return result


def _has_arrow(tokens: list[Token], at: int) -> bool:
    """Whether the first thing in a bracket is a key with an arrow behind it."""
    for number in range(at + 1, min(at + 8, len(tokens) - 1)):
        if tokens[number].text == "=" and tokens[number + 1].text == ">":
            return True
        if tokens[number].text in _STOPS and tokens[number].kind == "sign":
            return False
    return False


class _Maps:
    """Walks over tokens. What is no literal counts as an empty text, so that every map is read once."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = [*tokens, Token("end", "", 0, 0, 0, 0)]
        self.at = 0
        # The line and a word of each text that is more than a literal.
        self.computed: list[tuple[int, str]] = []

    def maps(self) -> Iterator[Branch]:
        while self.text:
            before = [token.text for token in self.tokens[max(self.at - 4, 0) : self.at]]
            if (
                self.text == "{"
                and before
                and before[-1] in _BEFORE
                and self.at + 2 < len(self.tokens)
                and self._is_key()
            ):
                yield self._value(self._name() if before[-1] == "=" else "", 0)
            else:
                self.at += 1

    def _name(self) -> str:
        """Return the name of the map that begins here, also where its type stands between: `X: Record<string> =`."""
        before = self.tokens[max(self.at - _MAX_TYPE, 0) : self.at - 1]
        starts = [n for n, token in enumerate(before[:-1]) if token.text in _DECLARATIONS]
        return before[starts[-1] + 1].text if starts else before[-1].text if before else ""

    @property
    def text(self) -> str:
        """The present token."""
        return self.tokens[self.at].text if self.tokens[self.at].kind != "string" else '"'

    def _is_key(self) -> bool:
        key, sign = self.tokens[self.at + 1], self.tokens[self.at + 2]
        return key.text in ("[", ".") or (key.kind in ("word", "string", "number") and sign.text == ":")

    def _value(self, key: str, depth: int) -> Branch:
        """Read the value at the present token, and stay behind it."""
        token = self.tokens[self.at]
        if self.text in "{[" and depth < _MAX_DEPTH and token.kind == "sign":
            is_map = self.text == "{"
            branches = list(self._entries(is_map, depth))
            if is_map:
                return map_branch(key, token.line, branches)
            return _branch(key, token.line, [branch.value for branch in branches], branches)
        parts: list[Token] = []
        start = self.at
        while self.tokens[self.at].kind != "end" and self.text not in (",", "}", "]", ")", ";"):
            parts.append(self.tokens[self.at])
            self._skip()
        call = self.tokens[start : self.at]
        if [part.kind for part in call] == ["word", "sign", "string", "sign"] and call[1].text == "(":
            # A translation, such as `gettext("Success")`.
            return _branch(key, token.line, call[2].text)
        strings = [part.text for part in parts if part.kind == "string"]
        is_text = all(part.kind == "string" or part.text in "+.()" for part in parts)
        texts = [part.text for part in self.tokens[start : self.at] if part.kind == "string" and " " in part.text]
        if not is_text and (texts or any(part.text == "<<" for part in parts)):
            self.computed.append((token.line, (texts or [key])[0]))
        number = "".join(part.text for part in parts)
        if is_text or parts[0].kind == "string":
            return _branch(key, token.line, "".join(strings) if is_text else strings[0])
        return _branch(key, token.line, Number(number) if number.lstrip("-").isdigit() else "")

    def _entries(self, is_map: bool, depth: int) -> Iterator[Branch]:
        end = "}" if is_map else "]"
        self.at += 1
        while self.tokens[self.at].kind != "end" and self.text != end:
            if is_map and (key := self._key()):
                yield self._value(key, depth + 1)._replace(line=self.line)
            elif not is_map and self.text != ",":
                yield self._value("", depth + 1)
            elif self.text != end:
                self._skip()
        self.at += self.text == end and self.tokens[self.at].kind != "end"

    def _key(self) -> str:
        """Move behind the key and colon at the present token, and return the key; "" without one."""
        first = self.tokens[self.at]
        self.line = first.line
        at = self.at
        if first.text == "[" and first.kind == "sign":
            # `[Errors.NOT_FOUND]: "..."`
            while self.tokens[at].kind != "end" and self.tokens[at].text != "]":
                at += 1
            first = self.tokens[at - 1]
            at += self.tokens[at].kind != "end"
        else:
            at += first.kind != "end"
        if first.kind in ("word", "string", "number") and self.tokens[at].text == ":":
            self.at = at + 1
            return first.text
        return ""

    def _skip(self) -> None:
        """Move behind the present token, or behind the bracket that closes it."""
        depth = 0
        while self.tokens[self.at].kind != "end":
            token = self.tokens[self.at]
            if token.kind == "sign":
                depth += (token.text in _PAIRS) - (token.text in _PAIRS.values())
            self.at += 1
            if depth <= 0:
                return


def _branch(key: str, line: int, value: Any, children: list[Branch] | None = None) -> Branch:
    def branches() -> Iterator[Branch]:
        return iter(children or ())

    return Branch(key, line, value, branches)
