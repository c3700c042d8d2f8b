"""The form that uploads a table."""

from pathlib import PurePath
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from kb.importing.planning.plan import NewTable
from kb.importing.reading.files import FORMS
from kb.models import CodeTable
from kb.models.visibility import Person
from kb.services.tables import free_slug

NEW_TABLE = ("name", "slug", "vendor", "product", "language")


def _check_size(upload: "UploadedFile[Any]") -> None:
    if (upload.size or 0) > settings.KB_IMPORT_MAX_BYTES:
        raise ValidationError(f"The file has {upload.size} bytes; at most {settings.KB_IMPORT_MAX_BYTES} are allowed.")


class NewTableForm(forms.Form):
    """What a new table is called. Its name is enough."""

    name = forms.CharField(label="Name of the new table", max_length=200)
    slug = forms.SlugField(
        label="Short name",
        required=False,
        max_length=80,
        help_text="Used in URLs, e.g. zim-server. Leave it empty to make it from the name.",
    )
    vendor = forms.CharField(required=False, max_length=120)
    product = forms.CharField(required=False, max_length=120)
    language = forms.CharField(
        required=False, max_length=16, initial="en", help_text="Language tag of the texts, e.g. en, zh or de."
    )

    def clean_slug(self) -> str:
        """Return the short name. Raises ValidationError where another table has it."""
        slug = str(self.cleaned_data.get("slug", ""))
        if slug and CodeTable.objects.filter(slug=slug).exists():
            raise ValidationError(f"There is already a table named {slug}. Free: {free_slug(slug)}.")
        return slug

    def clean(self) -> dict[str, Any]:
        """Make a short name of the table's name, its product or the file where nobody chose one."""
        data = super().clean() or {}
        if data.get("name") and not data.get("table") and not data.get("slug") and "slug" not in self.errors:
            file_name = PurePath(getattr(data.get("file"), "name", None) or "").stem
            data["slug"] = free_slug(data["name"], data.get("product") or "", file_name)
            if not data["slug"]:
                message = "No short name can be made from this name, which has no Latin letters. Choose one."
                self.add_error("slug", message)
        return data

    def new_table(self) -> NewTable:
        """Return the description of the table."""
        values = {name: self.cleaned_data[name] for name in NEW_TABLE}
        return NewTable(**(values | {"language": values["language"] or "en"}))


class UploadForm(NewTableForm):
    """A file or a pasted table, and the table that it updates or creates."""

    name_of_file = ""
    """The name of the new table where nobody entered one."""

    table = forms.ModelChoiceField(CodeTable.objects.none(), required=False, empty_label="A new table")
    file = forms.FileField(
        required=False,
        validators=[_check_size],
        error_messages={"empty": "The file is empty."},
        help_text=f"{FORMS} You can also drop it anywhere on this page.",
    )
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

    def __init__(self, *args: Any, user: Person | None, **kwargs: Any) -> None:
        """Offer the tables that `user` may read."""
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False
        table = self.fields["table"]
        assert isinstance(table, forms.ModelChoiceField)
        table.queryset = CodeTable.objects.visible_to(user)

    def clean(self) -> dict[str, Any]:
        """Add an error for each missing value. A browser keeps no file: one for no table names a new table itself."""
        self._name_by_file()
        data = super().clean()
        if "file" not in self.errors and bool(data.get("file")) == bool((data.get("pasted") or "").strip()):
            self.add_error("file", "Either choose a file or paste a table.")
        if not data.get("table") and not data.get("name") and not {"table", "name"} & set(self.errors):
            self.add_error("name", "Choose the table above, or give the new one a name.")
        return data

    def _name_by_file(self) -> None:
        data = self.cleaned_data
        stem = PurePath(getattr(data.get("file"), "name", None) or "").stem.strip()[:200]
        if stem and not data.get("table") and not data.get("name") and not {"table", "name", "slug"} & set(self.errors):
            data["name"] = self.name_of_file = stem
            data["slug"] = data.get("slug") or free_slug(stem, data.get("product") or "", "table")

    def target(self) -> CodeTable | NewTable:
        """Return the table to update, or the description of the new one."""
        return self.cleaned_data["table"] or self.new_table()


def file_name_of(upload: "UploadedFile[Any] | None") -> str:
    """Return the name of an uploaded file, or one for a pasted table."""
    return PurePath(upload.name or "").name if upload else "pasted table"
