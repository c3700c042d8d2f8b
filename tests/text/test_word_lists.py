"""Word lists are files that people edit: a wrong entry is named with its file, its list and itself."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.importing.reading.columns import TARGETS
from kb.text.word_lists import BadWordList, WordFile, one_of, whole
from tests import ROOT

FILES = sorted((ROOT / "kb").rglob("*.toml"))


@pytest.fixture
def word_file(tmp_path):
    def write(text):
        (tmp_path / "words.toml").write_text(text, encoding="utf-8")
        return WordFile(tmp_path / "words.toml")

    return write


def test_a_list_is_words_between_quotes_or_an_array_of_phrases(word_file):
    file = word_file(
        'a = """\none two\nthree\n"""\nb = ["mot de passe", "x"]\n[c]\nbig = "large huge"\nsmall = ["tiny"]'
    )
    assert file.words("a") == ("one", "two", "three")
    assert file.words("b") == ("mot de passe", "x")
    assert file.groups("c") == {"big": ("large", "huge"), "small": ("tiny",)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 'one One'", "a: “One” has capitals: write “one”."),
        ("a = 'one two one'", "a: “one” stands there twice."),
        ("a = ['one', ' two']", "a: entry 2, ' two', must be a text without extra white space."),
        ("a = ['one', 2]", "a: entry 2, 2, must be a text without extra white space."),
        ("a = ['one', '']", "a: entry 2, '', must be a text without extra white space."),
        ("a = ''", "a: this must be words between quotes, or an array of words, and not empty."),
        ("a = 3", "a: this must be words between quotes, or an array of words, and not empty."),
        ("b = 'one'", "a: there is no such list; the file has b."),
        ("", "a: there is no such list; the file has none."),
    ],
)
def test_a_malformed_entry_is_named(text, problem, word_file):
    file = word_file(text)
    with pytest.raises(BadWordList) as error:
        file.words("a")
    assert str(error.value) == f"{file.path}: {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a]\nb = 'One'", "a.b: “One” has capitals: write “one”."),
        ("[a]\nb = ['x', 'x']", "a.b: “x” stands there twice."),
        ("[a]\nb = 'x'\nc = 'y x'", "a.c: “x” stands in a.b too."),
        ("a = 'x'", "a: this must be a table of lists."),
    ],
)
def test_a_malformed_entry_of_a_table_is_named(text, problem, word_file):
    file = word_file(text)
    with pytest.raises(BadWordList) as error:
        file.groups("a")
    assert str(error.value) == f"{file.path}: {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 'x'", "a: this must be a table of texts."),
        ("[a]\nb = 3", "a.b: this must be a text, and not empty."),
        ("[a]\nb = ' '", "a.b: this must be a text, and not empty."),
    ],
)
def test_a_malformed_text_of_a_table_is_named(text, problem, word_file):
    file = word_file(text)
    with pytest.raises(BadWordList) as error:
        file.texts("a")
    assert str(error.value) == f"{file.path}: {problem}"


def test_a_table_of_texts_keeps_its_order(word_file):
    assert list(word_file("[a]\n2 = 'x'\n1 = 'y'").texts("a").items()) == [("2", "x"), ("1", "y")]


def test_a_file_that_is_not_toml_is_named(word_file):
    with pytest.raises(BadWordList, match=r"words\.toml: this is not TOML: "):
        word_file("a = ")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_file_says_how_to_edit_it_and_has_no_list_that_nothing_reads(path):
    assert "How to edit" in path.read_text(encoding="utf-8")
    source = "".join(module.read_text(encoding="utf-8") for module in (ROOT / "kb").rglob("*.py"))
    names = WordFile(path)._values
    assert [name for name in names if not re.search(rf"""[(\[]["']{name}["'][)\],]""", source)] == []


@pytest.mark.parametrize("name", ["names", "weak"])
def test_headers_lead_to_columns(name):
    headers = WordFile(ROOT / "kb/importing/reading/headers.toml").groups(name)
    assert set(headers) < set(TARGETS)


@given(st.sets(st.text("abé.代 ", min_size=1, max_size=4), min_size=1, max_size=12), st.text("abé.代 ", max_size=6))
def test_one_of_matches_the_longest_of_the_words(words, text):
    match = re.compile(one_of(words)).match(text)
    longest = max((word for word in words if text.startswith(word)), key=len, default=None)
    assert (match[0] if match else None) == longest


@pytest.mark.parametrize(
    ("text", "match"), [("is 3", "is"), ("ist 3", None), ("是3", "是"), ("isle", None), ("été", None), ("é", "é")]
)
def test_whole_words_end_where_their_script_has_spaces(text, match):
    result = re.match(whole(["is", "是", "é"]), text)
    assert (result[0] if result else None) == match
