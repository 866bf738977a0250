// The form becomes a job; its steps and previews come as events, its result as a part of the page.

import { call, csrf, toast } from "./base.js";

const form = document.getElementById("syn-form");
const work = document.getElementById("syn-work");
const make = document.getElementById("syn-make");
let source = null;

document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-prompt]");
  if (chosen) {
    form.elements.prompt.value = chosen.dataset.prompt;
    form.elements.prompt.focus();
  }
  const cancel = event.target.closest("[data-cancel]");
  if (cancel) {
    cancel.disabled = true;
    const job = cancel.closest("[data-job]").dataset.job;
    call(`/v1/jobs/${job}`, { method: "DELETE" }).catch((problem) => toast(problem.message, "bad"));
  }
});

form.addEventListener("input", (event) => {
  const shown = form.querySelector(`output[for="${event.target.id}"]`);
  if (shown) shown.textContent = event.target.value;
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (source) return;
  const body = new FormData(form);
  // A field that does not belong to what is made, or was left empty, is not sent.
  const film = body.get("start")?.size > 0 || body.get("study")?.trim();
  if (!(body.get("start")?.size > 0)) body.delete("start");
  for (const name of ["start", "study", "region", "strength", "burn_in"]) {
    if (body.get("mode") === "pair" || (!film && name !== "burn_in")) body.delete(name);
  }
  make.disabled = true;
  try {
    const headers = { "X-CSRF-Token": csrf(), "HX-Request": "true" };
    const answer = await fetch("/synthesize", { method: "POST", body, headers, credentials: "same-origin" });
    work.innerHTML = await answer.text();
    if (answer.ok) watch(work.querySelector("[data-job]"));
    else make.disabled = false;
  } catch {
    toast(form.dataset.failed, "bad");
    make.disabled = false;
  }
});

function watch(place) {
  const { job, name } = place.dataset;
  source = new EventSource(`/v1/jobs/${job}/events`);
  source.addEventListener("progress", (event) => show(place, name, JSON.parse(event.data)));
  source.addEventListener("end", (event) => end(place, name, JSON.parse(event.data)));
}

function show(place, name, job) {
  if (!job.total) return;
  const bar = place.querySelector("progress");
  bar.max = job.total;
  bar.value = job.done;
  const words = place.dataset.step.replace("{done}", job.done).replace("{total}", job.total);
  place.querySelector("[data-count]").textContent = words;
  look(place.querySelector("[data-preview]"), `/v1/synthesize/${name}/preview.png?step=${job.done}`);
}

// The first steps have no preview yet: an image is put in when it has come.
function look(place, address) {
  const next = new Image();
  next.addEventListener("load", () => {
    place.src = next.src;
    place.hidden = false;
  });
  next.src = address;
}

function end(place, name, job) {
  source.close();
  source = null;
  make.disabled = false;
  if (job.state === "done") {
    window.htmx.ajax("GET", `/synthesize/${name}`, { target: "#syn-work" });
    window.htmx.ajax("GET", "/synthesize/gallery", { target: "#syn-gallery" });
    return;
  }
  const words = job.error ? `${job.error.message} ${job.error.hint}` : place.dataset.cancelled;
  const told = document.createElement("p");
  told.className = job.error ? "alert alert-bad" : "alert";
  told.textContent = words;
  place.replaceChildren(told);
}

window.addEventListener("pagehide", () => source?.close());
