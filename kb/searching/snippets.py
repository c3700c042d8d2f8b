"""The passage of a text that matches a question, as pieces of plain text with the question's words marked."""

from collections.abc import Iterable, Sequence

from kb.searching.query import SearchTerm
from kb.searching.tokenizer import TextWord, beginnings_of, fold, stem, words_with

LENGTH = 160
"""Most characters of a passage."""

_BEFORE = 40

Pieces = list[tuple[str, bool]]


def snippets(codes: Iterable[Iterable[str]], terms: Sequence[SearchTerm]) -> list[tuple[int, Pieces]]:
    """Return for the texts of each code the position of the first with the most terms, and its passage.

    It is (0, []) for no text.
    """
    stems = {stem_ for term in terms for alternative in term.alternatives for stem_ in alternative.stems}
    beginnings = tuple(a.stems[-1] for term in terms for a in term.alternatives if a.prefix)
    parts = {part for stem_ in stems for part in beginnings_of(stem_)}.union(beginnings)
    return [_snippet(texts, stems, beginnings, parts) for texts in codes]


def _snippet(texts: Iterable[str], stems: set[str], beginnings: tuple[str, ...], parts: set[str]) -> tuple[int, Pieces]:
    best: tuple[int, int, str, list[TextWord]] | None = None
    for place, text in enumerate(texts):
        if not text:
            continue
        folded = fold(text)
        hits = [word for word in words_with(folded, parts) if _is_hit(word, stems, beginnings)]
        if not hits and best is not None:
            continue
        count = len({stem(word.whole) for word in hits})
        if folded.strip() and (best is None or count > best[0]):
            best = (count, place, folded, hits)
    return (best[1], _passage(best[2], best[3])) if best else (0, [])


def _is_hit(word: TextWord, stems: set[str], beginnings: tuple[str, ...]) -> bool:
    parts = (word.whole, *word.parts)
    return not stems.isdisjoint(map(stem, parts)) or any(part.startswith(beginnings) for part in parts)


def _passage(text: str, hits: list[TextWord]) -> Pieces:
    start = _start(text, hits[0].start) if hits else 0
    end = min(len(text), start + LENGTH)
    pieces: Pieces = [("…", False)] if start else []
    at = start
    for hit in hits:
        if hit.start >= at and hit.end <= end:
            pieces += [(text[at : hit.start], False), (text[hit.start : hit.end], True)]
            at = hit.end
    pieces.append((text[at:end] + ("…" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def _start(text: str, first: int) -> int:
    if first <= _BEFORE or len(text) <= LENGTH:
        return 0
    space = text.find(" ", first - _BEFORE, first)
    return space + 1 if space >= 0 else first
