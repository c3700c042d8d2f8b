"""Save a note every second through the product's service, as an editor does, until the process is ended.

    python -m bench.writes SECONDS ID...

The ids name codes; each save changes the text of the note on one of them. `bench.api` and `bench.outage` start it.
"""

import itertools
import signal
import sys
import time

from bench import shared

shared.set_up()

from kb.models import Door, ReturnCode, TroubleshootingNote
from kb.services.journal import By
from kb.services.notes import save_note, submit_note


def main(seconds: float, ids: list[int]) -> None:
    """Save one note after the other; at the end, print how many and how long one took."""
    by, milliseconds, ended = By(None, Door.SHELL), [], []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    codes = [ReturnCode.objects.get(pk=pk) for pk in ids]
    drafts = [save_note(TroubleshootingNote(), None, {"title": f"Outage of {c.code}"}, by, codes=[c]) for c in codes]
    notes = [submit_note(draft, draft.version, by) for draft in drafts]
    print("ready", flush=True)
    for count in itertools.count(1):
        note = notes[count % len(notes)]
        start = time.perf_counter()
        saved = save_note(note, note.version, {"cause": f"Cause {count} is known."}, by)
        milliseconds.append((time.perf_counter() - start) * 1000)
        notes[count % len(notes)] = saved
        time.sleep(max(0, seconds - milliseconds[-1] / 1000))
        if ended:
            break
    p50, _, p99 = shared.cuts(milliseconds)
    print(f"{len(milliseconds)} notes saved, p50 {p50:.0f} ms, p99 {p99:.0f} ms")


if __name__ == "__main__":
    main(float(sys.argv[1]), [int(pk) for pk in sys.argv[2:]])
