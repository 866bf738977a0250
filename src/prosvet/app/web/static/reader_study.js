// The reader's desk: keys 1 to 5, marks on the text, and the time that the page was in view.

const form = document.getElementById("answer");
const list = document.getElementById("marks");
const text = document.getElementById("text");
const field = document.getElementById("marks-json");

// Time counts while the page is in view; a coffee with another window in front is not reading.
let seen = 0;
let since = document.hidden ? null : performance.now();
document.addEventListener("visibilitychange", () => {
  if (document.hidden && since !== null) {
    seen += performance.now() - since;
    since = null;
  } else if (!document.hidden && since === null) since = performance.now();
});

function selected() {
  const chosen = getSelection();
  if (!text || chosen.isCollapsed || !text.contains(chosen.anchorNode) || !text.contains(chosen.focusNode)) return "";
  const words = chosen.toString().trim();
  return text.textContent.includes(words) ? words : "";
}

function gather() {
  const marks = [...list.children].map((row) => ({
    kind: row.dataset.kind,
    significant: row.querySelector("input").checked,
    concept: row.querySelector("select").value || null,
    quote: row.querySelector("q").textContent,
  }));
  field.value = JSON.stringify(marks);
  const words = document.getElementById("send-words");
  words.textContent = marks.length ? words.dataset.some : words.dataset.none;
}

function mark(button) {
  const row = document.getElementById("mark").content.firstElementChild.cloneNode(true);
  const quote = button.dataset.kind === "missed" ? "" : selected();
  row.dataset.kind = button.dataset.kind;
  row.querySelector("strong").textContent = button.textContent.replace(/^\s*\d\s*/, "").trim();
  row.querySelector("q").textContent = quote;
  row.querySelector("q").hidden = !quote;
  row.querySelector("button").addEventListener("click", () => {
    row.remove();
    gather();
  });
  list.append(row);
  gather();
  row.querySelector("select").focus();
}

list?.addEventListener("change", gather);
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-kind]");
  if (button) mark(button);
});
document.addEventListener("mousedown", (event) => {
  if (event.target.closest("button[data-kind]")) event.preventDefault(); // the selection stays
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.matches("input:not([type=checkbox]), textarea")) return;
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

let sent = false;
form.addEventListener("submit", (event) => {
  if (sent) return event.preventDefault();
  sent = true;
  if (field) gather();
  document.getElementById("seconds").value = ((seen + (since === null ? 0 : performance.now() - since)) / 1000).toFixed(1);
});
