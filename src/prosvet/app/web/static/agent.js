// A task is sent once; its steps come line by line and are put into the table as they come.

const form = document.getElementById("agent-form");
const [start, stop, running] = ["start", "stop", "running"].map((id) => document.getElementById(id));
const [answer, error, steps, trace] = ["answer", "error", "steps-done", "trace"].map((id) => document.getElementById(id));
const film = document.getElementById("film");
let abort = null;

document.addEventListener("click", (event) => {
  const example = event.target.closest("[data-task]");
  if (!example) return;
  form.elements.task.value = example.dataset.task;
  if (start.disabled) form.elements.task.focus();
  else form.requestSubmit(start);
});

// With a film of one's own there is nothing to do until it is chosen and readable.
film?.addEventListener("change", () => {
  document.getElementById("recent").hidden = film.files.length > 0;
  start.disabled = true;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "own-film") return;
  const shown = document.querySelector("#own-film img") !== null;
  start.disabled = !shown;
  document.getElementById("no-film").hidden = shown;
  if (shown) form.elements.task.focus();
});

form.elements.task.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(start);
});
stop.addEventListener("click", () => abort?.abort());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!abort) run();
});

async function run() {
  abort = new AbortController();
  busy(true);
  for (const part of [answer, error, steps]) part.replaceChildren();
  trace.hidden = true;
  const headers = { "X-CSRF-Token": document.querySelector("meta[name=csrf]").content, "HX-Request": "true" };
  try {
    const given = await fetch("/agent", { method: "POST", body: new FormData(form), headers, signal: abort.signal });
    if (!given.ok) error.innerHTML = await given.text();
    else if (!(await shown(given.body))) tell(form.dataset.lost);
  } catch (problem) {
    if (problem.name !== "AbortError") tell(form.dataset.lost);
  } finally {
    abort = null;
    busy(false);
  }
}

// Each line is a JSON object with a part of the page that the server has escaped; true when the answer came.
async function shown(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let ended = false;
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) ended = put(JSON.parse(line)) || ended;
  }
  return ended;
}

function put({ kind, html }) {
  if (kind === "answer") {
    answer.innerHTML = html;
    return true;
  }
  trace.hidden = false;
  steps.insertAdjacentHTML("beforeend", html);
  return false;
}

function tell(words) {
  const said = document.createElement("p");
  said.className = "alert";
  said.textContent = words;
  error.replaceChildren(said);
}

function busy(now) {
  start.disabled = now;
  stop.hidden = running.hidden = !now;
}

if (form.elements.task.value && !start.disabled) form.requestSubmit(start);
