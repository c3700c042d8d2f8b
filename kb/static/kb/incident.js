/* Shows what Codebook finds in an incident's URL and text while somebody types. The form works without this script. */
"use strict";

addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("#proposed[data-look]");
  const form = box?.closest("form");
  if (!form) return;
  const fields = ["url", "title", "impact", "workaround"].map((name) => form.elements[name]).filter(Boolean);
  let asked = 0;
  let read = "";

  async function look() {
    const given = new FormData(form);
    const body = new URLSearchParams({ pk: box.dataset.pk ?? "" });
    for (const name of ["csrfmiddlewaretoken", "url", "title", "impact", "workaround", "codes", "proposed"]) {
      given.getAll(name).forEach((value) => body.append(name, value));
    }
    const mine = ++asked;
    try {
      const answer = await fetch(box.dataset.look, { method: "POST", body });
      if (!answer.ok || mine !== asked) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      box.replaceChildren(...page.body.childNodes);
      const reference = box.querySelector("[data-reference]")?.textContent;
      const field = form.elements.reference;
      // Replace a reference read from an earlier URL, never one that somebody typed.
      if (reference && ["", read].includes(field.value)) field.value = read = reference;
    } catch { /* Saving the form shows the same. */ }
  }
  fields.forEach((field) => field.addEventListener("change", look));
});
