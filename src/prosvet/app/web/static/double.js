// Double reading: what is sent, the blind form (kept as it is filled in), and the questions before signing.
import { addsRows } from "./added_rows.js";
import { csrf, toast } from "./base.js";

const send = document.querySelector("[data-send]");
send?.addEventListener("change", () => {
  const how = new FormData(send).get("how");
  for (const part of send.querySelectorAll("[data-how]")) part.hidden = part.dataset.how !== how;
});

const form = document.querySelector("[data-opinion]");
if (form) opinion(form);

function opinion(form) {
  const state = form.querySelector("[data-state]");
  let waiting = null;
  let dirty = false;

  async function keep() {
    clearTimeout(waiting);
    const body = new URLSearchParams(new FormData(form));
    dirty = false;
    try {
      const response = await fetch(form.dataset.save, {
        method: "POST", body, credentials: "same-origin", headers: { "X-CSRF-Token": csrf(), "HX-Request": "true" },
      });
      const words = new DOMParser().parseFromString(await response.text(), "text/html").body.textContent.trim();
      if (!response.ok) throw new Error(words);
      state.textContent = words;
    } catch (error) {
      dirty = true;
      state.textContent = form.dataset.unsaved;
      toast(error.message, "bad");
    }
  }

  function changed() {
    dirty = true;
    state.textContent = form.dataset.unsaved;
    clearTimeout(waiting);
    waiting = setTimeout(keep, 1200);
  }

  form.addEventListener("input", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && event.target.type === "radio") row.dataset.status = event.target.value;
    if (!event.target.matches("[data-add]")) changed();
  });
  form.querySelector("[data-keep]").addEventListener("click", keep);
  form.querySelector("[data-rest]").addEventListener("click", () => {
    for (const row of form.querySelectorAll('[data-row][data-status="not_assessed"]')) {
      row.querySelector('input[value="absent"]').checked = true;
      row.dataset.status = "absent";
    }
    changed();
  });
  addsRows(form);
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.sure)) event.preventDefault();
    else dirty = false;
  });
  addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
}

const resolution = document.querySelector("[data-resolve]");
resolution?.addEventListener("submit", (event) => {
  if (!confirm(resolution.dataset.sure)) event.preventDefault();
});
