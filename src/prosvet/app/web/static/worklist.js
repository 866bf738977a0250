// The worklist by keyboard, and kept fresh without a jump.

const REFRESH = 30_000;
let selected = null; // study id: it outlives the rows
let last = null; // the list as it was last put in, so that a refresh that brings nothing changes nothing

const rows = () => [...document.querySelectorAll(".wl-row")];
const typing = (target) => target.closest("input, select, textarea, dialog, [contenteditable]") !== null;

function select(row) {
  for (const other of rows()) other.removeAttribute("aria-selected");
  selected = row?.dataset.study ?? null;
  if (!row) return;
  row.setAttribute("aria-selected", "true");
  row.scrollIntoView({ block: "nearest" });
  row.querySelector(".wl-open").focus({ preventScroll: true });
}

function step(by) {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.study === selected);
  select(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
}

const keys = {
  j: () => step(1),
  ArrowDown: () => step(1),
  k: () => step(-1),
  ArrowUp: () => step(-1),
  n: () => location.assign(document.getElementById("list").dataset.next),
  "/": () => document.getElementById("f-text").focus(),
  u: () => document.getElementById("upload-open")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  // The letter by its place on the keyboard too: with a Russian layout "j" writes "о".
  const key = event.key in keys ? event.key : { KeyJ: "j", KeyK: "k", KeyN: "n", KeyU: "u" }[event.code];
  if (!key) return;
  event.preventDefault();
  keys[key]();
});

// A click anywhere in a row opens its study; links and buttons do what they say.
document.addEventListener("click", (event) => {
  const more = document.querySelector(".wl-more[open]");
  if (more && !more.contains(event.target)) more.open = false;
  const row = event.target.closest(".wl-row");
  if (!row || event.target.closest("a, button, form") || getSelection().toString()) return;
  location.assign(row.querySelector(".wl-open").href);
});

document.addEventListener("keyup", (event) => {
  const more = document.querySelector(".wl-more[open]");
  if (event.key !== "Escape" || !more) return;
  more.open = false;
  more.querySelector("summary").focus();
});

// Addresses hold what was chosen and nothing else.
document.addEventListener("htmx:configRequest", (event) => {
  const { parameters, verb } = event.detail;
  if (verb !== "get") return;
  for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "list" || event.detail.xhr.status >= 400) return;
  if (event.detail.xhr.responseText === last && event.detail.requestConfig.triggeringEvent === undefined) event.detail.shouldSwap = false;
  last = event.detail.xhr.responseText;
});

document.addEventListener("htmx:afterSettle", () => {
  const list = document.getElementById("list");
  document.getElementById("next").href = list.dataset.next;
  const row = rows().find((one) => one.dataset.study === selected);
  if (row) row.setAttribute("aria-selected", "true");
});

/** Ask for the list anew, where the page stands. */
export function refresh() {
  const focused = document.activeElement?.closest?.(".wl-row")?.dataset.study;
  return htmx.ajax("GET", location.pathname.replace(/\/next$/, "") + location.search, { target: "#list", swap: "outerHTML" }).then(() => {
    if (focused) document.querySelector(`#row-${CSS.escape(focused)} .wl-open`)?.focus({ preventScroll: true });
  });
}

setInterval(() => {
  if (document.visibilityState === "visible" && !document.querySelector(".htmx-request")) refresh();
}, REFRESH);
