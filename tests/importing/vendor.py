"""Tables in the shapes that vendors publish: small files of our own, and other forms of the same cells."""

import csv
import io
from pathlib import Path

from kb.importing.reading.sources import Limits, open_source
from tests.importing.files import workbook

TABLES = Path(__file__).parent / "vendor_tables"
ZIM = Path(__file__).parents[2] / "fixtures" / "zim_server_en.csv"
ZH_HEADER = ["返回码", "描述", "可能原因", "处理建议"]
ALERT_HEADER = [
    *("code", "message", "log_level", "secondary_message", "log_type", "docs"),
    *("causes", "solutions", "description", "product", "date_created", "last_updated"),
]


def open_table(name):
    """Return the source of a table: a file's name, or what is written here in another form."""
    if name in FORMS:
        return open_source(io.BytesIO(FORMS[name]()), name, limits=Limits())
    return open_source(path(name), name, limits=Limits())


def path(name):
    return ZIM if name == ZIM.name else TABLES / name


def text(name):
    return path(name).read_text(encoding="utf-8")


def cells(name):
    """Return the rows of a CSV file, without the header."""
    return list(csv.reader(io.StringIO(text(name))))[1:]


def delimited(rows, delimiter=",", end="\n"):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue()


def in_sections(name, header):
    """Return each section's title, with the rows of a sheet: codes as numbers, - where a cell is empty."""
    sections = {}
    for section, code, *texts in cells(name):
        sections.setdefault(section, [header]).append([int(code), *(cell or "-" for cell in texts)])
    return list(sections.items())


def without_reason(rows, first=1):
    """Return the areas B:C of the rows that have no possible reason: the vendor merges them."""
    return [f"B{line}:C{line}" for line, row in enumerate(rows, first) if row[2] == "-"]


def two_sheets(name, header):
    return workbook(*in_sections(name, header))


def merged_sheets():
    """Return the Chinese table: a sheet for each section, with merged cells."""
    sheets = in_sections("relay_zh.csv", ZH_HEADER)
    return workbook(*sheets, merged={section: without_reason(rows) for section, rows in sheets})


def one_sheet_with_banners():
    """Return the Chinese table on one sheet: a merged row names each section, a blank row ends it."""
    rows, areas = [], []
    for section, section_rows in in_sections("relay_zh.csv", ZH_HEADER):
        rows.append([section])
        areas += [f"A{len(rows)}:D{len(rows)}", *without_reason(section_rows, len(rows) + 1)]
        rows += [*section_rows, []]
    return workbook(("Sheet", rows), merged=areas)


def ledger_sheet(zeros):
    """Return the ledger's states as a sheet; without `zeros`, codes of digits alone are numbers."""
    rows = [list(row) for row in csv.reader(io.StringIO(text("ledger_states.csv")))]
    if not zeros:
        rows = [[int(cell) if cell.isdecimal() else cell for cell in row] for row in rows]
    return workbook(("Sheet", rows))


def alerts():
    """Return a wide table: twelve columns, CRLF, Markdown in long cells, a description beside the message."""
    advice = '* Open the **console** and look for `<Alert/>`.\n* Say "yes" where it asks, then [read on](https://alerts.example/docs).\n'
    rows = [ALERT_HEADER]
    for number, product in enumerate(["Flow", "Voice", "Flow", "Text"], 30001):
        docs = f"## ALERT - {number}\n\n### Possible causes\n" + advice * 32
        causes = ["", "A gateway is down.", "* The line is busy.\n* The line is cut.", ""][number - 30001]
        row = [
            number,
            f"Alert of {product}, number {number}",
            "ERROR",
            "",
            "APPLICATION",
            docs if number % 2 else "",
            causes,
        ]
        rows.append(
            [*row, "Call again." if causes else "", "", product, "2024-02-29T12:00:00Z", "2024-03-01T08:30:00.913Z"]
        )
    return delimited(rows).replace("\n", "\r\n").encode()


FORMS = {
    "zim_cr_only.csv": lambda: text(ZIM.name).replace("\n", "\r").encode(),
    "zim_two_sheets.xlsx": lambda: two_sheets(
        ZIM.name, ["Code", "Description", "Possible reasons", "Suggested actions"]
    ),
    "relay_zh_gb18030.csv": lambda: text("relay_zh.csv").encode("gb18030"),
    "relay_zh_bom_semicolon.csv": lambda: _zh(delimiter=";").encode("utf-8-sig"),
    "relay_zh_utf16_tab.txt": lambda: b"\xff\xfe" + _zh(delimiter="\t", end="\r\n").encode("utf-16-le"),
    "relay_zh_two_sheets.xlsx": merged_sheets,
    "relay_zh_banners.xlsx": one_sheet_with_banners,
    "ledger_text.xlsx": lambda: ledger_sheet(zeros=True),
    "ledger_numbers.xlsx": lambda: ledger_sheet(zeros=False),
    "alerts.csv": alerts,
}
"""Bytes of each form, by the name of its file."""


def _zh(**options):
    return delimited(csv.reader(io.StringIO(text("relay_zh.csv"))), **options)
