"""The meaning of each code as a vector, for the search by meaning."""

from django.db import models

from kb.models.codes import ReturnCode


class CodeVector(models.Model):
    """What the code's own texts mean. `kb.searching.vectors` keeps it current if the extra `meaning` is installed."""

    code = models.OneToOneField(ReturnCode, on_delete=models.CASCADE, primary_key=True, related_name="vector")
    model = models.PositiveSmallIntegerField(help_text="Number of the model and form of text that it was made with.")
    vector = models.BinaryField(help_text="A signed byte for each dimension; empty while the code waits for it.")
    digest = models.CharField(max_length=16, help_text="Digest of the text and the vector.")
    stamp = models.BigIntegerField(
        db_index=True, help_text="Grows with each write, so that processes read what is new."
    )

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"the meaning of code {self.code_id}"
