"""What a number without a label belongs to, read from the words around it."""

import re

# Read backwards from a number: the list it stands in, opening signs, a separator, then the name that it belongs to.
_BACK_FIELD = re.compile(
    r"""(?:["'\\]{1,4}+\s{0,2}+\)[0-9]{1,3}+\(gnirts(?=\s))?+(?:(?:[\s"'\\]{0,4}+,[\s"'\\]{0,4}+[0-9]{1,19}+){1,4}+(?=[\s"'\\]{0,4}[\[(]))?+[\s"'\\\[({“]{0,8}+"""
    r"""([:=：>#]{1,3}+)[\s"'\\\])*\[]{0,6}+([\w.$-]{1,32}+)"""
)
_BACK_WORDS = re.compile(r"""[\s"'\\(#№\[“:*.°º]{0,8}+([^\W\d_]{1,24}+)?\.?(?:[\s\-/_:."']{1,4}+([^\W\d_]{1,24}+))?""")
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_IDS = frozenset(
    (
        "id ids uid userid uuid guid gid oid pid tid tids seq seqno sequence nonce timestamp time ts date port "
        "line lineno col column row offset size length len bytes count total amount price sum cost fee balance "
        "invoice order ticket case phone tel telephone mobile fax cell whatsapp number num no nr key hash index "
        "version build serial sn account iban customer contract user users room rooms group groups member app "
        "appid player client caller callee sender receiver thread process session trace span request message msgid "
        "conversation device sku zip qty quantity duration elapsed latency expire expires ttl age salary kunde "
        "kundennummer rechnung bestellung bestellnummer telefon handy usuario sala pedido factura teléfono "
        "telefono utilisateur commande facture téléphone salle raum nutzer benutzer aktenzeichen vorgang "
        "vorgangsnummer rechnungsnummer auftrag auftragsnummer kundennr eur usd gbp cny rmb rub inr jpy chf номер "
        "заказ заказа телефон счёт счет пользователь isbn ref refno reference po rma meter paypal rut nif vat tax "
        "steuernummer cpf fromuserid touserid roomid groupid msgseq server callid appkey owner from to ext "
        "extension seed token password pass passwd secret signature sign pin otp operator printed pages frame "
        "frames fps bitrate heap memory usage used free ms us ns kb mb px percent transaction txn payment refund "
        "receipt claim policy passenger patient student employee driver guest person people subscriber visitor "
        "contact agent rider seller buyer merchant store shop vehicle plate flight train parcel package shipment "
        "tracking delivery article artikel item product barcode ean upc klient klienta klant müşteri cliente "
        "fattura faktura encomenda contrato dni worker job task pool queue partition block page chapter volume "
        "address addr pointer ptr lsn xid call calls called dial earned earns checksum sha md5 crc transfer "
        "transferred wire objednávky objednávka číslo"
    ).split()
)
_NEUTRAL = frozenset(
    (
        "code msg message error err errmsg reason desc description detail details info text log result ret data "
        "response resp body cause status exception stderr stdout output reply answer failed failure failure_reason "
        "fehler erreur"
    ).split()
)
_ERRORS = frozenset("error errors err code codes fehler errcode return ret retour".split())
_IS = frozenset("is ist est es was war lautet era был è é wynosi".split())
_TAGS = frozenset("a b br code div em i kbd li p pre samp span strong td th tt u".split())
_NUMBER_WORDS = frozenset(
    "number num no nr id nummer numero número numéro numer numara numarası номер номера n nº".split()
)
_CJK_IDS = tuple(
    (
        "订单 订单号 单号 工单 用户 用户ID 用户号 房间 房间号 群 群组 群号 手机 手机号 电话 "
        "账号 流水号 编号 发票 发票号 金额 应用 时间戳 快递 QQ 微信 房間 用戶 電話 訂單 "
        "注文番号 注文 ユーザー ルーム 電話番号 会員番号 請求書 주문번호 주문 사용자 전화번호 "
        "회원 方 客户 尾号 身份证"
    ).split()
)
_NGINX_CONNECTION = re.compile(r"[0-9]#[0-9]{1,10}: \*\Z")
_CALL_ME = re.compile(
    r"\b(?:call|ring|text|reach|contact|phone|whatsapp) (?:me|us|him|her|them|back)\b[^.\n]{0,16}\Z", re.IGNORECASE
)
_DIALLED = re.compile(r"\+[0-9]{1,3}[0-9 ()/.-]{0,14}\Z")
# "123456 is your login code": a one-time password.
_IS_YOURS = re.compile(r"[ ]is your (?:[a-z-]{1,16} ){0,3}(?:code|pin|password|otp)\b", re.IGNORECASE)
_UNITS = re.compile(
    r"[ ]?(?:ms|s|ns|µs|us|sec|bytes?|[kmg]i?b|b|px|eur|usd|gbp|cny|rmb|yen|euros?|dollars?|rows|users|points"
    r"|元|円|원|€|\$|£|次|条|人"
    r"|messages|records|times|requests|steps|views|items|tokens|kr|руб)(?![A-Za-z])",
    re.IGNORECASE,
)


def named(text: str, start: int, end: int) -> tuple[float, str] | None:
    """Read what stands around a bare number. None: it names something else. Otherwise (limit, why or '')."""
    before = text[max(0, start - 72) : start]
    if _UNITS.match(text, end) or before.rstrip().endswith(("$", "€", "£", "¥", "+")):
        return None
    if _IS_YOURS.match(text, end):
        return None
    if _NGINX_CONNECTION.search(before) or _CALL_ME.search(before) or _DIALLED.search(before):
        return None
    if re.sub(r"[\s:：#\"'（(是为為はが=「【\[]+\Z", "", before[-16:]).endswith(_CJK_IDS):
        return None
    back = before[::-1]
    field = _BACK_FIELD.match(back)
    if field:
        name = field[2][::-1]
        if field[1] == ">" and name in _TAGS:
            return 1.0, ""
        return _from_field(
            name, is_prose=field[1] != "=" and back[field.end() : field.end() + 1] not in ('"', "'", "\\")
        )
    return _from_words(back, before)


def _from_field(name: str, is_prose: bool) -> tuple[float, str] | None:
    if _is_id(name):
        return None
    if _says_error(name) or name.lower() in _NEUTRAL or _humps(name)[-1] in _NEUTRAL:
        return 1.0, ""
    return 0.6 if is_prose else 0.4, f"It follows “{name}”, so it may not be a code."


def _humps(name: str) -> list[str]:
    return [hump.lower() for hump in _HUMP.findall(name)] or [name.lower()]


def _says_error(name: str) -> bool:
    return not _ERRORS.isdisjoint(_humps(name))


def _is_id(name: str) -> bool:
    last = _humps(name)[-1]
    if _says_error(name):
        return False
    return (
        last in _IDS
        or name.lower() in _IDS
        or last.endswith(("id", "ids", "seq", "time", "count", "nummer", "number", "numarası"))
    )


def _from_words(back: str, before: str) -> tuple[float, str] | None:
    match = _BACK_WORDS.match(back)
    near, far = ((part or "")[::-1] for part in match.groups()) if match else ("", "")
    if near.lower() in _NUMBER_WORDS:
        # "error no. 660300001" is a code, "invoice no. 660300001" is not.
        return (1.0, "") if far.lower() in _NEUTRAL | _ERRORS else None
    if _is_id(near) or (near in _IS and (_is_id(far) or far.lower() in _NUMBER_WORDS)):
        return None
    if far.lower() in _NUMBER_WORDS and near and not _says_error(near):
        return None  # "numer klienta 660300001"
    if re.search(r"/[\w-]{1,32}/\Z", before):
        path = before.rstrip("/").rsplit("/", 1)[-1].lower()
        return (1.0, "") if path.startswith(("err", "code")) else None
    return 1.0, ""


# Words and signs after which a bare number is an answer: "says 660300001", "got 660300001", "-> 660300001".
_SAYS = re.compile(
    r"err|fail|code|return|repl|respon|answer|except|refus|reject|throw|threw|\b(?:say|said|show|got|get|see|saw|give|gave|hit)"
    r"|->|\bis\b|fehl|meldung|erreur|renvoie|devuelve|aparece|retorna|ошиб|помил|为|是|失败|错误|报错|返回|提示|エラー|오류|에러",
    re.IGNORECASE,
)
_JOINED = re.compile(r"[0-9](?:[\s,/;|]{1,3}|[\s,]{0,2}(?:and|or|und|oder|et|ou|y|o|e|then|和|或|、|및|と)\s?)\Z")


def says_a_code(text: str, start: int, end: int) -> bool:
    """Whether the words around a bare number speak of an answer, or put it beside another number."""
    before = text[max(0, start - 28) : start]
    own = re.split(r"[0-9,;，；。]", before)[-1]
    return bool(
        _SAYS.search(own)
        or _JOINED.search(before)
        or text[end : end + 2] in (": ", " (")
        or text[end : end + 1] == "："
    )
