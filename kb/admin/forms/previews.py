"""The length limit of a preview, the same as the form's."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse

from kb.text.safety.markdown import MAX_LENGTH


def length_refusal(request: HttpRequest, names: Iterable[str]) -> HttpResponse | None:
    """Return a 413 response if a text is longer than the renderer accepts, else None."""
    too_long = {name: length for name in names if (length := len(request.POST.get(name, ""))) > MAX_LENGTH}
    if not too_long:
        return None
    lengths = ", ".join(f"{name} has {length:,}" for name, length in too_long.items())
    words = f"Too long to preview: {lengths} characters; {MAX_LENGTH:,} are allowed."
    return HttpResponse(words, "text/plain; charset=utf-8", 413)
