// Films by drag and drop, from a dialog or from a folder: sent two at a time, each with its bar and its outcome.

import { csrf } from "./base.js";
import { refresh } from "./worklist.js";

const AT_ONCE = 2;
const tray = document.getElementById("upload");
const words = JSON.parse(tray.dataset.words);
const priorities = JSON.parse(tray.dataset.priorities);
const list = document.getElementById("upload-rows");
const summary = document.getElementById("upload-summary");
const drop = document.getElementById("drop");

const waiting = [];
const count = { all: 0, added: 0, known: 0, refused: 0 };
let running = 0;
let opener = null;

const fill = (sentence, values) => sentence.replace(/\[(\w+)\]/g, (_, name) => values[name]);

function open() {
  if (tray.hidden) opener = document.activeElement;
  tray.hidden = false;
}

function close() {
  tray.hidden = true;
  opener?.focus();
}

/** A row for one file: its name, its bar, its outcome. */
function row(name) {
  const made = document.getElementById("upload-row").content.firstElementChild.cloneNode(true);
  made.querySelector(".wl-up-name").textContent = name;
  made.querySelector(".wl-up-name").title = name;
  made.querySelector(".bar").setAttribute("aria-label", name);
  list.append(made);
  return made;
}

function state(made, kind, sentence, said = "") {
  made.className = `wl-up wl-up-${kind}`;
  made.querySelector(".wl-up-state").textContent = sentence;
  made.querySelector(".wl-up-words").textContent = said;
}

function tell() {
  const left = waiting.length + running;
  summary.textContent = fill(words.summary, count) + (left ? ` ${fill(words.left, { left })}` : "");
}

function bar(made, value) {
  const progress = made.querySelector(".bar");
  if (value === null) progress.removeAttribute("value");
  else progress.value = value;
}

function link(made, study) {
  const to = document.createElement("a");
  to.href = `/study/${encodeURIComponent(study)}`;
  to.textContent = words.open;
  made.querySelector(".wl-up-words").append(" ", to);
}

/** Show what became of one film. */
function settle(made, file) {
  count[file.outcome] += 1;
  bar(made, 100);
  if (file.outcome === "refused") {
    state(made, "refused", words.refused, `${file.error.message} ${file.error.hint}`);
    return;
  }
  const said = file.study ? (file.priority ? `${priorities[file.priority]}.` : "") : words.private_other;
  state(made, file.outcome, words[file.outcome], said);
  if (file.study) link(made, file.study);
}

function again(made, job) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-small";
  button.textContent = words.retry;
  button.addEventListener("click", () => {
    count.refused -= 1;
    queue(job, made);
  });
  made.querySelector(".wl-up-words").append(" ", button);
}

function refuse(made, job, message, retry) {
  count.refused += 1;
  bar(made, 100);
  state(made, "refused", words.refused, message);
  if (retry) again(made, job);
}

function finish(made, job, request) {
  let body = null;
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // no answer of ours: the connection broke
  }
  if (request.status === 200 && body) {
    const [first, ...rest] = body.files;
    settle(made, first);
    if (first.name !== job.name) made.querySelector(".wl-up-name").textContent = first.name;
    for (const file of rest) {
      count.all += 1;
      settle(row(file.name), file);
    }
  } else if (body?.error) {
    refuse(made, job, `${body.error.message} ${body.error.hint}`, request.status === 409 || request.status >= 500);
  } else {
    refuse(made, job, words.network, true);
  }
}

function send(job, made) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    const asked = new URLSearchParams({ name: job.name, private: job.private });
    request.open("POST", `/v1/uploads?${asked}`);
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => bar(made, (90 * event.loaded) / event.total));
    request.upload.addEventListener("load", () => {
      state(made, "reading", words.reading);
      bar(made, null);
    });
    request.addEventListener("loadend", () => {
      finish(made, job, request);
      done();
    });
    state(made, "sending", words.sending);
    request.send(job.file);
  });
}

function queue(job, made) {
  state(made, "waiting", words.waiting);
  bar(made, 0);
  if (job.file.size > Number(tray.dataset.max)) {
    refuse(made, job, fill(words.too_big, { size: job.file.size, limit: tray.dataset.max }), false);
  } else {
    waiting.push([job, made]);
  }
  tell();
  pump();
}

async function pump() {
  if (running >= AT_ONCE || waiting.length === 0) return;
  running += 1;
  const [job, made] = waiting.shift();
  pump();
  await send(job, made);
  running -= 1;
  tell();
  if (running === 0 && waiting.length === 0) refresh();
  pump();
}

/** Take `files`, each with the path that it has in its folder. */
function take(files) {
  const mine = document.getElementById("upload-private").checked;
  open();
  for (const { file, path } of files) {
    count.all += 1;
    queue({ file, name: path, private: mine }, row(path));
  }
}

/** Every file below an entry of the file system, folder by folder. */
async function* below(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, fail) => entry.file(done, fail));
    yield { file, path: entry.fullPath.replace(/^\//, "") };
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const part = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (part.length === 0) return;
    for (const inner of part) if (!inner.name.startsWith(".")) yield* below(inner);
  }
}

const films = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragenter", (event) => {
  if (films(event)) drop.hidden = false;
});
document.addEventListener("dragover", (event) => {
  if (films(event)) event.preventDefault();
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.hidden = true;
});
document.addEventListener("drop", async (event) => {
  if (!films(event)) return;
  event.preventDefault();
  drop.hidden = true;
  // The entries must be taken before the first wait: the list empties itself then.
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...event.dataTransfer.files].map((file) => ({ file, path: file.name }));
  if (entries.some((entry) => entry === null)) {
    take(plain);
    return;
  }
  for (const entry of entries) for await (const one of below(entry)) take([one]);
});

for (const id of ["files", "folder"]) {
  const input = document.getElementById(id);
  document.getElementById(`pick-${id}`).addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    input.value = "";
  });
}

document.getElementById("upload-open").addEventListener("click", () => {
  open();
  document.getElementById("pick-files").focus();
});
document.getElementById("upload-close").addEventListener("click", close);
tray.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});
window.addEventListener("beforeunload", (event) => {
  if (running + waiting.length) event.preventDefault();
});
