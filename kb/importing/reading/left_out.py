"""What is said of the tables of a file that have no column for the code."""

from kb.importing.reading.sheets import MORE_COLUMNS, Limits, Problem, Sheet, Unreadable, unreadable


def no_code_column(headers: list[list[str]], limits: Limits, flaw: str = "") -> Unreadable:
    """Return the refusal of a file none of whose tables has a column for the code; `flaw` may say why."""
    if any(len(header) > limits.columns for header in headers):
        message = f"The file has more than {limits.columns} columns, the limit, and the first ones have no code."
        message += f" {MORE_COLUMNS}"
        return unreadable("too_many_columns", message)
    header = max(headers, key=len, default=[])
    labels = ", ".join(header) or "nothing"
    message = f"No column for the code. Found: {labels[:500]}. Allowed are names such as Code, Return code, Error code."
    if header and all(label == f"Column {number}" for number, label in enumerate(header, 1)):
        message = f"The columns have no names. Choose Code over the one with the codes: {labels[:500]}."
    message = f"{flaw} {message}".strip()
    return Unreadable([Problem(None, "no_code_column", message, ", ".join(header)[:500])], header)


def sheet_left_out(sheet: Sheet, header: list[str]) -> Problem:
    """Return the warning about a table that was left out."""
    subject = f"The sheet {sheet.name}" if sheet.name else "A table of the file"
    reason = sheet.doubt or "has no column for the code"
    message = f"{subject} {reason} and was left out. Found: {', '.join(header)[:200]}."
    first = next(iter(sheet.records(lambda problem: None)), None)
    return Problem(sheet.place(first[0]) if first else None, "sheet_left_out", message, sheet.name, "warning")
