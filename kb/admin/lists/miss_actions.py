"""Prefilled forms that turn a search without an answer into a code, a range, a note, a phrasing or synonyms."""

from urllib.parse import urlencode

from django.urls import reverse

from kb.models import CodeRange
from kb.models.visibility import Person
from kb.text.codes import forms as text_code


def miss_actions(user: Person, text: str, ranges: list[CodeRange]) -> list[tuple[str, str]]:
    """Return the prefilled forms for a text that this person may use, as (label, address)."""
    number, may = text_code.number(text), user.has_perm
    actions = []
    is_code = bool(text_code.readings(text)) and any(letter.isdigit() for letter in text)
    if is_code and may("kb.import_table"):
        query = {"pasted": f"code\tdescription\n{text}\t"} | ({"table": ranges[0].table_id} if ranges else {})
        actions.append(("Add as a code", f"{reverse('admin:kb_tableimport_import')}?{urlencode(query)}"))
    if number is not None and not ranges and may("kb.add_coderange"):
        query = {"first": number, "last": number}
        actions.append(("Add a range", f"{reverse('admin:kb_coderange_add')}?{urlencode(query)}"))
    if may("kb.add_troubleshootingnote"):
        query = {"ranges": ranges[0].pk} if ranges else {"issue": text}
        actions.append(("Write a note", f"{reverse('admin:kb_troubleshootingnote_add')}?{urlencode(query)}"))
    if not is_code and (may("kb.change_returncode") or may("kb.change_troubleshootingnote")):
        actions.append(("Add as a phrasing", f"{reverse('admin:kb_miss_phrasing')}?{urlencode({'text': text})}"))
    if not is_code and may("kb.add_synonym"):
        actions.append(("Add synonyms", f"{reverse('admin:kb_synonym_add')}?{urlencode({'words': text + ', '})}"))
    return actions
