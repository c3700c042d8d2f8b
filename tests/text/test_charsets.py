"""Texts as bytes: marks, names, and UTF-16 that nothing names."""

import codecs

import pytest

from kb.text.charsets import NotDecoded, decode_json, decode_log

LINE = "10:02:11 login failed, code=660300001, Zürich 房间不存在\r\n"
ASCII = "10:02:11 login failed, code=660300001\n"


@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("named", ["", "iso-8859-1"])
def test_a_byte_order_mark_decides(charset, named):
    assert decode_log(f"\ufeff{LINE}".encode(charset), named) == LINE


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("UTF-8", LINE),
        ("utf-16le", LINE),
        ("UTF-16BE", LINE),
        ("utf-32LE", LINE),
        ("windows-1252", "Zürich – 5 €"),
        ("iso-8859-1", "Zürich"),
        ("latin1", "Zürich"),
        ("gb18030", LINE),
        ("GBK", "房间"),
        ("GB2312", "房间"),
        ("big5", "房間"),
        ("Shift_JIS", "部屋"),
        ("euc-jp", "部屋"),
        ("iso-2022-jp", "部屋"),
        ("euc-kr", "방"),
        ("koi8-r", "ошибка"),
        ("us-ascii", ASCII),
    ],
)
def test_a_charset_is_read_by_its_name(charset, text):
    assert decode_log(text.encode(charset), charset) == text


@pytest.mark.parametrize(
    "charset",
    [
        "rot13",
        "zlib",
        "zip",
        "unicode-escape",
        "idna",
        "punycode",
        "utf-7",
        "base64",
        "x" * 100,
        "\x00",
        "../os",
        "mbcs",
    ],
)
def test_a_codec_that_is_no_charset_is_refused_in_words(charset):
    with pytest.raises(NotDecoded, match="Allowed are utf-8"):
        decode_log(b"a", charset)


def test_an_unknown_name_does_not_stay_in_memory():
    from encodings import _cache

    before = len(_cache)
    for n in range(20):
        with pytest.raises(NotDecoded):
            decode_log(b"a", f"nonsense-{n}")
    assert len(_cache) == before


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [ASCII, LINE * 3, "一" * 5 + ASCII, "\x1b[31m" + ASCII])
def test_utf_16_without_a_mark_is_recognised(charset, text):
    assert decode_log(text.encode(charset)) == text


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_half_a_letter_at_either_end_is_no_obstacle(charset):
    data = (ASCII * 3).encode(charset)
    assert "code=660300001" in decode_log(data[1:])
    assert "code=660300001" in decode_log(data[:-1])


def test_zero_bytes_of_a_crash_are_no_utf_16():
    block = b"\x00" * 4096
    assert ASCII.strip() in decode_log(block + ASCII.encode())
    assert ASCII.strip() in decode_log(ASCII.encode() + block + ASCII.encode())
    assert decode_log(ASCII.encode() * 10 + b"\x00") == ASCII * 10 + "\x00"


@pytest.mark.parametrize("data", [b"\x00a\x00\x00b\x00c\x00" * 20, b"ab\x00cd\x00\x00e" * 50])
def test_what_is_not_certain_is_refused_in_words(data):
    with pytest.raises(NotDecoded, match="Send it in UTF-8"):
        decode_log(data)


def test_wrong_bytes_of_a_log_are_replaced():
    assert decode_log(b"caf\xe9 code=3") == "caf\ufffd code=3"
    assert decode_log(b"caf\xe9 code=3\xff", "shift_jis").endswith("code=3\ufffd")


@pytest.mark.parametrize(
    "charset", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-8-sig"]
)
def test_json_is_read_in_each_utf(charset):
    assert decode_json('{"a": 1}'.encode(charset)) == '{"a": 1}'


def test_json_is_not_repaired():
    with pytest.raises(UnicodeDecodeError):
        decode_json(b'{"a": "\xe9"}')
    assert decode_json(b'{"a": "\xe9"}', "windows-1252") == '{"a": "é"}'


def test_marks_are_those_of_python():
    assert codecs.BOM_UTF32_LE.startswith(codecs.BOM_UTF16_LE)
