"""The form of an export: format, words, and how CSV is written."""

from django import forms

from kb.exporting.csv_text import DELIMITERS, CsvForm
from kb.exporting.tables import FORMATS


class ExportForm(forms.Form):
    """How a table is exported. The admin sends it to its own address, which leads to that of the file."""

    format = forms.ChoiceField(choices=[(name, name.upper()) for name in FORMATS])
    words = forms.ChoiceField(
        choices=[("vendor", "The vendor's"), ("support", "What agents read")],
        required=False,
        help_text="Importing the vendor's words again changes nothing. The others are for people and other systems.",
    )
    delimiter = forms.ChoiceField(
        label="Column separator of CSV",
        choices=[(name, name.capitalize()) for name in DELIMITERS],
        required=False,
        help_text="Excel in German, French and most of Europe expects a semicolon.",
    )
    bom = forms.BooleanField(
        label="Byte order mark in CSV",
        required=False,
        help_text="Excel needs it to read Chinese and accented letters. Some programs take it for text.",
    )

    def csv_form(self) -> CsvForm:
        """Return how CSV is written; the form is valid."""
        return CsvForm(self.cleaned_data["delimiter"] or "comma", self.cleaned_data["bom"])

    def words_or_default(self) -> str:
        """Return whose words are exported; the form is valid."""
        return self.cleaned_data["words"] or "vendor"
