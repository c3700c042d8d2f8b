/* Comforts of the admin's forms: a warning before typed words are lost, Markdown buttons, a preview beside the field.
   Everything works without this script. */
"use strict";

const typed = (form) => new URLSearchParams(new FormData(form)).toString();

function warnBeforeLeaving(form) {
  // A form that came back with errors holds words that are stored nowhere.
  const opened = form.querySelector(".errornote") ? null : typed(form);
  let saving = false;
  form.addEventListener("submit", (event) => { saving = !event.submitter?.dataset.preview; });
  addEventListener("beforeunload", (event) => {
    if (!saving && typed(form) !== opened) event.preventDefault();
  });
}

const MARKS = [["Bold", "**", "**"], ["Code", "`", "`"], ["Link", "[", "](https://)"], ["List", "- ", ""]];

function mark(area, before, after) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const chosen = value.slice(start, end);
  const text = after ? before + chosen + after : chosen.split("\n").map((line) => before + line).join("\n");
  area.setRangeText(text, start, end, "end");
  if (after && !chosen) area.selectionStart = area.selectionEnd = start + before.length;
  area.focus();
}

function button(label, name, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: label });
  made.setAttribute("aria-label", `${label}: ${name}`);
  made.addEventListener("click", act);
  return made;
}

async function preview(area, panel, url) {
  const body = new URLSearchParams({ [area.name]: area.value });
  body.set("csrfmiddlewaretoken", area.form.elements.csrfmiddlewaretoken.value);
  panel.hidden = false;
  try {
    const answer = await fetch(url, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const shown = page.querySelector("#preview .markdown") ?? page.querySelector("#preview .quiet");
    if (!answer.ok || !shown) throw new Error(answer.status);
    panel.replaceChildren(...shown.childNodes);
  } catch {
    panel.textContent = "The preview cannot be shown: is the connection there, and are you still logged in?";
  }
}

function markdownTools(area, url) {
  const name = area.labels[0]?.textContent.replace(":", "") ?? area.name;
  const bar = Object.assign(document.createElement("div"), { className: "toolbar" });
  const panel = Object.assign(document.createElement("div"), { className: "markdown", hidden: true });
  panel.setAttribute("aria-live", "polite");
  for (const [label, before, after] of MARKS) bar.append(button(label, name, () => mark(area, before, after)));
  bar.append(button("Preview", name, () => preview(area, panel, url)));
  const box = document.createElement("div");
  box.className = "markdown-field";
  area.before(box);
  box.append(bar, area, panel);
}

// Select2 gives its boxes no name, and puts a button among the items of a list.
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

addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector(".change-form form[id$=_form]");
  if (!form) return;
  const url = document.querySelector("[data-preview]")?.dataset.preview;
  if (url) form.querySelectorAll("textarea[data-markdown]").forEach((area) => markdownTools(area, url));
  // Later than the widgets that fill fields in on the same event.
  setTimeout(() => {
    warnBeforeLeaving(form);
    nameChoosers();
    const watcher = new MutationObserver(nameChoosers);
    form.querySelectorAll(".select2-container").forEach((box) => watcher.observe(box, { childList: true, subtree: true }));
  });
});
