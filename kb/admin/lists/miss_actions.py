"""What may become of a text that nothing was found for: the forms that make something of it, filled in."""

from urllib.parse import urlencode

from django.urls import reverse

from kb.models import CodeRange
from kb.models.visibility import Person
from kb.text.codes import forms as text_code


def miss_actions(user: Person, text: str, ranges: list[CodeRange]) -> list[tuple[str, str]]:
    """Return the forms, filled in, that may make something of a text, as (label, address)."""
    number, may = text_code.number(text), user.has_perm
    found = []
    is_code = bool(text_code.readings(text)) and any(letter.isdigit() for letter in text)
    if is_code and may("kb.import_table"):
        given = {"pasted": f"code\tdescription\n{text}\t"} | ({"table": ranges[0].table_id} if ranges else {})
        found.append(("Make it a code", f"{reverse('admin:kb_tableimport_import')}?{urlencode(given)}"))
    if number is not None and not ranges and may("kb.add_coderange"):
        given = {"first": number, "last": number}
        found.append(("Name its range", f"{reverse('admin:kb_coderange_add')}?{urlencode(given)}"))
    if may("kb.add_troubleshootingnote"):
        given = {"ranges": ranges[0].pk} if ranges else {"issue": text}
        found.append(("Write a note", f"{reverse('admin:kb_troubleshootingnote_add')}?{urlencode(given)}"))
    if not is_code and may("kb.add_synonym"):
        found.append(("Add synonyms", f"{reverse('admin:kb_synonym_add')}?{urlencode({'words': text + ', '})}"))
    return found
