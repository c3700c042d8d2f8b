/* Importing a table: a file dropped anywhere on the upload page is chosen; a look that cannot be updated says so;
   typing a text of one's own in a conflict chooses Edited.
   The pages work without this script. */

const form = document.querySelector("form[data-drop]");
const status = document.querySelector("[data-drop-status], #look-status");

function choose(file) {
  const { file: input, name, table } = form.elements;
  const transfer = new DataTransfer();
  transfer.items.add(file);
  input.files = transfer.files;
  // A name to start with; the person may change it.
  if (!table.value && !name.value) name.value = file.name.replace(/\.[^.]*$/, "").replaceAll("_", " ");
  status.textContent = `${file.name} is chosen.`;
  form.querySelector("[type=submit]").focus();
}

if (form) {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) choose(file);
  });
}

// A request aborted for a newer choice is not an error, but htmx logs it as one.
if (globalThis.htmx) {
  htmx.logger = (element, name, detail) => {
    if (name === "htmx:sendAbort" || (name === "htmx:afterRequest" && detail.xhr.status === 0)) delete detail.error;
  };
}

// A second click while the plan is being made would ask for it again.
const look = document.querySelector("form.look");
if (globalThis.htmx) look?.classList.add("at-once");
look?.addEventListener("submit", (event) => {
  if (look.dataset.sent) event.preventDefault();
  look.dataset.sent = "1";
});
addEventListener("pageshow", () => delete look?.dataset.sent);

look?.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 200 && xhr.responseText.includes('id="look"')) return;
  event.detail.shouldSwap = false;
  status.textContent = "The rows could not be updated. Load the page again: the file may be gone, or you may be logged out.";
});
look?.addEventListener("htmx:sendError", () => {
  status.textContent = "The rows could not be updated. Check your connection.";
});

document.querySelector("form.decision")?.addEventListener("input", (event) => {
  if (event.target.matches("textarea")) event.currentTarget.elements.resolution.value = "edited";
});
