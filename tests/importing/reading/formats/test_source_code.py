"""Constants and enums of many languages are codes; their comments are the texts."""

import pytest

from tests.importing.files import read_rows, refusal

OPEN, SHUT = ("1", "E_OPEN", "Door is open"), ("2", "E_SHUT", "Door is shut")
SOURCES = {
    "define": ("t.h", "#ifndef T_H\n#define T_H\n#define E_OPEN 1 /* Door is open */\n"
        "#define E_SHUT  2  // Door is shut\n#endif"),
    "define below": ("t.h", "/* Door is open */\n#define E_OPEN (1)\n\n/**\n * Door is shut\n */\n"
        "#define E_SHUT (2UL)\n"),
    "sums": ("t.h", "#define E_OPEN 1 // Door is open\n#define E_SHUT (E_OPEN + 1) // Door is shut\n"),
    "joined lines": ("t.h", "#define E_OPEN \\\n 1 // Door is open\n#define E_SHUT 2 // Door is shut\n"),
    "enum": ("t.h", "typedef enum {\n  E_OPEN = 1, /**< Door is open */\n  E_SHUT /**< Door is shut */\n} codes;\n"),
    "enum below": ("t.hpp", "enum class Err : int {\n  /// Door is open\n  E_OPEN = 1,\n"
        "  /// Door is shut\n  E_SHUT,\n};\n"),
    "one line": ("t.c", "enum e { E_OPEN = 1 /* Door is open */, E_SHUT = 2 /* Door is shut */ };"),
    "java": (
        "t.java",
        'public enum Err implements X {\n  E_OPEN(1, "Door is open"),\n  @Deprecated E_SHUT(2, "Door is shut");\n'
        "  private final int code;\n  Err(int code) { this.code = code; }\n}\n",
    ),
    "kotlin": ("t.kt", 'enum class Err(val code: Int) {\n  E_OPEN(1, "Door is open"),\n'
        '  E_SHUT(2, "Door is shut")\n}\n'),
    "c#": (
        "t.cs",
        "public enum Err\n{\n  /// <summary>Door is open</summary>\n  E_OPEN = 1,\n  /// <summary>\n"
            "  /// Door is shut\n"
        "  /// </summary>\n  E_SHUT = 2,\n}\n",
    ),
    "c# constants": (
        "t.cs",
        "class E {\n  public const int E_OPEN = 1; // Door is open\n"
            "  public const int E_SHUT = 2; // Door is shut\n}\n",
    ),
    "java constants": (
        "t.java",
        "class E {\n  /** Door is open */\n  public static final int E_OPEN = 1;\n"
        "  /** Door is shut */\n  public static final int E_SHUT = 2;\n}\n",
    ),
    "typescript": ("t.ts", "export enum Err {\n  /** Door is open */\n  E_OPEN = 1,\n"
        "  /** Door is shut */\n  E_SHUT = 2,\n}\n"),
    "declarations": (
        "t.d.ts",
        "declare class E {\n  /** Door is open */\n  static readonly E_OPEN: 1;\n"
        "  /** Door is shut */\n  static readonly E_SHUT: 2;\n}\n",
    ),
    "go": ("t.go", "const (\n\tE_OPEN = 1 // Door is open\n\tE_SHUT = 2 // Door is shut\n)\n"),
    "go iota": ("t.go", "const (\n\tE_OPEN Err = iota + 1 // Door is open\n\t// Door is shut\n\tE_SHUT\n)\n"),
    "protobuf": (
        "t.proto",
        'syntax = "proto3";\nenum Code {\n  option x = true;\n  // Door is open\n  E_OPEN = 1;\n\n  // Door is shut\n'
        "  E_SHUT = 2 [deprecated = true];\n  reserved 5;\n}\n",
    ),
    "rust": ("t.rs", "#[repr(u8)]\npub enum Err {\n    /// Door is open\n    E_OPEN = 1,\n"
        "    /// Door is shut\n    E_SHUT = 2,\n}\n"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_the_constants_of_a_language_are_codes(kind, breaks):
    name, text = SOURCES[kind]
    rows, problems = read_rows(text.replace("\n", breaks), name)
    assert [(row.code, row.texts["symbol"], row.texts["description"]) for row in rows] == [OPEN, SHUT]
    assert problems == []


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("101", "101"), ("-5", "-5"), ("(-5)", "-5"),
        ("0x80070005L", "0x80070005"), ("((HRESULT)0x80004005L)", "0x80004005"),
        ("_HRESULT_TYPEDEF_(0x8000FFFFL)", "0x8000FFFF"), ("(1 << 3)", "8"), ("(4 | 1)", "5"), ("1000 + 7", "1007"),
        ('"E-101"', "E-101"), ("007", "007"), ("~0", "-1"),
    ],
)  # fmt: skip
def test_a_value_is_kept_as_it_is_written_or_computed(value, code):
    (row,), _ = read_rows(f"#define ERR_X {value} // Words\n", "t.h")
    assert row.code == code


def test_what_is_no_code_is_named():
    text = "#define ERR_A 1\n#define ERR_B other()\n#define ERR_F(x) x\nenum Color { RED, BLUE };\n"
    text += "enum ErrorCode { OK = 0 };\n"
    rows, problems = read_rows(text, "t.h")
    assert [(row.section, row.code) for row in rows] == [("", "1"), ("ErrorCode", "0")]
    assert [(problem.place.line, problem.value) for problem in problems] == [(2, ""), (4, "Color")]


def test_names_are_codes_where_nothing_else_is():
    rows, _ = read_rows('enum Err { DOOR_OPEN("Door is open"), NO_PAPER("No paper"); }', "t.java")
    assert [(row.code, row.texts["description"]) for row in rows] == [
        ("DOOR_OPEN", "Door is open"),
        ("NO_PAPER", "No paper"),
    ]
    rows, _ = read_rows("enum Err { A = 'E_OPEN', B = 'Words here' }", "t.ts")
    assert [(row.code, row.texts["description"]) for row in rows] == [("E_OPEN", ""), ("B", "Words here")]


def test_source_code_without_codes_is_refused():
    assert refusal("int main(void) { return 0; }\n", "t.c")[0] == ["no_list"]


@pytest.mark.parametrize(("name", "number"), [("t.ts", "4_000"), ("t.hpp", "4'000"), ("t.cs", "4_0_00")])
def test_separators_between_digits_are_no_part_of_the_code(name, number):
    rows, _ = read_rows(f"enum Err {{\n  E_OPEN = {number},\n  E_SHUT\n}}", name)
    assert [row.code for row in rows] == ["4000", "4001"]


def test_a_comment_above_several_constants_is_no_text_of_the_first_and_a_version_is_no_code():
    text = "#define ACME_VERSION_2_1 1\n/* All codes */\n#define E_OPEN 1\n#define E_SHUT 2 /* Door is shut */\n"
    rows, problems = read_rows(text, "t.h")
    assert [(row.code, row.texts.get("description", "")) for row in rows] == [("1", ""), ("2", "Door is shut")]
    assert [(problem.place.line, problem.value) for problem in problems] == [
        (1, "ACME_VERSION_2_1"), (3, "All codes"),
    ]  # fmt: skip


def test_an_error_about_a_version_is_a_code():
    rows, _ = read_rows("#define ERR_BAD_VERSION 1\n#define ERR_VERSION 2\n", "t.h")
    assert [row.code for row in rows] == ["1", "2"]


def test_options_of_a_member_are_its_texts():
    member = '  E_DOOR = 1 [(text) = "Door is open", (fix) = "Close it", deprecated = true];'
    rows, _ = read_rows(f"enum Fault {{\n  E_NONE = 0;\n{member}\n}}\n", "t.proto")
    assert (rows[1].texts["description"], rows[1].texts["suggested_actions"]) == ("Door is open", "Close it")


def test_the_sign_of_an_argument_is_part_of_the_code():
    rows, _ = read_rows(
        'enum class Err(val code: Int, val text: String) {\n  LOST(-1, "Lost"),\n  OPEN(7, "Open");\n}\n', "t.kt"
    )
    assert [row.code for row in rows] == ["-1", "7"]


def test_a_long_number_is_a_code_whatever_its_name():
    text = "#define API_VERSION 3\n#define E_OPEN 0x80000001\n#define E_VERSION 0x80000002\n"
    rows, problems = read_rows(text, "t.h")
    assert [row.code for row in rows] == ["0x80000001", "0x80000002"]
    assert [problem.value for problem in problems] == ["API_VERSION"]


def test_maps_with_a_type_keep_their_names():
    text = (
        'export const OK_CODES: Record<string, string> = {\n  "000.100.110": "It worked",\n  "000.100.112": "Is"\n};\n'
        'const BAD_CODES: Record<string, string> = {\n  "800.100.151": "Card lost",\n  "800.100.152": "Card old"\n};\n'
    )
    rows, _ = read_rows(text, "t.ts")
    sections = ["OK_CODES", "OK_CODES", "BAD_CODES", "BAD_CODES"]
    codes = ["000.100.110", "000.100.112", "800.100.151", "800.100.152"]
    assert [(row.section, row.code) for row in rows] == list(zip(sections, codes, strict=True))
