"""The encodings of small files as vendors have them: read where the letters are sure, asked about otherwise."""

import codecs
from io import BytesIO

import pytest

from kb.importing.reading.encodings import ENCODING_TABLE, ENCODINGS, find_encoding
from kb.importing.reading.files import InputFile
from kb.importing.reading.letters import languages
from kb.importing.reading.precedent import Precedent
from kb.importing.reading.sheets import Limits
from tests.importing.files import open_text, read_rows, refusal

TEXTS = {
    "de": "Die Tür ist geöffnet|Überhitzung: bitte abkühlen lassen|Maß größer als zulässig|Bürste prüfen",
    "fr": "Le réseau est indisponible|Clé périmée, veuillez réessayer|Délai dépassé à l’étape précédente|Échec",
    "es": "La conexión no está disponible|Contraseña errónea|El módulo no respondió|¿Está el cable dañado?",
    "sv": "Luckan är öppen|Fläkten går för långsamt|Fel lösenord, försök igen|Åtkomst nekad",
    "pl": "Drzwi są otwarte|Błąd połączenia z serwerem|Przekroczono dozwoloną liczbę prób|Wyłącz urządzenie",
    "cs": "Dveře jsou otevřené|Připojení bylo přerušeno|Neplatný uživatel nebo heslo|Zkontrolujte měřicí přístroj",
    "hu": "Az ajtó nyitva van|A kapcsolat megszűnt, próbálja újra|Érvénytelen jelszó|Túl sok kérés érkezett",
    "ru": "Дверь открыта|Сервер недоступен|Неверный пароль, повторите ввод|Превышено время ожидания ответа",
    "uk": "Двері відчинено|Сервер недоступний|Хибний пароль, спробуйте ще раз|Перевищено час очікування",
    "el": "Η πόρτα είναι ανοιχτή|Άκυρος κωδικός πρόσβασης|Η σύνδεση διακόπηκε|Δοκιμάστε ξανά αργότερα",
    "tr": "Kapı açık, lütfen kapatın|Bağlantı kesildi|Geçersiz şifre girildi|Çok fazla istek gönderildi",
    "he": "הדלת פתוחה|החיבור לשרת נכשל|סיסמה שגויה, נסה שוב|הבקשה נדחתה",
    "ar": "الباب مفتوح|فشل الاتصال بالخادم|كلمة المرور غير صحيحة|انتهت مهلة الطلب",
    "lt": "Durys atidarytos|Ryšys su serveriu nutrūko|Neteisingas slaptažodis|Viršytas užklausų skaičius",
    "vi": "Cửa đang mở|Không thể kết nối máy chủ|Mật khẩu không đúng|Vượt quá thời gian chờ",
    "th": "ประตูเปิดอยู่|ไม่สามารถเชื่อมต่อเซิร์ฟเวอร์|รหัสผ่านไม่ถูกต้อง|หมดเวลารอการตอบกลับ",
    "ja": "ドアが開いています|サーバーに接続できません|パスワードが正しくありません|応答がタイムアウトしました",
    "ko": "문이 열려 있습니다|서버에 연결할 수 없습니다|비밀번호가 올바르지 않습니다|응답 시간이 초과되었습니다",
    "zh": "设备门未关闭|无法连接到服务器|密码错误，请重新输入|请求超过时间限制",
    "tw": "設備的門沒有關閉|無法連線到伺服器|密碼錯誤，請重新輸入|要求超過時間限制",
}
FILES = [
    *[(language, encoding) for language in ("de", "es", "sv") for encoding in ("cp1252", "mac_roman", "cp850")],
    ("fr", "cp1252"), ("fr", "mac_roman"),
    *[(language, encoding) for language in ("pl", "cs", "hu") for encoding in ("cp1250", "iso-8859-2", "cp852")],
    *[("ru", encoding) for encoding in ("cp1251", "koi8-r", "iso-8859-5", "cp866", "mac_cyrillic")],
    ("uk", "cp1251"), ("uk", "koi8-u"), ("el", "cp1253"), ("el", "iso-8859-7"), ("el", "cp737"),
    ("tr", "cp1254"), ("tr", "iso-8859-9"), ("he", "cp1255"), ("he", "iso-8859-8"), ("ar", "cp1256"),
    ("ar", "iso-8859-6"), ("lt", "cp1257"), ("lt", "iso-8859-13"), ("th", "cp874"), ("th", "tis-620"),
    *[("ja", encoding) for encoding in ("shift_jis", "euc_jp", "iso2022_jp")],
    ("ko", "euc_kr"), ("ko", "cp949"), ("ko", "johab"), ("zh", "gb2312"), ("zh", "gbk"), ("tw", "big5"),
    *[(language, f"utf-{wide}") for language in ("de", "ko", "zh") for wide in ("16-le", "16-be", "16", "32", "32-be")],
]  # fmt: skip


def table(language, rows=4):
    lines = [f"E{number},{text}" for number, text in enumerate(TEXTS[language].split("|")[:rows], 101)]
    # Commas of the texts would be columns.
    return "code,text\r\n" + "\r\n".join(line.replace(", ", " ").replace("，", " ") for line in lines) + "\r\n"


def find(data, choice="", **precedent):
    return find_encoding(InputFile(BytesIO(data), Limits()), choice, Precedent(**precedent))


@pytest.mark.parametrize(("language", "encoding"), FILES)
def test_the_letters_of_a_small_file_show_its_encoding(language, encoding):
    text = table(language)
    codec, question = find(text.encode(encoding))
    assert text.encode(encoding).decode(codec) == text
    assert question is None or question.default


def test_a_tie_is_asked_with_a_line_for_each_reading():
    _, question = find("code,text\r\n1,Brčko\r\n".encode("cp852"))
    assert question.kind == "encoding"
    assert question.is_open
    assert len({offer.label for offer in question.offers}) == len(question.offers) > 1
    assert any("Brčko" in offer.label and offer.flags == "--encoding cp852" for offer in question.offers)


def test_the_choice_ends_the_question():
    data = "code,text\r\n1,Brčko\r\n".encode("cp852")
    source = open_text(data, encoding="cp852")
    assert source.questions == []
    assert [row.texts["description"] for row in source.rows()] == ["Brčko"]
    assert open_text(data).open_questions[0].kind == "encoding"


def test_what_is_stored_of_the_table_decides():
    data = "code,text\r\n1,Brčko\r\n".encode("cp852")
    samples = {"1": {"description": "Brčko\nČapljina\nŠirokača u Brčko"}}
    assert find(data, samples=samples, encoding="cp852", language="hr")[0] == "cp852"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<html><head><meta charset="windows-1250"></head>', "cp1250"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">', "iso-8859-2"),
        ('<?xml version="1.0" encoding="KOI8-R"?>', "koi8-r"),
        ("Content-Type: text/html;\n charset=x\nContent-Type: text/html; charset=euc-kr\n", "cp949"),
    ],
)
def test_what_a_page_declares_is_evidence(head, encoding):
    letter = {"cp1250": "č", "iso-8859-2": "š", "koi8-r": "Дверь", "cp949": "문"}[encoding]
    codec, question = find(f"{head}\n<table><tr><td>E1<td>{letter}</table>".encode(encoding))
    assert letter.encode(encoding).decode(codec) == letter
    assert question is None or not question.is_open


def test_ascii_and_utf_8_need_no_evidence():
    assert find(b"code,text\n1,one\n") == ("utf-8", None)
    assert find("code,text\n1,é\n".encode()) == ("utf-8", None)
    assert find(b'<meta charset="euc-kr">' + "é한".encode()) == ("utf-8", None)


def test_utf_8_with_broken_letters_is_utf_8():
    data = "code,text\n1,Gerät prüfen\n2,Ger".encode() + b"\xe4t pr\xfcfen\n"
    assert find(data) == ("utf-8", None)
    rows, problems = read_rows(data)
    assert [row.code for row in rows] == ["1"]
    assert [(problem.place.line, "0xE4" in problem.message) for problem in problems] == [(3, True)]


def test_every_name_is_a_codec_and_every_language_has_letters():
    assert all(codecs.lookup(codec) for codec in ENCODINGS.values())
    assert {"windows-1252", "shift_jis", "euc-kr", "gb2312", "iso-8859-1"} <= set(ENCODINGS)
    assert all(len(encoding.codec) <= 32 and encoding.label for encoding in ENCODING_TABLE)
    assert {name for encoding in ENCODING_TABLE for name in encoding.languages.split()} == set(languages())


def test_an_unknown_name_is_refused():
    assert refusal("code\n1\n", encoding="klingon")[0] == ["unknown_encoding"]


def test_a_no_break_space_stands_between_words():
    assert find(b"Code,Text\nE1,Door\xa0open\nE2,Lid\n")[0] == "cp1252"


ESCAPED = {
    "hz": ["设备门未关闭", "无法连接到服务器"],
    "utf-7": ["Lüfter läuft + steht", "Größe falsch"],
    "iso2022_kr": ["문이 열려 있습니다", "서버에 연결할 수 없습니다"],
    "iso2022_jp_ext": ["ﾃﾞｰﾀ ｴﾗｰ", "接続できません"],
}


@pytest.mark.parametrize("codec", ESCAPED)
@pytest.mark.parametrize("plain_rows", [0, 3000])
def test_letters_behind_escapes_are_read_also_where_they_come_late(codec, plain_rows):
    plain = [f"{1000 + row},Some plain words of a code" for row in range(plain_rows)]
    table = ["code,text", *plain, *(f"{number},{text}" for number, text in enumerate(ESCAPED[codec]))]
    source = open_text("\n".join(table).encode(codec))
    assert [row.texts["description"] for row in source.rows()][plain_rows:] == ESCAPED[codec]
    assert source.encoding == codec
    assert source.problems == []
    assert not source.open_questions


def test_a_single_escape_may_be_plain_text_and_is_asked_about():
    (question,) = open_text("code,text\n1,The name is ~{abcd~} here\n").open_questions
    assert [offer.choices["encoding"] for offer in question.offers] == ["hz", "utf-8"]


@pytest.mark.parametrize("text", ["a+Bcd = c++", "+447700900123 or +1-800-Abc", "~{x}~", "+QUJDREVGR0g", "~{}"])
def test_plain_text_that_has_signs_of_escapes_stays_as_it_is(text):
    source = open_text(f"code;text\n1;{text}\n2;{text}\n")
    assert [row.texts["description"] for row in source.rows()] == [text, text]
    assert source.questions == []


def test_a_file_with_many_foreign_characters_names_the_encoding_and_one_with_few_does_not():
    text = "code;text\n1;Tür auf\n2;Größe falsch\n".encode("cp1252")
    assert "Many characters are not UTF-8" in open_text(text, encoding="utf-8").problems[0].message
    assert "another encoding: choose it. No column" in refusal("код;текст\n1;а\n".encode("cp1251"), encoding="utf-8")[1]
    flawed = "".join(f"{number};Tür öffnen\n" for number in range(20)).encode() + b"99;\xfc\n"
    assert open_text(b"code;text\n" + flawed).problems == []


def test_a_wrong_encoding_of_the_last_file_does_not_decide_about_the_next():
    data = "\n".join(f"{n};{text}" for n, text in enumerate(GERMAN_LINES)).encode("cp1252")
    stored = {str(n): {"description": text.encode("cp1252").decode("cp1251")} for n, text in enumerate(GERMAN_LINES)}
    assert find(data, encoding="cp1251", samples=stored, language="de") == ("cp1252", None)
    codec, question = find("1;Prüfziffer falsch".encode("cp1252"), encoding="cp1251", samples=stored, language="en")
    assert (codec, question.kind) == ("cp1252", "encoding")


GERMAN_LINES = ["Prüfziffer falsch", "Gerät nicht geöffnet", "Tür klemmt", "Außerhalb der Grenze", "Übertragung läuft"]
