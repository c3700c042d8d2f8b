"""Every answer about a code's spelling, a cell and a vendor's advice is the stored one."""

from kb.text.codes import cells, disposition, forms
from kb.text.safety.formula import defuse, infuse
from tests.text.stored import check

BORDERS = [
    edge + step
    for edge in (0, 7, 2**7, 2**15, 2**16, 2**31, 2**32, 2**63, 2**64, 10**9, 10**17, 10**18, 10**19, 10**20)
    for step in (-1, 0, 1)
]
NUMBERS = [
    spelling
    for value in BORDERS
    for spelling in (str(value), f"{-abs(value)}", f"+{abs(value)}", f"00{abs(value)}", f"{abs(value):#x}")
]
SPELLINGS = [
    *NUMBERS, "", " ", "-", "+", "--1", "+-1", "-0", "+0", "000", " 7 ", "\t7\n", "７", "Ⅷ", "²", "\u200b7",
    "7\u00ad", "\ufeffORA-00942", "ora-942", "ORA_00942", "ORA 00942", "ORA  942", "ORA\u2010942", "ORA\u2212942",
    "\u22127", "a\u2015b", "ß", "ǰ", "ﬁ", "É", "E\u0301", "i\u0307", "房间-01", "😀1", "a~", "a\x7fb", "a b",
    "a.01.2", "x!", "A1B02", "0x", "0xG", "0x0", "0X0000", "00x7", "x7", "0xFFFFFFFF", "0x7FFFFFFF", "0x80000000",
    "0x100000000", "0xC0000005", "0XC0000005", "C0000005", "c0000005", "C000000", "C00000055", "G0000005",
    "12345678", "1234567A", "7FFFFFFF", "7FFFFFFE", "80000000", "8000000A", "7000000A", "00000A00", "FFFFFFFF",
    "E0000001", "0xFFFFFFFFC0000005", "0xFFFFFFFF80000000", "0xFFFFFFFF7FFFFFFF", "0xFFFFFFFE80000000",
    "0x1FFFFFFFFC0000005", "0xFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFF", "0x10000000000000000",
    "0x00010000000000000000", "0x0000000000000000007", "0x7FFFFFFFFFFFFFFF", "0x8000000000000000", "A" * 63,
    "A" * 64, "A" * 65, "1" * 63, "1" * 64, "1" * 65, "9223372036854775807", "-9223372036854775808",
    "-9223372036854775809", "-9223372036854775807", "1" * 18, "1" * 19, "A" + "1" * 99, "A" + "1" * 100,
    "NoSuchKey", "42P01", "429 Too Many", "1.0", "1e5", "-32601", "-2147483649",
]  # fmt: skip
GROUPED = [
    *(
        f"{label}{gap}{value}"
        for label in (
            "ERR", "error", "Code", "RC", "ret", "retcode", "error-code", "error_code", "e", "errorcode",
            "error  code", "warn", "x err",
        )
        for gap, value in (("", "660"), ("_", "660300001"), ("- ", "-660"), ("---", "660"), (" ", "66"))
    ),
    *(f"e{'1' * count}" for count in (2, 3, 20, 21)), *(f"660{sign}300{sign}001" for sign in " ,.'_-’\u00a0"),
    "660 300,001", "6 300", "66 300", "6603 001", "660 30", "660 3000", "-6 300", "1" + ",234" * 5,
    "1" + ",234" * 6, "1" + ",234" * 7, "6 300 x", "x 6 300", "660300001",
]  # fmt: skip
PAIRS = [
    *(
        ("660300001", near)
        for near in (
            "660300001", "660300002", "760300001", "66030001", "6603000011", "660030001", "660300010", "1", "", "x",
            "660300001660300001",
        )
    ),
    *(
        ("ora-942", near)
        for near in ("ORA-942", "ora-942", "ORA-943", "ORB-942", "ORA-9422", "O-942", "AAA", "ORAA-942")
    ),
]  # fmt: skip
CELLS = [
    *(cell for sign in sorted(cells.EMPTY) for cell in (sign, f" {sign}\n", f"{sign}x", f"{sign}   {' ' * 8}")),
    "N/A     ", "N/A      ", "N/A       ", "n/A", "none", "Null", " " * 8, " " * 9, "'=1", "'-1", "'a", "''a", "'",
    "'\t", "'+", "'@x", "=1", "a\rb", "a\r\nb", "a\r\n\rb", "\ra", "a \n ", " a", "a<br>b", "a <BR /> b",
    "a<br>\n\nb", "<br>", "a<br>\n b\t<br/>c", "a<br\n>b", "a<li>b", "<li>a</li>",
    "<UL><LI>a</LI><li> b </li></UL>after<ol><li>c</li></ol>z", "x<ol>\n<li>a\n</li>\n</ol> y ", "a < b",
    "<b>a</b>", "</li>a", "<ul>a</ul>", "<li></li><li>b", "a<br><li>b<br>c</li>",
]  # fmt: skip
LISTS = [
    *(
        f"1{sign}2"
        for sign in (
            *",;/|&、，；／\n \t-~–—～至到和或及与.:_", " and ", " or ", "and", " to ", "to", "  ", " AND ",
        )
    ),
    *(
        f"{first}-{last}"
        for first, last in (
            (1, 100), (100, 198), (100, 199), (100, 200), (100, 201), (5, 5), (6, 5), (5, 6), (9, 10), (404, 13),
            ("007", "009"), ("07", "009"), (10, 13), ("1" * 18, "1" * 17 + "3"), ("1" * 19, "1" * 18 + "3"),
        )
    ),
    "1", "", "a1, b2", "a, b", "a1, b", "1, 2 3", "1 2 x", "-1, -2", "1,,2", "1,2,", "1-3, 7", "1-3, 7-5",
    "E-1/E-2", "1 -3", "1- 3", "x1-3", "1, .2", "1, 2!", "1; a:1", "12 34", "a1 b2", "1," * 999 + "22",
    "1," * 999 + "2", "1," * 999 + "222", "1\n2\n3", "1 and or 2", "one 1 or two 2", "1 to 3 or 5", "1至3和7",
    "ORA-00001, ORA-00002", "错误和1", "房间01", "1至3，7和9", "１至３", "１", "²和1",
]  # fmt: skip
ADVICE = [
    "", "Try again later.", "TRY AGAIN", "Retry", "retry later", "retrying", "untry again",
    "Contact technical support.", "Contact ZEGO support", "contact support", "contact the vendor",
    "Contact vendor", "Please contact ZEGO technical support.",
    "Contact technical support to upgrade the package.", "Upgrade the package.", "Upgrade your plan",
    "open the pro edition", "open edition", "Please check the room.", "please let", "Check if it is.",
    "No action is needed.", "No action needed", "No action required, retry", "Try again later or try again.",
    "Try again, or contact technical support.", "无需处理", "请稍后再试", "请稍后重试", "重试",
    "联系 ZEGO 技术支持", "联系。技术支持", f"联系{'好' * 20}技术支持", f"联系{'好' * 21}技术支持", "请先注册",
    "请注册", "升级套餐", "开通旗舰版", "请检查 无需处理", "Pleaſe check", "pleaſe CHECK it", "please  check",
    f"contact {'a' * 79} support", f"contact {'a' * 80} support", f"contact {'a' * 81} support",
    "contact a. support", f"{'x' * 3989} try again", f"{'x' * 3990} try again", f"{'x' * 3991} try again",
    f"{'x' * 4000} try again", "please check and please use", "do not process", "needs to be", "Needs to log in",
    "retry. Please check it",
]  # fmt: skip
NEAR = [
    "12", "123", "-12", "-7", "AB-1", "0x10", "660300001", "A1.", "１２３", "1" * 20, "1" * 21, "Ä12", "007",
    "ORA-00942",
]  # fmt: skip


def test_every_spelling_is_stored_and_read_as_it_is_here():
    check("spellings", SPELLINGS, lambda raw: (forms.forms(raw), forms.readings(raw), forms.bare(raw)))


def test_every_number_in_groups_or_with_a_label_is_read_as_it_is_here():
    check("grouped", GROUPED, forms.bare)


def test_every_code_has_the_near_codes_of_one_edit_here():
    check("near_codes", NEAR, lambda raw: " ".join(sorted(forms.one_edit_variants(raw))))


def test_what_differs_from_a_near_code_is_marked_as_here():
    check("differences", PAIRS, lambda pair: forms.difference(*pair))


def test_every_cell_is_tidied_and_defused_as_here():
    check("cells", CELLS, lambda cell: (cells.tidy(cell), cells.tidy(cell, True), defuse(cell), infuse(cell)))


def test_every_character_is_allowed_in_a_text_or_not_as_here():
    points = [*range(0x21), 0x7F, 0x80, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFE]
    check("characters", points, lambda point: [cells.unfit(f"a{chr(point)}b") != "", ascii(cells.fit(chr(point)))])


def test_every_cell_lists_the_codes_here():
    check("lists", LISTS, cells.several_codes)


def test_every_advice_names_the_disposition_and_fixer_here():
    check("advice", ADVICE, disposition.derive_disposition)
