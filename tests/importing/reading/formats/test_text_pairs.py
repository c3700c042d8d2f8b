"""Texts that source code gives to codes, in maps, arrays and switches, are the texts of the codes, or are told."""

import pytest

from tests.importing.files import read_rows

OPEN, SHUT = ("1", "E_OPEN", "Door is open"), ("2", "E_SHUT", "Door is shut")
CONSTANTS = "#define E_OPEN 1\n#define E_SHUT 2\n"
JOINED = {
    "an array by name": ("t.c", CONSTANTS + 'char *t[] = {\n [E_OPEN] = "Door is open",\n [E_SHUT] = "Door " '
        '"is shut" };'),
    "an array of pairs": ("t.c", CONSTANTS + 'struct x t[] = { {E_OPEN, "Door is open"}, {E_SHUT, N_("Door is '
        'shut")} };'),
    "an array by number": ("t.c", CONSTANTS + 'struct x t[] = { {1, "Door is open"}, {2, "Door is shut"} };'),
    "a switch": ("t.c", CONSTANTS + 'switch (e) {\n case E_OPEN:\n  return "Door is open";\n case E_SHUT: t = '
        '"Door is shut"; }'),
    "go": ("t.go", 'const (\n E_OPEN Code = 1\n E_SHUT Code = 2\n)\n'
        'var text = map[Code]string{\n E_OPEN: "Door is open",\n E_SHUT: "Door is shut",\n}\n'),
    "java": ("t.java", "class E {\n static final int E_OPEN = 1;\n static final int E_SHUT = 2;\n static {\n"
        '  m.put(E_OPEN, "Door is open");\n  m.put(E_SHUT, "Door is shut"); } }'),
    "bundle": ("t.java", "class E {\n static final int E_OPEN = 1;\n static final int E_SHUT = 2;\n"
        ' Object[][] c = { {"E_OPEN", "Door is open"}, {"E_SHUT", "Door is shut"} }; }'),
    "typescript": ("t.ts", "enum Err { E_OPEN = 1, E_SHUT = 2 }\n"
        "const t = { [Err.E_OPEN]: 'Door is open', [Err.E_SHUT]: 'Door is shut' };\n"),
    "swift": ("t.swift", "enum Err: Int {\n  case E_OPEN = 1, E_SHUT = 2\n  var text: String {\n    switch self {\n"
        '    case .E_OPEN: return "Door is open"\n    case .E_SHUT: return "Door is shut"\n    }\n  }\n}\n'),
    "rust": ("t.rs", "enum Err { E_OPEN = 1, E_SHUT = 2 }\nmatch self {\n"
        '  Err::E_OPEN => "Door is open",\n  Err::E_SHUT => "Door is shut",\n}\n'),
    "php": ("t.php", "<?php\nclass E { const E_OPEN = 1; const E_SHUT = 2;\n"
        " static $t = [self::E_OPEN => 'Door is open', self::E_SHUT => 'Door is shut']; }"),
    "attributes of c#": ("t.cs", 'enum Err {\n  [Description("Door is open")]\n  E_OPEN = 1,\n'
        '  [Obsolete, Description("Door is shut")]\n  E_SHUT = 2,\n}'),
    "attributes of rust": ("t.rs", 'enum Err {\n  #[error("Door is open")]\n  E_OPEN = 1,\n  #[error("Door is '
        'shut")]\n  E_SHUT = 2,\n}'),
    "comments above attributes": ("t.rs", "enum Err {\n  /// Door is open\n  #[serde(rename = 'x')]\n  E_OPEN = 1,\n"
        "  /// Door is shut\n  #[cfg(unix)]\n  E_SHUT = 2,\n}"),
    "cases of swift": ("t.swift", "enum Err: Int {\n  /// Door is open\n  case E_OPEN = 1\n  case E_SHUT = 2 // "
        "Door is shut\n"
        "  func x() { a = b }\n}"),
    "define of php": ("t.php", "<?php\ndefine('E_OPEN', 1); // Door is open\n// Door is shut\n"
        "define(\"E_SHUT\", 2);\n"),
}  # fmt: skip


@pytest.mark.parametrize("kind", JOINED)
def test_texts_that_the_code_gives_to_constants_are_their_texts(kind):
    name, text = JOINED[kind]
    rows, problems = read_rows(text, name)
    assert [(row.code, row.texts["symbol"], row.texts["description"]) for row in rows] == [OPEN, SHUT]
    assert problems == []


def test_a_comment_beside_a_text_is_kept_and_several_cases_may_have_one_text():
    text = "#define E_OPEN 1 // Look at it\n#define E_SHUT 2\n"
    text += 'switch (e) { case E_OPEN: case E_SHUT: return "Door is stuck"; }'
    rows, _ = read_rows(text, "t.c")
    assert [(row.texts["description"], row.extra) for row in rows] == [
        ("Door is stuck", {"Comment": "Look at it"}),
        ("Door is stuck", {}),
    ]


def test_texts_that_are_not_joined_to_constants_are_told():
    text = "".join(f"#define E_{number} {number}\n" for number in range(10)) + 'log(E_1, "Cannot say %s");'
    rows, problems = read_rows(text, "t.c")
    assert [row.texts.get("description") for row in rows] == [""] * 10
    assert [(problem.place.line, problem.value) for problem in problems] == [(11, "Cannot say %s")]
    text = (
        CONSTANTS + 'a = {{E_OPEN, "Is open"}, {E_SHUT, "Is shut"}}; b = {{E_OPEN, "Ist offen"}, {E_SHUT, "Is shut"}};'
    )
    _, problems = read_rows(text, "t.c")
    assert [problem.value for problem in problems] == ["Ist offen"]


PAIRS = {
    "c": ("t.c", 'struct x t[] = {\n { 1001, "Door is open" },\n { 1002, "No paper" } };'),
    "go": ("t.go", 'var t = map[int]string{\n 1001: "Door is open",\n 1002: "No paper",\n}'),
    "php": ("t.php", "<?php\nreturn [\n  1001 => 'Door is open',\n  1002 => 'No paper',\n];"),
    "old php": ("t.php", "<?php $e = array(1001 => array('text' => 'Door is open'), 1002 => array('text' => 'No "
        "paper'));"),
    "ruby": ("t.rb", "ERRORS = {\n  1001 => 'Door is open',\n  1002 => 'No paper'\n}.freeze\n"),
    "perl": ("t.pl", "my %e = (\n  1001 => 'Door is open',\n  1002 => 'No paper',\n);"),
}  # fmt: skip


@pytest.mark.parametrize("kind", PAIRS)
def test_arrays_of_codes_and_texts_are_read(kind):
    name, text = PAIRS[kind]
    rows, problems = read_rows(text, name)
    assert [(row.code, row.texts["description"]) for row in rows] == [("1001", "Door is open"), ("1002", "No paper")]
    assert problems == []


def test_further_texts_of_an_array_are_told():
    rows, problems = read_rows('x t[] = {{1001, "It is open", "Shut it now"}, {1002, "It is shut", "Open it"}};', "t.c")
    assert [row.texts["description"] for row in rows] == ["It is open", "It is shut"]
    assert [problem.value for problem in problems] == ["Shut it now"]


def test_a_map_of_python_gives_constants_their_texts():
    text = "E_OPEN = 1\nE_SHUT = 2  # Look\nTEXTS = {E_OPEN: 'Door is open', Errors.E_SHUT: 'Door is shut'}\n"
    rows, problems = read_rows(text, "t.py")
    assert [(row.code, row.texts["symbol"], row.texts["description"]) for row in rows] == [OPEN, SHUT]
    assert (problems, rows[1].extra) == ([], {"Comment": "Look"})
    rows, problems = read_rows("LIMIT = 7\nTEXTS = {'E1': 'Door is open', 'E2': 'Door is shut'}\n", "t.py")
    assert [row.code for row in rows] == ["E1", "E2"]
    assert [problem.kind for problem in problems] == ["left_out"]


def test_comments_and_strings_of_scripts_are_those_of_their_language():
    rows, _ = read_rows("<?php\n# don't\nconst E_OPEN = 1; # Door is open\nconst E_SHUT = 2; # It's C:\\t\n", "t.php")
    assert [row.texts["description"] for row in rows] == ["Door is open", "It's C:\\t"]
    rows, problems = read_rows("<?php return ['E1' => 'C:\\temp' . ' is', 'E2' => \"a\\tb\"];", "t.php")
    assert [row.texts["description"] for row in rows] == ["C:\\temp is", "a\tb"]
    assert problems == []


@pytest.mark.parametrize(("name", "start"), [("t.js", "e = {'E1': "), ("t.php", "<?php $e = ['E1' => ")])
def test_a_text_in_a_call_for_its_translation_is_read(name, start):
    end = "tr('No paper')};" if name == "t.js" else "tr('No paper')];"
    rows, problems = read_rows(f"{start}tr('Door is open'), 'E2' {'=>' if name == 't.php' else ':'} {end}", name)
    assert [row.texts["description"] for row in rows] == ["Door is open", "No paper"]
    assert problems == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("t.php", "'x y ' . NAME"), ("t.js", "yes ? 'a b' : 'c d'"), ("t.js", "tr('x y', 1)"), ("t.php", "<<<X\na b\nX")],
)
def test_a_text_that_is_computed_is_told(name, value):
    arrow = "=>" if name == "t.php" else ":"
    opening, closing = ("[", "]") if name == "t.php" else ("{", "}")
    text = f"e = {opening}'E1' {arrow} 'Door is open', 'E2' {arrow} {value}{closing};"
    rows, problems = read_rows(text, name)
    assert [row.code for row in rows] == ["E1", "E2"]
    assert [problem.kind for problem in problems] == ["left_out"]


def test_a_template_is_a_text_and_a_map_may_begin_with_another_one():
    rows, _ = read_rows("const e = { ...more, E101: `No ${thing} is\nleft`, E102: 'Door is open' };", "t.js")
    assert [row.texts["description"] for row in rows] == ["No ${thing} is\nleft", "Door is open"]


def test_a_constant_that_is_defined_twice_is_told():
    rows, problems = read_rows("#if A\n#define E_A 1\n#else\n#define E_A 2\n#endif\n", "t.h")
    assert [row.code for row in rows] == ["1", "2"]
    assert [(problem.place.line, problem.kind) for problem in problems] == [(4, "left_out")]


def test_names_in_capitals_are_constants_of_ruby():
    rows, _ = read_rows(
        "class E\n  E_OPEN = 1 # Door is open\n  E_SHUT = 2 # Door is shut\n  a = 3\n  X == 4\nend\n", "t.rb"
    )
    assert [(row.code, row.texts["symbol"], row.texts["description"]) for row in rows] == [OPEN, SHUT]
