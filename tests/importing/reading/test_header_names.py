"""Headers are understood by their words, in many languages and with marks around them."""

import pytest

from kb.importing.reading.header_names import claim, language_of, plain, shown


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("code",
         "Fault code|Alarm No.|Error #|Reason code|Exit code|Event ID|Decline code|DTC|"
         "Err. code|errCode|Message ID|"
         "API v.2 code|Respone code|Fehlernr.|Alarm-Nr.|2) Error code|Číslo chyby|Cause value"),
        ("code",
         "错误码|错误编号|故障代码|異常碼|エラーコード|アラーム番号|コード|오류 코드|알람 번호|"
         "Fehlercode|Störungsnummer|Störnummer|Meldungsnummer"),
        ("code",
         "Code d'erreur|N° d'alarme|Código de error|Código|Código do erro|Codice errore|Codice|"
         "Код ошибки|Код неисправности"),
        ("code",
         "Kod błędu|Numer alarmu|Foutcode|Storingscode|Hata kodu|Arıza kodu|Felkod|Fejlkode|"
         "Virhekoodi|Hibakód|Mã lỗi|رمز الخطأ"),
        ("description",
         "Meaning|Fault description|Alarm text|Fehlermeldung|Beschreibung|Bedeutung|"
         "Description du défaut|Mensaje de error"),
        ("description",
         "Descrição do erro|Messaggio|Описание ошибки|Opis błędu|Omschrijving|Hata açıklaması|"
         "故障描述|説明|エラー内容説明|오류 메시지"),
        ("description",
         "Meldung|Nachricht|Hinweistext|Message affiché|Mensaje|Messaggio|Melding|Bericht"),
        ("possible_reasons",
         "Probable cause|Likely causes|Root cause|Ursache|Mögliche Ursachen|Cause probable|"
         "Causa posible|Possíveis causas"),
        ("possible_reasons",
         "Causa possibile|Возможные причины|Przyczyna|Oorzaak|Olası nedenler|可能原因|故障原因|"
         "考えられる原因|원인"),
        ("suggested_actions",
         "Remediation|Workaround|Fix|Corrective action|Abhilfe|Behebung|Maßnahmen|"
         "Solution proposée|Acción correctiva"),
        ("suggested_actions",
         "Ação recomendada|Soluzione|Rimedio|Способ устранения|Rozwiązanie|Oplossing|Çözüm|"
         "处理办法|対処方法|조치 방법"),
        ("section",
         "Category|Module name|Kategorie|Catégorie|Categoría|Категория|カテゴリ|분류|模块"),
        ("symbol",
         "Error name|Symbolic name|Constant|宏定义|定数|Konstante"),
        ("split",
         "Possible cause and solutions|Cause / Remedy|Ursache und Abhilfe|原因及解决方案|"
         "原因と対策|원인 및 조치|Cause & action"),
    ],
)  # fmt: skip
def test_the_words_of_a_header_say_what_its_column_holds(target, headers):
    answers = {header: claim(header) for header in headers.split("|")}
    assert {header: answer.target for header, answer in answers.items() if answer.target != target} == {}
    assert [header for header, answer in answers.items() if answer.is_weak] == []


@pytest.mark.parametrize(
    "header", ["ID", "No.", "Number", "Value", "Status", "Error", "Level", "Issue", "HTTP code", "#"]
)
def test_a_name_that_other_tables_have_too_is_weak(header):
    assert claim(header).target == "code"
    assert claim(header).is_weak


@pytest.mark.parametrize(
    "header", ["", "Bus", "Parameter", "No fault", "Number of faults", "Module code", "Barcode", "Node", "Since", "a;b"]
)
def test_other_headers_say_nothing(header):
    assert claim(header).target == ""


@pytest.mark.parametrize(
    "header",
    [
        "Return Code-12%-l",
        "<b>Return</b> code",
        "[Return code](#codes)",
        "**Return code**",
        "Return code[1]",
        "RETURN_CODE",
        "Return code (decimal)",
        "Return codes:",
        "Return code\u00b9",
        "return-code",
        "Return code {#anchor}",
        "\uff32eturn code",
    ],
)
def test_marks_around_a_header_are_taken_off(header):
    assert plain(header) == "return code"


def test_a_header_is_shown_without_marks():
    assert shown("[Code](#x)^1^") == "Code"
    assert shown("Text-30%-r") == "Text"


@pytest.mark.parametrize(
    ("header", "spelling"),
    [
        ("Descripton", "description"),
        ("solutoin", "solution"),
        ("Decsription", "description"),
        ("Remeddiation", "remediation"),
    ],
)
def test_one_wrong_letter_in_a_long_word_is_understood_and_told(header, spelling):
    assert claim(header).spelling == spelling
    assert claim(header).target


@pytest.mark.parametrize("header", ["Ation", "Causs", "Derivation", "Connections"])
def test_other_words_are_not_taken_for_misspelt_ones(header):
    assert claim(header).target == ""


def test_a_language_behind_a_text_is_told_apart():
    assert (claim("message_de").target, claim("message_de").language) == ("description", "de")
    assert claim("Message EN").is_foreign("de-AT")
    assert not claim("Message DE").is_foreign("de-AT")
    assert not claim("Message").is_foreign("de")
    assert (language_of("Text (x) German"), language_of("Text")) == ("de", "")


@pytest.mark.parametrize(
    ("header", "target"),
    [("Riešenie", "suggested_actions"), ("Mahdollinen syy", "possible_reasons"), ("Hibaüzenet", "description"),
     ("조치 방안", "suggested_actions"), ("Penjelasan", "description"), ("Ursche", "possible_reasons")],
)  # fmt: skip
def test_further_languages_make_headers_of_several_words(header, target):
    answer = claim(header)
    assert (answer.target, answer.is_weak) == (target, False)
