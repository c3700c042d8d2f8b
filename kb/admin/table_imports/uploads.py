"""The form that uploads a table."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from kb.importing.planning.plan import NewTable
from kb.importing.reading.columns import TARGETS
from kb.models import CodeTable
from kb.models.visibility import Person

ENCODINGS = [("", "Detect from the file"), ("utf-8", "UTF-8"), ("utf-16", "UTF-16"), ("gb18030", "GB18030")]
MAX_HEADERS = 100
DELIMITERS = [("", "Detect from the file"), (",", "Comma"), (";", "Semicolon"), ("\t", "Tab")]
NEW_TABLE = ("slug", "vendor", "product", "name", "language")


def _check_size(upload: "UploadedFile[Any]") -> None:
    if (upload.size or 0) > settings.KB_IMPORT_MAX_BYTES:
        raise ValidationError(f"The file has {upload.size} bytes; at most {settings.KB_IMPORT_MAX_BYTES} are allowed.")


class UploadForm(forms.Form):
    """A file or a pasted table, and the table that it updates or creates."""

    table = forms.ModelChoiceField(CodeTable.objects.none(), required=False, empty_label="Create a new table (below)")
    file = forms.FileField(required=False, validators=[_check_size], help_text="CSV, XLSX, JSON, HTML or Markdown.")
    pasted = forms.CharField(
        label="Or paste a table",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Copied from a web page or from Markdown.",
    )
    complete = forms.BooleanField(
        label="This is the whole table",
        required=False,
        help_text="The plan then retires codes that the file does not list. Leave it off for part of a table.",
    )
    encoding = forms.ChoiceField(choices=ENCODINGS, required=False)
    delimiter = forms.ChoiceField(label="Column separator", choices=DELIMITERS, required=False)
    slug = forms.SlugField(label="Short name", required=False, help_text="Used in URLs, e.g. zim-server.")
    vendor = forms.CharField(required=False, max_length=120)
    product = forms.CharField(required=False, max_length=120)
    name = forms.CharField(label="Title", required=False, max_length=200)
    language = forms.CharField(
        required=False, max_length=16, initial="en", help_text="Language tag, e.g. en, zh or de."
    )

    def __init__(self, *args: Any, user: Person | None, headers: dict[str, str] | None = None, **kwargs: Any) -> None:
        """Offer the tables that `user` may read, and a target for each header; `headers` has the present targets."""
        super().__init__(*args, **kwargs)
        table = self.fields["table"]
        assert isinstance(table, forms.ModelChoiceField)
        table.queryset = CodeTable.objects.visible_to(user)
        targets = headers or {self.data[key]: "" for i in range(MAX_HEADERS) if (key := f"header-{i}") in self.data}
        self.headers = list(targets)
        for i, (header, target) in enumerate(targets.items()):
            self.fields[f"column-{i}"] = forms.ChoiceField(
                label=header,
                choices=[(value, label) for value, label in TARGETS.items()],
                initial=target,
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        """Add an error for each missing value."""
        data = super().clean() or {}
        if bool(data.get("file")) == bool((data.get("pasted") or "").strip()):
            self.add_error("file", "Either choose a file or paste a table.")
        if not data.get("table") and "table" not in self.errors:
            for name in ("slug", "vendor", "product", "name"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, "Required for a new table.")
        return data

    def column_fields(self) -> list[forms.BoundField]:
        """Return the column choices, for the template."""
        return [self[f"column-{i}"] for i in range(len(self.headers))]

    def columns(self) -> dict[str, str]:
        """Return the target of each column that somebody chose."""
        targets = {header: self.cleaned_data.get(f"column-{i}", "") for i, header in enumerate(self.headers)}
        return {header: target for header, target in targets.items() if target}

    def target(self) -> CodeTable | NewTable:
        """Return the table to update, or the description of the new one."""
        values = self.cleaned_data
        return values["table"] or NewTable(**{name: values[name] for name in NEW_TABLE if values[name]})
