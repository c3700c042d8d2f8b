/* Form extras: Markdown buttons, a live preview, keyboard shortcuts for save and preview.
   The server renders the preview, as it renders the pages. The form works without this script. */
"use strict";

const MARKS = { bold: "Bold", italic: "Italic", code: "Code", link: "Link", "unordered-list": "List", "ordered-list": "Steps" };
const KEYS = { b: "bold", i: "italic", e: "code" };
const PAUSE = 400;

function button(label, name, given = {}) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: label });
  made.setAttribute("aria-label", `${label}: ${name}`);
  Object.assign(made.dataset, given);
  return made;
}

function previewOf(area, toggle, panel, url) {
  let waits, asked = 0;

  async function show() {
    const mine = ++asked;
    const body = new URLSearchParams({ [area.name]: area.value });
    body.set("csrfmiddlewaretoken", area.form.elements.csrfmiddlewaretoken.value);
    try {
      const answer = await fetch(url, { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const shown = page.querySelector("#preview .markdown") ?? page.querySelector("#preview .quiet");
      if (mine !== asked) return;
      if (!shown) throw new Error(answer.status);
      panel.replaceChildren(...shown.childNodes);
    } catch {
      panel.textContent = "The preview is not available. Check your connection, and that you are still logged in.";
    }
  }

  function turn(on) {
    toggle.setAttribute("aria-pressed", String(on));
    panel.hidden = !on;
    if (on) show();
  }

  area.addEventListener("input", () => {
    clearTimeout(waits);
    if (!panel.hidden) waits = setTimeout(show, PAUSE);
  });
  toggle.addEventListener("click", () => turn(panel.hidden));
  toggle.setAttribute("aria-pressed", "false");
  return { turn, isOn: () => !panel.hidden, isEmpty: () => !area.value.trim() };
}

function markdownTools(area, url) {
  const name = area.labels[0]?.textContent.replace(":", "") ?? area.name;
  const bar = document.createElement("markdown-toolbar");
  bar.className = "toolbar";
  bar.setAttribute("for", area.id);
  bar.setAttribute("aria-label", `Markdown: ${name}`);
  // Each button is its own tab stop: in a form, people do not expect arrow keys to move the focus in a toolbar.
  bar.setAttribute("data-no-focus", "");
  for (const [style, label] of Object.entries(MARKS)) bar.append(button(label, name, { mdButton: style }));
  const toggle = button("Preview", name);
  bar.append(toggle);
  const panel = Object.assign(document.createElement("div"), { className: "markdown", hidden: true });
  const box = document.createElement("div");
  box.className = "markdown-field";
  area.before(box);
  box.append(bar, area, panel);
  area.addEventListener("keydown", (event) => {
    const style = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && KEYS[event.key.toLowerCase()];
    if (!style) return;
    event.preventDefault();
    bar.querySelector(`[data-md-button=${style}]`).click();
  });
  return previewOf(area, toggle, panel, url);
}

function save(form) {
  const press = form.querySelector("[name=_continue], [name=_save], [type=submit].default");
  if (press) form.requestSubmit(press);
}

function turnAll(previews) {
  const on = !previews.some((one) => one.isOn());
  previews.filter((one) => !on || !one.isEmpty()).forEach((one) => one.turn(on));
}

function keys(form, previews) {
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase(), held = event.ctrlKey || event.metaKey;
    const typing = event.target.closest?.("input, textarea, select, [contenteditable], .select2-container");
    if (key === "s" && !event.shiftKey && (held || (!typing && keysOn()))) {
      event.preventDefault();
      save(form);
    } else if (key === "p" && !held && !typing && keysOn() && previews.length) {
      event.preventDefault();
      turnAll(previews);
    }
  });
}

addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector(".change-form form[id$=_form]");
  const bar = form?.querySelector(".save-bar");
  if (!bar?.querySelector("[type=submit]")) return;
  const url = document.querySelector("[data-preview]")?.dataset.preview;
  const areas = url ? [...form.querySelectorAll("textarea[data-markdown]")] : [];
  const previews = areas.map((area) => markdownTools(area, url));
  keys(form, previews);
  bar.querySelector("[data-keys]")?.removeAttribute("hidden");
  if (previews.length) bar.querySelector("[data-keys=preview]")?.removeAttribute("hidden");
});
