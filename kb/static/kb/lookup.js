// Search suggestions, pasted logs and keyboard shortcuts. Every page works without this file.
"use strict";

const box = document.getElementById("q");
const list = document.getElementById("suggestions");
const LONG = 200; // A pasted line with more characters is treated as a log.
let chosen = -1;

function options() {
  return [...list.querySelectorAll("[role=option]")];
}

function choose(at) {
  const all = options();
  chosen = all.length ? (at + all.length + 1) % (all.length + 1) : -1;
  if (chosen === all.length) chosen = -1;
  all.forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
  if (chosen < 0) box.removeAttribute("aria-activedescendant");
  else {
    box.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  }
}

function show(open) {
  list.hidden = !open;
  box.setAttribute("aria-expanded", String(open));
  if (!open) choose(-1);
}

function forget() {
  htmx.trigger(box, "htmx:abort");
  show(false);
  list.replaceChildren();
}

function keyInBox(event) {
  if (event.isComposing) return;
  const open = !list.hidden;
  if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    if (chosen < 0 && event.key === "ArrowUp") choose(options().length - 1);
    else choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
  } else if (open && event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    options()[chosen].click();
  } else if (event.key === "Escape") {
    event.preventDefault();
    if (!open) box.value = "";
    forget();
  }
}

function pasteInBox(event) {
  const text = event.clipboardData.getData("text");
  if (!/[\r\n]/.test(text.trim()) && text.length <= LONG) return;
  event.preventDefault();
  try {
    // The next page removes the text at once; it is stored nowhere else.
    sessionStorage.setItem("pasted", text);
  } catch {
    // Too long for session storage: the next page says what is allowed.
  }
  location.assign(box.dataset.detect);
}

// A request aborted for a newer one is not an error, but htmx logs it as one.
htmx.logger = (element, name, detail) => {
  if (name === "htmx:sendAbort" || (name === "htmx:afterRequest" && detail.xhr.status === 0)) delete detail.error;
};

if (box && list) {
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "suggestions",
  })) box.setAttribute(name, value);
  box.addEventListener("keydown", keyInBox);
  box.addEventListener("paste", pasteInBox);
  box.addEventListener("focusout", () => setTimeout(() => { if (!list.matches(":hover, :focus-within")) show(false); }, 0));
  box.form.addEventListener("submit", forget);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("htmx:afterSwap", () => {
    const number = options().length;
    show(number > 0 && document.activeElement === box && box.value.trim() !== "");
    said.textContent = number ? `${number} suggested codes. Use the arrow keys to choose.` : "";
  });
}

const text = document.getElementById("text");
if (text) {
  const pasted = sessionStorage.getItem("pasted");
  sessionStorage.removeItem("pasted");
  if (pasted) {
    text.value = pasted;
    text.form.requestSubmit();
  }
  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") text.value = "";
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
  });
}

const whole = document.querySelector(".copy-whole");
if (whole) {
  whole.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const answer = await fetch(whole.href);
    const done = answer.ok && await copy(await answer.text());
    const label = whole.textContent;
    whole.textContent = said.textContent = done ? "Copied" : "Could not copy";
    setTimeout(() => { whole.textContent = label; }, 2000);
  });
}

for (const button of document.querySelectorAll("button.print")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

const keys = document.getElementById("keys");
document.getElementById("show-keys")?.addEventListener("click", () => keys.showModal());

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable], dialog");
  if (typing || !keysOn() || event.ctrlKey || event.metaKey || event.altKey) return;
  const does = {
    "?": () => keys.showModal(),
    c: () => document.querySelector(".reply button.copy")?.click(),
    "/": () => { box?.focus(); box?.select(); },
    Escape: () => document.getElementById("clear")?.click(),
  }[event.key];
  if (!does || keys.open) return;
  event.preventDefault();
  does();
});
