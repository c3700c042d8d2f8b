"""Editors and reviewers who work in the admin's own forms."""

import re
from html.parser import HTMLParser

from tests.faults.crowd import MARK
from tests.faults.crowd.people import Person

STALE = "Somebody else saved this after you opened it"
BOTH = "Changed by you both in the same place"


class Form(HTMLParser):
    """The fields of one form of a page, as a browser would send them back."""

    def __init__(self, page, name):
        super().__init__()
        self.name, self.fields, self._is_in, self._in, self._select = name, {}, False, "", ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Take a field."""
        has = dict(attrs)
        self._is_in = has.get("id") == self.name if tag == "form" else self._is_in
        if not self._is_in:
            return
        if tag == "input" and has.get("name") and self._counts(has):
            self.fields.setdefault(has["name"], []).append(has.get("value") or "")
        elif tag == "textarea":
            self._in = has["name"]
            self.fields[self._in] = [""]
        elif tag == "select":
            self._select = has.get("name", "")
        elif tag == "option" and "selected" in has:
            self.fields.setdefault(self._select, []).append(has.get("value") or "")

    def handle_data(self, data):
        """Take what stands in a text area."""
        if self._in:
            self.fields[self._in][0] += data

    def handle_endtag(self, tag):
        """Leave a text area, whose first line end does not count, or the form."""
        if tag == "textarea" and self._in:
            self.fields[self._in] = [self.fields[self._in][0].removeprefix("\n")]
            self._in = ""
        self._is_in = self._is_in and tag != "form"

    @staticmethod
    def _counts(has):
        kind = has.get("type", "text")
        return kind not in ("submit", "button", "file") and (kind not in ("checkbox", "radio") or "checked" in has)


class Editor(Person):
    """Appends a line of their own to things that others edit, too, and remembers each that was accepted."""

    kind, pause = "editor", (0.2, 1.0)

    def __init__(self, port, tally, done, number, world, name):
        super().__init__(port, tally, done, number)
        self.world, self.name, self.turns = world, name, 0
        self.headers["Cookie"] = f"sessionid={world['sessions'][name]}"
        self.accepted = []
        """(noun, id, field, words) of each line that was saved."""
        self.incidents, self.proposals = [], {}

    def turn(self):
        """Do one of the things that editors do."""
        self.turns += 1
        self.dice.choices([self.note, self.code, self.flag, self.incident, self.propose], [10, 4, 2, 3, 3])[0]()

    def words(self, secret=True):
        """Return a line that nobody else ever writes."""
        return f"{MARK if secret else 'Open'} {self.name} line {self.turns}."

    def note(self):
        """Add a line to a draft that everybody edits."""
        pk = self.dice.choice(self.world["drafts"])
        if self.append("troubleshootingnote", pk, self.dice.choice(["resolution", "cause"]), self.words()):
            self.tally.counts["notes saved"] += 1

    def code(self):
        """Add a line to what support says about a code."""
        pk = self.dice.choice(self.world["codes"][:8])
        if self.append("returncode", pk, "suggested_actions", self.words(secret=False)):
            self.tally.counts["codes saved"] += 1

    def append(self, noun, pk, field, words, reason=MARK):
        """Add a line to a text of an object, again while others come before; return whether it was saved."""
        path = f"/admin/kb/{noun}/{pk}/change/"
        form = self.open(path, noun)
        if form is None:
            return False
        for _ in range(6):
            if words not in form.fields[field][0]:
                form.fields[field] = [f"{form.fields[field][0]}\n{words}"]
            form.fields["reason"] = [reason]
            # People type for a while.
            self.done.wait(self.dice.uniform(0, 0.5))
            came = self.send(path, form)
            if came.status == 302:
                self.accepted.append((noun, pk, field, words))
                return came.headers["Location"]
            if STALE not in came.text:
                self.tally.wrong.append(f"{path} refused: {came.status} {_errors(came.text)}")
                return False
            self.tally.counts["stale saves refused"] += 1
            # If both edits are in the form, save it as it is; else add one's own line to the others' text.
            both = BOTH in came.text
            self.tally.counts["conflicts" if both else "merged by the form"] += 1
            form = self.open(path, noun) if both else Form(came.text, f"{noun}_form")
        self.tally.counts["given up after six"] += 1
        return False

    def open(self, path, noun):
        """Open a form; None where the answer is not one."""
        came = self.ask("GET", path)
        token = re.search(r"csrftoken=([^;]+)", came.headers.get("Set-Cookie", "") if came.headers else "")
        if token:
            self.headers["Cookie"] = re.sub(r"; csrftoken=.*", "", self.headers["Cookie"]) + f"; csrftoken={token[1]}"
        form = Form(came.text, f"{noun}_form")
        if came.status == 200 and form.fields:
            return form
        self.tally.wrong.append(f"{path} opens with {came.status} {came.text[:200]}")
        return None

    def send(self, path, form):
        """Send a form."""
        return self.ask("POST", path, form.fields, Referer=f"http://127.0.0.1:{self.port}{path}")

    def flag(self):
        """Say that something is wrong with a code."""
        token = self.open("/admin/kb/troubleshootingnote/add/", "troubleshootingnote")
        if token is not None:
            fields = {"csrfmiddlewaretoken": token.fields["csrfmiddlewaretoken"], "comment": self.words()}
            pk = self.dice.choice(self.world["codes"])
            came = self.ask("POST", f"/flag/{pk}/", fields, Referer=f"http://127.0.0.1:{self.port}/")
            self.tally.counts["flags raised"] += came.status == 302

    def incident(self):
        """Link an incident, or end one of one's own."""
        if self.incidents and self.dice.random() < 0.4:
            path = f"/admin/kb/incidentlink/{self.incidents.pop()}/change/"
            form = self.open(path, "incidentlink")
            more = {"state": ["resolved"]}
        else:
            path, secret = "/admin/kb/incidentlink/add/", self.dice.random() < 0.5
            form = self.open(path, "incidentlink")
            more = {
                "url": [f"https://tracker.example.com/browse/{self.name.upper()}-{self.turns}"],
                "title": [self.words(secret)],
                "impact": [self.words(secret)],
                "audience": ["internal" if secret else "public"],
                "codes": [str(self.dice.choice(self.world["codes"]))],
                "_continue": ["1"],
            }
        if form is None:
            return
        form.fields |= more
        came = self.send(path, form)
        if came.status != 302:
            self.tally.wrong.append(f"{path} refused: {came.status} {_errors(came.text)}")
            return
        self.tally.counts["incidents saved"] += 1
        made = re.search(r"/incidentlink/(\d+)/change/", came.headers["Location"])
        if made and "add" in path:
            self.incidents.append(made[1])

    def propose(self):
        """Propose a change of a note that is live, or take the one before back."""
        pk = self.dice.choice(self.world["validated"])
        if pk in self.proposals:
            self.decide(self.proposals.pop(pk), "withdraw")
            return
        words = self.words(self.dice.random() < 0.5)
        if where := self.append("troubleshootingnote", pk, "cause", words):
            # It waits: only a reviewer makes it the note's.
            self.accepted.pop()
            self.proposals[pk] = re.search(r"/proposal/(\d+)/change/", where)[1]
            self.tally.counts["proposals made"] += 1

    def decide(self, pk, action):
        """Settle a proposal; return whether it is settled."""
        page = self.ask("GET", f"/admin/kb/proposal/{pk}/change/")
        version = re.search(r'class="module moves".*?name="version" value="(\d+)"', page.text, re.S)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        if not version or not token or f"/do/{action}/" not in page.text:
            return False
        fields = {"csrfmiddlewaretoken": token[1], "version": version[1], "comment": f"{MARK} comment"}
        path = f"/admin/kb/proposal/{pk}/do/{action}/"
        came = self.ask("POST", path, fields, Referer=f"http://127.0.0.1:{self.port}{path}")
        self.tally.counts[f"proposals: {action}"] += came.status == 302
        return came.status == 302


class Reviewer(Editor):
    """Decides about proposals, too: internal words go back, the others are accepted."""

    kind = "editor"

    def turn(self):
        """Decide, or edit as the others do."""
        self.turns += 1
        self.dice.choice([self.review, self.note, self.incident])()

    def review(self):
        """Decide about one proposal that waits."""
        came = self.ask("GET", "/admin/kb/proposal/?state__exact=open")
        waiting = re.findall(r"/admin/kb/proposal/(\d+)/change/", came.text)
        if waiting:
            pk = self.dice.choice(waiting)
            page = self.ask("GET", f"/admin/kb/proposal/{pk}/change/")
            self.decide(pk, "return" if f"{MARK} editor" in page.text or f"{MARK} reviewer" in page.text else "accept")


def _errors(page):
    return " ".join(re.sub(r"<[^>]+>", " ", part) for part in re.findall(r"errorlist.*?</ul>", page, re.S))[:300]
