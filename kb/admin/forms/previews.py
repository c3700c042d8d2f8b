"""The bounds of a preview: a form takes no longer text either."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse

from kb.text.safety.markdown import MAX_LENGTH


def length_refusal(request: HttpRequest, names: Iterable[str]) -> HttpResponse | None:
    """Refuse texts that are longer than the renderer takes; None where all may be shown."""
    long = {name: length for name in names if (length := len(request.POST.get(name, ""))) > MAX_LENGTH}
    if not long:
        return None
    told = ", ".join(f"{name} has {length:,}" for name, length in long.items())
    words = f"Too long to preview: {told} characters; {MAX_LENGTH:,} are allowed."
    return HttpResponse(words, "text/plain; charset=utf-8", 413)
