// The study page: tabs, findings that show themselves on the film, the report's editor, signing, keys.
// Nothing that was typed is lost: an edit waits in `pending` until the server has it, whatever happens between.

const base = await import(document.querySelector('script[src*="/base.js"]').src);
const { toast, csrf } = base;

const root = document.getElementById("study");
const printing = document.querySelector("[data-print]");
if (printing) printing.addEventListener("click", () => window.print());

const words = root ? JSON.parse(root.dataset.words) : {};
const say = (key, places = {}) => (words[key] || key).replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "");
const api = root ? `/v1/studies/${encodeURIComponent(root.dataset.study)}/protocol` : "";
const pages = root ? `/study/${encodeURIComponent(root.dataset.study)}` : "";
const CHECK_AFTER = 400; // ms
const SAVE_AFTER = 1500;

const pending = new Map(); // "line:3" or "part:lungs" -> change
let saving = null;
let checkTimer = 0;
let saveTimer = 0;
let checks = 0;

async function ask(path, method, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": csrf() };
  const response = await fetch(path, { method, headers, credentials: "same-origin", body: body && JSON.stringify(body) });
  const answer = response.headers.get("content-type")?.includes("json") ? await response.json() : null;
  if (response.ok) return answer;
  const error = new Error(answer?.error ? `${answer.error.message} ${answer.error.hint}` : response.statusText);
  error.code = answer?.error?.code;
  throw error;
}

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// ---------------------------------------------------------------- tabs

const tabs = () => [...document.querySelectorAll('.study-tabs [role="tab"]')];
const shownTabs = () => tabs().filter((tab) => tab.offsetParent !== null);

function openTab(tab, focus = false) {
  for (const one of tabs()) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", chosen);
    one.tabIndex = chosen ? 0 : -1;
    document.getElementById(one.getAttribute("aria-controls")).classList.toggle("is-open", chosen);
  }
  const name = tab.id.replace("tab-", "");
  sessionStorage.setItem("study-tab", tab.id);
  if (name === "cases" || name === "history") fire(name === "cases" ? "similar" : "history", `prosvet:${name}`);
  if (focus) tab.focus();
}

function fire(id, name) {
  document.getElementById(id)?.dispatchEvent(new CustomEvent(name));
}

function firstTab() {
  const kept = document.getElementById(sessionStorage.getItem("study-tab") || "");
  const shown = shownTabs();
  openTab(kept && shown.includes(kept) ? kept : shown[0]);
}

// ---------------------------------------------------------------- findings

function showFinding(concept) {
  document.dispatchEvent(new CustomEvent("prosvet:show-finding", { detail: { concept } }));
  for (const row of document.querySelectorAll(".find")) row.classList.toggle("is-here", row.dataset.concept === concept);
}

// ---------------------------------------------------------------- the editor

const editor = () => document.querySelector(".editor");
const lineOf = (node) => node?.closest?.(".line");

function state(text) {
  const place = document.getElementById("editor-state");
  if (place) place.textContent = text;
}

function draw(line) {
  const { text, original, decision } = line.dataset;
  const shown = line.querySelector(".line-text");
  if (shown) shown.textContent = text;
  line.dataset.authorship = !original ? "own" : text === original ? "program" : "edited";
  const mark = line.querySelector(".line-mark");
  mark.textContent = line.dataset.authorship === "edited" ? mark.dataset.wordsEdited
    : line.dataset.authorship === "own" ? mark.dataset.wordsOwn : "";
  line.querySelector(".decide-yes").setAttribute("aria-pressed", decision === "accepted");
  line.querySelector(".decide-no").setAttribute("aria-pressed", decision === "rejected");
  count();
}

function count() {
  const open = document.querySelectorAll('.line[data-decision="open"][data-authorship="program"]').length;
  const place = document.getElementById("report-count");
  if (place) place.textContent = editor() && open ? String(open) : "";
}

function change(key, value, soon = SAVE_AFTER) {
  pending.set(key, { ...(pending.get(key) || {}), ...value });
  state(say("unsaved"));
  clearTimeout(saveTimer);
  saveTimer = setTimeout(save, soon);
  clearTimeout(checkTimer);
  checkTimer = setTimeout(check, CHECK_AFTER);
}

function decide(line, decision) {
  if (line.querySelector("textarea")) finishEdit(line, true);
  const next = line.dataset.decision === decision ? "open" : decision;
  line.dataset.decision = next;
  draw(line);
  change(`line:${line.dataset.line}`, { line: line.dataset.line, decision: next }, 300);
}

function edit(line) {
  if (line.querySelector("textarea")) return;
  const shown = line.querySelector(".line-text");
  const area = make("textarea", { rows: 2, "aria-label": say("sentence_text"), maxlength: 20000 });
  area.value = line.dataset.text;
  area.dataset.before = line.dataset.text;
  area.dataset.decided = line.dataset.decision;
  shown.replaceWith(area);
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
  area.addEventListener("input", () => setText(line, area.value));
  area.addEventListener("blur", () => finishEdit(line, true));
}

function setText(line, value) {
  const text = value.replace(/\s+/g, " ").trim();
  line.dataset.text = text || line.dataset.original;
  line.dataset.decision = text ? "accepted" : "rejected";
  change(`line:${line.dataset.line}`, { line: line.dataset.line, text, decision: line.dataset.decision });
}

function finishEdit(line, keep) {
  const area = line.querySelector("textarea");
  if (!area || area.dataset.closing) return;
  area.dataset.closing = "1"; // taking it away blurs it, which would come here again
  if (!keep && area.value !== area.dataset.before) {
    setText(line, area.dataset.before);
    line.dataset.decision = area.dataset.decided;
    change(`line:${line.dataset.line}`, { decision: area.dataset.decided });
  }
  const shown = make("button", { type: "button", class: "line-text" });
  area.replaceWith(shown);
  draw(line);
}

function editPart(part) {
  if (part.querySelector(".part-edit")) return;
  const name = part.dataset.part;
  const title = part.querySelector("h3").textContent;
  const lines = [...part.querySelectorAll('.line:not([data-decision="rejected"])')].map((line) => line.dataset.text);
  const area = make("textarea", { "aria-label": say("section_text", { part: title }), maxlength: 20000 });
  area.value = lines.join(" ");
  const done = make("button", { type: "button", class: "btn btn-small" }, say("done"));
  const box = make("div", { class: "part-edit" }, area, done);
  part.querySelector(".lines").hidden = true;
  part.querySelector(".lines").after(box);
  area.focus();
  area.addEventListener("input", () => change(`part:${name}`, { part: name, text: area.value }));
  done.addEventListener("click", async () => {
    change(`part:${name}`, { part: name, text: area.value }, 0);
    clearTimeout(saveTimer);
    if (await save()) await reload();
  });
}

// ---------------------------------------------------------------- saving

async function save() {
  clearTimeout(saveTimer);
  if (saving) await saving;
  const place = editor();
  if (!place || !pending.size || !document.getElementById("conflict").hidden) return !pending.size;
  const sent = new Map(pending);
  state(say("saving"));
  saving = ask(api, "PATCH", { base: place.dataset.base, changes: [...sent.values()] });
  try {
    const answer = await saving;
    for (const [key, value] of sent) if (pending.get(key) === value) pending.delete(key);
    place.dataset.base = answer.base;
    place.dataset.edited = "1";
    const time = new Date().toLocaleTimeString(root.dataset.lang, { hour: "2-digit", minute: "2-digit", hour12: false });
    state(pending.size ? say("unsaved") : say("saved", { time }));
    status("draft");
    if (!pending.size) problems(answer.problems);
    return true;
  } catch (error) {
    if (error.code === "protocol_conflict") conflict(error);
    else {
      state(say("save_failed", { reason: error.message }));
      toast(error.message, "bad");
    }
    return false;
  } finally {
    saving = null;
  }
}

function status(name) {
  const badge = document.getElementById("study-status");
  if (!badge) return;
  badge.textContent = say(`status_${name}`);
  badge.classList.toggle("badge-ok", name === "signed");
  badge.classList.remove("badge-warn");
}

async function reload() {
  const response = await fetch(`${pages}/protocol`, { credentials: "same-origin", headers: { "HX-Request": "true" } });
  const html = await response.text();
  if (!response.ok) return toast(new DOMParser().parseFromString(html, "text/html").body.textContent.trim(), "bad");
  document.getElementById("protocol").replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  begin();
}

function conflict(error) {
  const place = document.getElementById("conflict");
  const list = make("ul");
  for (const one of pending.values()) {
    list.append(make("li", {}, one.text ?? `${document.querySelector(`[data-line="${one.line}"]`)?.dataset.text ?? ""}: ${one.decision}`));
  }
  const take = make("button", { type: "button", class: "btn-primary btn-small" }, say("take_new"));
  const drop = make("button", { type: "button", class: "btn btn-small" }, say("drop_mine"));
  take.addEventListener("click", () => reapply());
  drop.addEventListener("click", async () => {
    pending.clear();
    await reload();
  });
  place.replaceChildren(make("p", {}, error.message), list, make("div", { class: "row" }, take, drop));
  place.hidden = false;
  state(say("unsaved"));
}

async function reapply() {
  const mine = [...pending.entries()];
  await reload();
  for (const [key, one] of mine) {
    const there = one.line ? document.querySelector(`.line[data-line="${CSS.escape(one.line)}"]`) : document.querySelector(`.part[data-part="${CSS.escape(one.part)}"]`);
    if (there) continue;
    pending.delete(key);
    toast(say("gone", { text: one.text ?? "" }), "bad");
  }
  if (await save()) await reload();
}

// ---------------------------------------------------------------- checks

async function check() {
  const place = editor();
  if (!place) return;
  const turn = ++checks;
  try {
    const answer = await ask(`${api}/check`, "POST", { changes: [...pending.values()] });
    if (turn === checks) problems(answer.problems);
  } catch {
    // the words are checked again with the next save, which says what is wrong
  }
}

function problems(found) {
  for (const list of document.querySelectorAll("#panel-report .problems")) list.replaceChildren();
  for (const line of document.querySelectorAll(".line.has-error")) line.classList.remove("has-error");
  for (const problem of found) {
    const line = problem.line && document.querySelector(`.line[data-line="${CSS.escape(problem.line)}"]`);
    const list = line ? line.querySelector(".problems") : document.getElementById("problems-whole");
    if (line && problem.severity === "error") line.classList.add("has-error");
    list?.append(item(problem, line));
  }
}

function item(problem, line) {
  const made = make("li", { class: `problem problem-${problem.severity}` }, make("b", {}, `${say(problem.severity)}:`), make("span", {}, problem.said));
  if (problem.edit && line) {
    const { start, end, replacement } = problem.edit;
    const key = replacement.trim() ? "apply" : "remove";
    const mend = make("button", { type: "button", class: "btn btn-small" },
      say(key, { text: replacement.trim() || line.dataset.text.slice(start, end).trim() }));
    mend.addEventListener("click", () => {
      finishEdit(line, true);
      const letters = [...line.dataset.text]; // the server counts characters, not UTF-16 units
      setText(line, letters.slice(0, start).join("") + replacement + letters.slice(end).join(""));
      draw(line);
    });
    made.append(mend);
  }
  return made;
}

// ---------------------------------------------------------------- languages, signing, addenda

function confirmed(title, text, yes) {
  const dialog = document.getElementById("ask-dialog");
  document.getElementById("ask-title").textContent = title;
  document.getElementById("ask-text").textContent = text;
  const button = document.getElementById("ask-yes");
  button.textContent = yes;
  return new Promise((resolve) => {
    button.onclick = () => { dialog.returnValue = "yes"; dialog.close("yes"); };
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
    dialog.returnValue = "";
    dialog.showModal();
  });
}

async function redraft(lang) {
  const place = editor();
  if (lang === place.dataset.language) return;
  const touched = pending.size || place.dataset.edited === "1";
  if (touched && !(await confirmed(say("redraft_title"), say("redraft_text"), say("redraft_yes")))) return;
  if (!(await save())) return;
  try {
    await ask(api, "POST", { lang, base: place.dataset.base });
    await reload();
  } catch (error) {
    if (error.code === "protocol_conflict") conflict(error);
    else toast(error.message, "bad");
  }
}

async function openSign() {
  if (!editor()) return;
  for (const line of document.querySelectorAll(".line")) finishEdit(line, true);
  if (!(await save())) return;
  if (document.querySelector(".part-edit")) await reload();
  const response = await fetch(`${pages}/sign`, { credentials: "same-origin", headers: { "HX-Request": "true" } });
  const html = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!response.ok) return toast(html.body.textContent.trim().replace(/\s+/g, " "), "bad");
  document.getElementById("sign-body").replaceChildren(...html.body.childNodes);
  document.getElementById("sign-dialog").showModal();
}

/** Reasons by check; two errors of one check have theirs joined. */
function reasonsOf(form) {
  const reasons = {};
  for (const { dataset, value } of form.querySelectorAll("[data-rule]")) {
    reasons[dataset.rule] = reasons[dataset.rule] ? `${reasons[dataset.rule]}; ${value}` : value;
  }
  return reasons;
}

async function sign(form) {
  const reasons = reasonsOf(form);
  try {
    await ask(`${api}/sign`, "POST", { base: form.dataset.base, reasons });
    document.getElementById("sign-dialog").close();
    toast(say("signed"), "ok");
    status("signed");
    await reload();
    fire("history", "prosvet:history");
  } catch (error) {
    form.querySelector("#sign-error").textContent = error.message;
  }
}

async function addendum(form) {
  const text = form.querySelector("textarea").value;
  const reasons = reasonsOf(form);
  try {
    await ask(`${api}/addenda`, "POST", { text, reasons });
    toast(say("added"), "ok");
    status("signed");
    await reload();
    fire("history", "prosvet:history");
  } catch (error) {
    toast(error.message, "bad");
    const answer = await ask(`${api}/check`, "POST", { text });
    const list = document.getElementById("addendum-problems");
    list.replaceChildren(...answer.problems.map((problem) => {
      const row = item(problem, null);
      if (problem.severity === "error") row.append(make("input", { "data-rule": problem.rule, "aria-label": say("reason"), placeholder: say("reason"), minlength: 5 }));
      return row;
    }));
  }
}

// ---------------------------------------------------------------- mouse and keys

function begin() {
  count();
  if (editor()) problems(JSON.parse(editor().dataset.problems));
  if (editor()) check();
}

function click(event) {
  const on = (selector) => event.target.closest(selector);
  const line = lineOf(event.target);
  if (on("[data-show]")) showFinding(on("[data-show]").dataset.show);
  else if (on("[data-decide]")) decide(line, on("[data-decide]").dataset.decide);
  else if (on(".line-text")) edit(line);
  else if (on("[data-edit-part]")) editPart(on(".part"));
  else if (on("[data-redraft]")) redraft(on("[data-redraft]").dataset.redraft);
  else if (on("[data-accept-all]")) {
    document.querySelectorAll('.line[data-decision="open"]').forEach((one) => decide(one, "accepted"));
  } else if (on("[data-sign]")) openSign();
  else if (on("[data-copy]")) {
    navigator.clipboard.writeText(document.getElementById("signed-text").innerText).then(() => toast(say("copied"), "ok"));
  } else if (on("[data-dialog]")) document.getElementById(on("[data-dialog]").dataset.dialog).showModal();
  else if (on("[data-close]")) on("dialog").close();
  else if (on('[role="tab"]')) openTab(on('[role="tab"]'));
}

function step(by) {
  const inReport = document.getElementById("panel-report").classList.contains("is-open");
  const rows = [...document.querySelectorAll(inReport ? ".line" : ".find")].filter((row) => row.offsetParent !== null);
  if (!rows.length) return void document.querySelector(".tabpanel.is-open")?.focus();
  const here = rows.findIndex((row) => row.contains(document.activeElement) || row.classList.contains("is-here"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by))];
  rows.forEach((row) => row.classList.toggle("is-here", row === next));
  const target = next.querySelector(".line-text, .find-show");
  if (target) target.focus();
  else next.scrollIntoView({ block: "nearest" });
}

/** Open a panel and go into it: two keys that the viewer leaves free, so that they work from the film too. */
function enter(tab) {
  openTab(tab);
  document.querySelectorAll(".is-here").forEach((row) => row.classList.remove("is-here"));
  document.activeElement.blur();
  step(1);
}

function key(event) {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    openSign();
    return;
  }
  const line = lineOf(document.activeElement);
  if (event.target.matches("textarea") && line) {
    if (event.key === "Enter" && !event.shiftKey) event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey || event.key === "Escape") {
      event.stopPropagation();
      finishEdit(line, event.key === "Enter");
      line.querySelector(".line-text").focus();
    }
    return;
  }
  if (event.target.matches("textarea") && event.key === "Escape") return void reloadUnlessPending(event.target);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.defaultPrevented || event.target.closest("input, textarea, select, dialog")) return; // the viewer takes its own
  if (event.target.matches('[role="tab"]') && /^Arrow(Left|Right)$/.test(event.key)) {
    const shown = shownTabs();
    const place = shown.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : -1);
    openTab(shown[(place + shown.length) % shown.length], true);
    return;
  }
  const code = event.code.replace("Key", "").toLowerCase(); // the same keys under a Russian layout
  const actions = {
    b: () => enter(shownTabs()[0]), y: () => enter(document.getElementById("tab-report")),
    j: () => step(1), k: () => step(-1), s: () => save(),
    a: () => line && decide(line, "accepted"), r: () => line && decide(line, "rejected"), e: () => line && edit(line),
    bracketleft: () => document.getElementById("study-before")?.click(),
    bracketright: () => document.getElementById("study-after")?.click(),
    digit1: () => tabs()[0]?.click(), digit2: () => tabs()[1]?.click(),
    digit3: () => tabs()[2]?.click(), digit4: () => tabs()[3]?.click(),
  };
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) document.getElementById("keys-dialog").showModal();
  else if (actions[code] && !event.shiftKey) actions[code]();
  else return;
  event.preventDefault();
}

/** Leaving a whole section's edit by Escape: what was typed since the last save goes, by the user's own wish. */
async function reloadUnlessPending(area) {
  const part = area.closest(".part");
  if (!part) return;
  pending.delete(`part:${part.dataset.part}`);
  await reload();
}

if (root) {
  document.addEventListener("click", click);
  document.addEventListener("keydown", key);
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "sign-form" && event.target.id !== "addendum") return;
    event.preventDefault();
    if (event.target.id === "sign-form") sign(event.target);
    else addendum(event.target);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "protocol") begin();
  });
  window.addEventListener("beforeunload", (event) => {
    if (pending.size) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  if (tabs().length) {
    firstTab();
    begin();
  }
  root.dataset.ready = "1";
}
