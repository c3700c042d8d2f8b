/* Extras for every admin page: a warning before unsaved text is lost, labels for Select2, a shortcut for search.
   The pages work without this script. */
"use strict";

const typed = (form) => new URLSearchParams(new FormData(form)).toString();

function warnBeforeLeaving(form) {
  // A form that was returned with errors contains unsaved text.
  const opened = form.querySelector(".errornote") ? null : typed(form);
  let saving = false;
  form.addEventListener("submit", (event) => { saving = !event.submitter?.dataset.preview; });
  addEventListener("beforeunload", (event) => {
    if (!saving && typed(form) !== opened) event.preventDefault();
  });
}

// Select2 does not label its boxes, and puts a button among list items.
function nameChoosers() {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const name = select.labels[0]?.textContent.trim().replace(/:$/, "") || select.name;
    const box = select.nextElementSibling;
    if (!box) continue;
    box.querySelectorAll("[role=combobox], [role=textbox], .select2-search__field").forEach((part) => {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", name);
    });
    box.querySelectorAll("ul, ul > li").forEach((part) => part.setAttribute("role", "presentation"));
  }
}

// A single key is a shortcut only outside of fields.
addEventListener("keydown", (event) => {
  if (event.key !== "/" || !keysOn() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], .select2-container")) return;
  const search = document.querySelector("#searchbar, input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});

addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector(".change-form form[id$=_form]");
  if (!form) return;
  // Run after the widgets, which fill in fields on the same event.
  setTimeout(() => {
    warnBeforeLeaving(form);
    nameChoosers();
    const watcher = new MutationObserver(nameChoosers);
    form.querySelectorAll(".select2-container").forEach((box) => watcher.observe(box, { childList: true, subtree: true }));
  });
});
