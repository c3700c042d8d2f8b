// Every page works without this file.
"use strict";

const secure = location.protocol === "https:" ? "; secure" : "";
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
  document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}

for (const hint of document.querySelectorAll(".with-script")) hint.hidden = false;

const said = document.createElement("p");
said.className = "hidden";
said.setAttribute("role", "status");
document.body.append(said);

function copyThroughSelection(text) {
  // Without TLS there is no clipboard API, so copy through a selection.
  const box = document.createElement("textarea");
  box.value = text;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  return done;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyThroughSelection(text);
  }
}

for (const button of document.querySelectorAll("button.copy")) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const done = await copy(source ? source.textContent : button.dataset.copy);
    button.textContent = said.textContent = done ? "Copied" : "Could not copy";
    button.focus();
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
