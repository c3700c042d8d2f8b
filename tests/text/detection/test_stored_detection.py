"""Every answer about a ticket or log is the stored one: candidates with kind and strength, and the whole report."""

from kb.text.codes.forms import canonical
from kb.text.detection.candidates import canonical_forms
from kb.text.detection.context import confidence_limit, says_a_code
from kb.text.detection.judgement import candidates, judge
from kb.text.detection.positions import RangeIndex
from tests.text.detection import test_judgement, test_samples
from tests.text.stored import check

A, B = "660300001", "660300002"

LABELS = [
    "code", "Code", "CODE", "codes", "código", "err", "ERR", "error", "ERROR", "Error", "errors", "errno", "exit",
    "EXIT", "exited with", "exit code", "Exit Code", "exited with code", "Exited with error", "EXITED with code",
    "ran with error", "process exit with error", "leave with code", "exited: code", "status", "Status", "STATUS",
    "statusCode", "STATUS_CODE", "status code", "http_status", "httpStatus", "http", "HTTP", "HTTP/1.1",
    "http code", "httpCode", "HttpStatusCode", "result", "Result", "rc", "RC", "ret", "RET", "retCode", "sqlstate",
    "SQL-STATE", "zip code", "zipCode", "zip_code", "ZIP error", "postal codes", "Post Code", "otp", "sub code",
    "subCode", "SUB_CODE", "item error", "itemCode", "inner code", "Inner Error", "detail status", "innerStatus",
    "widgetCode", "widget error", "bizerrorcode", "Fehlercode", "felkod", "mret", "merr", "xrc", "terr_rc",
    "zipcode", "exitCode", "exit_status", "my status", "responseStatus", "sdk_code", "api.error", "$code",
    "foo.code", "encode", "decode", "barcode", "fehler", "hata", "错误码", "錯誤碼", "错误", "返回", "返回码",
    "返回值", "验证码", "错误编号", "错误号", "代码", "错误代码", "产品代码", "代号", "a代码", "子代码",
    "子错误码", "番号", "会員番号", "エラー番号", "注文番号", "サブコード", "邮政编码", "オ コード", "상태 코드",
    "код", "رمز",
]  # fmt: skip
GLUES = [
    " ", "=", ": ", '": ', '":"', "\\\": ", " => ", ":=", "->", " is ", " was ", " no. ", " nr", "#", " #", "：",
    " [", "] ", "| ", "[", "|", "/", ",", ">", " 'x' ", "(int) ", "\n", ":\n", " :  \n ", "::", " is: ", "==",
    "===", "  ", "     ", "\t", " (", "') ",
]  # fmt: skip
VALUES = [
    "3", "12", "003", "0", "00", "123", "099", "100", "404", "599", "600", "999", "1234", "0012", "00012", "12345",
    "12345678", "123456789", "-3", "- 3", "−3", "-12", "-123", "-1009", "３", "４０４", "0x5", "0X12", "0x1234",
    "0x12345678901234567", "ORA-00942", "ora-00942", "E4012", "e4012", "42P01", "42p01", "c0000005", "C0000005",
    "c000000", "2nd", "v3", "mp3", "MP3", "X1", "ab-123", "a-123", "abcdefghi-123", "abcdefgh-123", "ab-12",
    "x_y1", "1" * 19, "1" * 20, "12345678a", "12ab",
]  # fmt: skip
AFTERS = [
    ":", "(", " (", " :", "  (", ": x", " --- [main]", "---", ".", ".5", ",", ",123", ",1234", ",12", ":1", "#3",
    "#", "/x", "-x", "-", "/", "%", "@", "$", "€", "_", "a", " ms", "ms", " mb", " msg", "kb", " %", "]", "\n",
    " a", "é", "０", ". 5",
]  # fmt: skip
LABELLED = [
    *(f"{label}{glue}{value}" for label in LABELS for glue, value in ((" ", "404"), (": ", "42P01"), ("=", A))),
    *(f"{label}{glue}{value}" for label in ("error", "Code", "status") for glue in GLUES for value in ("7", "1234")),
    *(
        f"{label}{glue}{value}"
        for value in VALUES
        for label, glue in (
            ("error", " "), ("code", "="), ("ERROR", " "), ("status", " "), ("exit code", " "), ("HTTP", " "),
            ("错误码", "："),
        )
    ),
    *(
        f"{label} {value}{after}"
        for label, value in (("error", "3"), ("ERROR", "12345"), ("status", "404"))
        for after in AFTERS
    ),
    *(
        f"{before}{opening}code=3"
        for before in ("zip", "sub", "exit")
        for opening in ("\n", ",", "{", " ", "_", "-", ".", '"', "' ", "    ")
    ),
    *(f"{'x' * count} zip code 3" for count in (0, 1, 23, 24, 25, 30)),
    *(f"zip{' ' * count}code 3" for count in (1, 2, 3, 4, 5)),
    *(f"exit {'x' * count} with error 3" for count in (1, 10, 14, 15, 16, 17, 18, 20)),
    *(
        f'code": "{word}"'
        for word in ("NoSuchKey", "abc", "ab", "a1c", "not_found", "x.y", "a" * 48, "a" * 49, "3abc")
    ),
    'CODE = "NoSuchKey"', "code: NoSuchKey", "code='x y'", 'code\\":\\"AccessDenied\\"', "code :  'Denied'",
    "errors/660300001",
]  # fmt: skip
BARES = [
    *(
        f"{sign}{A}"
        for sign in (
            "", "a", "é", "_", "+", "$", "€", "£", "¥", ".", "-", "/", ",", ":", "1-", "1/", "1,", "1:", "1.",
            "x-", "(", "#",
        )
    ),
    *(
        f"{A}{sign}"
        for sign in (
            "a", "é", "_", "%", "@", ".", ".1", ",1", "-1", "/1", ":1", ".x", ",x", ": x", " (", "：",
        )
    ),
    "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "12345678901", "3234567890", "0123456",
    "０123456", "20250101", "20251301", "2147483648", "９２３４５６", "ABC-123", "AB-12", "AB-123", "A-123",
    "AB-123456", "AB-1234567", "ABCDEFGH-123", "ABCDEFGHI-123", "AB-123-4", "AB-123x", "x-AB-123", ".AB-123",
    "é AB-123", "0x123", "0x1234", "0xABCD", "0x0055", "0x0005", "0X0005", "0x0555", "10x1234",
    "0x12345678901234567", "0x1234G", "-0x1234", "0x80070005", "0x00000005", "0xE0000001", "0x70000001",
    "ORA-12345", "XYZ-12345", "E-123",
]  # fmt: skip
FIELDS = (
    "id", "ID", "userId", "user_id", "userids", "errorId", "said", "did", "message", "MESSAGE", "failure_reason",
    "Failure_Reason", "xReason", "widget", "errValue", "ErrValue", "kundennummer", "order", "Order", "td", "TD",
    "custom_time", "count", "uid", "n", "x1", "1",
)  # fmt: skip
BEFORES = [
    *(f"{name}{glue}" for name in FIELDS for glue in ("=", ": ", '": "', ">", "' : ", "\\\": ", " ")),
    *(
        f"{words} "
        for words in (
            "no.", "error no.", "Error No.", "invoice no.", "err number", "order is", "Order is", "order IS",
            "widget is", "numer klienta", "numer is", "numer error", "number failed", "id is", "code is", "id",
            "ID", "the said", "call me on", "Call us at", "text them:", "call it", "call me\non", "$", "€", "£ ",
            "¥", "+", "+49", "+49 (170)", "+4917 -", "/a/", "订单", "订单号：", "订单是", "错误", "手机号 (",
            "QQ「", "room(", "user [1, 2,", "ids: [1, 2,", '"ids": [1,', "string(3) \"x\" =>",
            "key] => string(9) \"", "3 and", "x and", "1,", "1;", "1 和", "it says", "unsaid", "fail",
            "it fails 1,", "fails,", "-> ", "is", "his", "answer", "->", "order ->", "userId -->", "returned ->",
            "x => y ->", "throws；", "见", "返回",
        )
    ),
    "/error/", "/errors/", "/code/", "/Code/", "/users/", "x/err_1/", "/err/x/", "1: *", "12#34: *", "12#34: * ",
    "12#34:*", "3, ", "3/", "3|", "3  ", "3    ", "3、",
]  # fmt: skip
AFTER_BARES = [
    "", " ms", "ms", " S", "s", " sx", " EUR", "€", " €", "  ms", " users", "次", " 次", " is your code",
    " is your login code", " IS YOUR one-time pin", " is your a b c code", " is your a b c d code",
    " is your codes", " is your room", ": x", ":x", " (x", "(", "：", "，", " -",
]  # fmt: skip
REPORTS = [
    f'{{"Code":{A},"Error":{{"Code":0}}}}', f'{{"Code":0,"Error":{{"Code":{A}}}}}', "code 0", "code: 0\nerror 3",
    f"{A} {A}\n{A}", f"error {A}\nit says {B}", f"error {A}\nid {B}", f"error {A}\n{'x ' * 190}{B}",
    *(f"error {A};{' ' * count}{B}" for count in (380, 389, 390, 391, 392, 400)),
    *(f"{B};{' ' * count}error {A}" for count in (381, 382, 383, 384, 385)), f"{A} and {B}; error 3",
    f"error 3, {A}: x", f"error 3 {A} (x", f"-1073741819 0xC0000005 3221225477 {A}", "code=C0000005",
    "code=-1073741819", "code=660399999 code=660300009", "660399999", "660400000", "659999999", "669999999",
    "670000000", "code=999999", "code=000", "code=0000", "code=x1", "code=00", "status 77777", "rc=777",
    "HTTP 500", "exit code 77", "exit code 8", "exit code 137", "HTTP 404", "HTTP 8", "exit code 660300009",
    "ORA-12345", "XYZ-12345", "0x80070005", "0x10070005", "0x90070005 0x90070005\n0x90070005", "widget=660399999",
    "widget: 660399999", "id 660399999", "６６０３９９９９９", f"error 0x275ADA61\nerror {A}", f"\n\n{A}\n{B}\n",
    f"code={A}\r\ncode={B}", f"widget={A}\n{A}", f"{A}\nerror {A}", f"widget={A} code=3", f"zip code {A}",
    f"widget={A}\nCaused by: code={B}", f"code={A}\nUrsache: code={B}\nRoot cause: 7 error 3",
    f"code={A}\nDuring handling of the above x code={B}", f'{{"SubCode":{A}}} {{"Code":{B}}}',
    f'{{"a":{{"SubCode":{B}}},"Code":{A}}}',
]  # fmt: skip
MORE = ("0x5", "0x55", "0x555", "404", "137", "10")
KNOWN = test_judgement.KNOWN | {canonical(code): code for code in MORE}
RANGES = [(1, 9, "digit"), (5, 5, "five"), (5, 20, "b"), (20, 30, "c"), (40, 50, "d"), (100, 200, "e"), (9, 100, "f")]


def report(text):
    detection = judge(text, candidates(text), KNOWN, test_judgement.RANGES)
    return detection.codes, detection.unknown, detection.read_to_line


def test_every_labelled_value_has_the_label_kind_and_strength_here():
    check("labelled", LABELLED, candidates)


def test_every_number_or_shape_alone_is_a_candidate_or_none_as_here():
    check("bare", BARES, lambda text: (candidates(text), candidates(f"x {text} x"), candidates(f"{text}\n{text}")))


def test_every_word_before_a_number_limits_the_confidence_as_here():
    def answer(before):
        text = f"{before}{A}"
        place = len(before), len(text)
        return (
            confidence_limit(text, *place),
            says_a_code(text, *place),
            confidence_limit(f"a b {text}", place[0] + 4, place[1] + 4),
        )

    check("before", BEFORES, answer)


def test_every_word_after_a_number_limits_the_confidence_as_here():
    check("after", AFTER_BARES, lambda after: [f(f"{A}{after}", 0, 9) for f in (confidence_limit, says_a_code)])


def test_every_distance_of_a_word_limits_the_confidence_as_here():
    def answer(distance):
        texts = [f"{words}{' ' * distance}" for words in ("fails", "call me", "+49", "order", "订单")]
        return [[f(f"{text}{A}", len(text), len(text) + 9) for f in (confidence_limit, says_a_code)] for text in texts]

    check("distance", range(32), answer)


def test_every_text_has_the_report_here():
    check("reports", [*REPORTS, *BARES, *(f"{before}{A}" for before in BEFORES)], report)


def test_every_sample_has_the_report_here():
    texts = {title: text for title, _, text in test_samples.ALL}
    known = test_samples.known_codes()

    def answer(title):
        found = judge(texts[title], candidates(texts[title]), known, test_samples.RANGES)
        return found.codes, found.unknown, found.read_to_line

    check("samples", texts, answer)


def test_every_number_is_in_the_range_here():
    index = RangeIndex(RANGES)
    numbers = [-1, 0, 1, 4, 5, 6, 8, 9, 10, 19, 20, 21, 30, 31, 39, 40, 50, 51, 99, 100, 101, 199, 200, 201]
    check(
        "ranges",
        numbers,
        lambda n: ([index.has(n, digits) for digits in (1, 2, 3)], index.narrowest(str(n)), index.narrowest(f"x{n}")),
    )
    assert not RangeIndex([]).has(5, 1)


def test_every_candidate_has_the_forms_to_look_up_here():
    values = [
        "0",
        "1",
        "01",
        "10",
        "00",
        "010",
        "123456789",
        "1234567890",
        "2147483648",
        "4294967295",
        "９",
        "²",
        "-1",
        "a1",
    ]
    check("forms", [*VALUES, *values], canonical_forms)
