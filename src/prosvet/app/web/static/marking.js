// Marking one film: the form beside it, and saving both.
import { addsRows } from "./added_rows.js";
import { call, toast } from "./base.js";
import { arm, boxesOf, draw, drop, join, load } from "./marking_film.js";

const root = document.querySelector("[data-case]");
const words = JSON.parse(root.dataset.words);
const form = root.querySelector("[data-form]");
const say = root.querySelector("[data-say]");
const THERE = ["present", "uncertain"];
let active = null; // the finding that the next box is of
let dirty = false;

const rowOf = (concept) => form.querySelector(`[data-row="${CSS.escape(concept)}"]`);
const nameOf = (concept) => rowOf(concept)?.querySelector("legend").textContent ?? concept;
const rows = () => [...form.querySelectorAll("[data-row]")];

function choose(concept) {
  active = concept;
  arm(concept);
  for (const row of rows()) row.querySelector("[data-box]").setAttribute("aria-pressed", String(row.dataset.row === active));
  say.hidden = !active;
  if (active) say.textContent = words.draw.replace("{name}", nameOf(active));
}
function set(row, status) {
  row.dataset.status = status;
  for (const input of row.querySelectorAll("input[type=radio]")) input.checked = input.value === status;
  if (!THERE.includes(status)) drop(row.dataset.row);
  else form.querySelector("[data-normal]").checked = false;
}
function changed() {
  dirty = true;
  form.querySelector("[data-state]").textContent = words.unsaved;
  count();
}
function count() {
  for (const row of rows()) row.querySelector("[data-count]").textContent = boxesOf(row.dataset.row).length || "";
}
function gathered() {
  const findings = rows().filter((row) => row.dataset.status).map((row) => {
    const [concept, status] = [row.dataset.row, row.dataset.status];
    const there = THERE.includes(status);
    return {
      concept, status, comment: row.querySelector("[data-note]").value,
      side: (there && row.querySelector("[data-side]")?.value) || null,
      boxes: there ? boxesOf(concept) : [],
    };
  });
  if (form.querySelector("[data-normal]").checked) findings.push({ concept: "normal", status: "present" });
  return { findings, comment: form.querySelector("[data-comment]").value };
}
async function save(next) {
  try {
    await call(`/v1/marks/cases/${root.dataset.case}`, { method: "PUT", json: gathered() });
    dirty = false;
    if (next) root.querySelector("[data-next]").submit();
    else location.reload();
  } catch (error) {
    toast(error.message, "bad");
  }
}
function rest() {
  for (const row of rows()) if (!row.dataset.status) set(row, "absent");
  changed();
}

function listen() {
  form.addEventListener("input", (event) => {
    const row = event.target.closest("[data-row]");
    if (event.target.type === "radio") set(row, event.target.value);
    if (event.target.matches("[data-normal]") && event.target.checked) {
      for (const one of rows()) set(one, "absent");
      event.target.checked = true;
    }
    if (!event.target.matches("[data-add]")) changed();
    draw();
  });
  form.addEventListener("click", (event) => {
    const box = event.target.closest("[data-box]");
    const radio = event.target.closest("input[type=radio]");
    if (box) choose(active === box.closest("[data-row]").dataset.row ? null : box.closest("[data-row]").dataset.row);
    // A second click on what is chosen takes it back.
    if (radio && radio.dataset.was === "1") {
      set(radio.closest("[data-row]"), "");
      changed();
      draw();
    }
    for (const one of form.querySelectorAll("input[type=radio]")) one.dataset.was = one.checked ? "1" : "";
  });
  form.querySelector("[data-rest]").addEventListener("click", rest);
  form.querySelector("[data-save]").addEventListener("click", () => save(false));
  form.querySelector("[data-save-next]").addEventListener("click", () => save(true));
  form.addEventListener("submit", (event) => event.preventDefault());
  addsRows(form);
  const dialog = root.querySelector("[data-skipping]");
  form.querySelector("[data-skip]")?.addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "skip") return;
    try {
      const reason = dialog.querySelector("textarea").value;
      await call(`/v1/marks/cases/${root.dataset.case}/skip`, { method: "POST", json: { reason } });
      dirty = false;
      root.querySelector("[data-next]").submit();
    } catch (error) {
      toast(error.message, "bad");
    }
  });
  for (const one of form.querySelectorAll("input[type=radio]")) one.dataset.was = one.checked ? "1" : "";
  join({
    name: nameOf,
    status: (concept) => rowOf(concept)?.dataset.status,
    made: (concept) => {
      const row = rowOf(concept);
      if (!THERE.includes(row.dataset.status)) set(row, "present");
      choose(null);
      changed();
    },
    changed,
  });
  count();
}

document.addEventListener("keydown", (event) => {
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) save(true);
  if (event.key === "Escape" && active) choose(null);
});
addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});

if (form) listen();
load(words).then(
  () => {
    say.hidden = true;
  },
  (error) => {
    say.textContent = error.message;
  },
);
