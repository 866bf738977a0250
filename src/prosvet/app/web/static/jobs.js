// Live progress of the jobs on the page: server-sent events move the bar; a change of state brings the part anew.

const AT_ONCE = 3; // a browser keeps six connections to a server: pages must not wait for ours
const AGAIN = 5000; // milliseconds between looks where events do not come
const watched = new Map();

function card(id) {
  return document.getElementById(`job-${id}`);
}

function renew(id) {
  if (card(id)) window.htmx.ajax("GET", `/jobs/${id}`, { target: `#job-${id}`, swap: "outerHTML" });
}

function fill(words, job) {
  return words.replace("{done}", job.done).replace("{total}", job.total);
}

function show(job) {
  const place = card(job.id);
  if (!place || place.dataset.state !== job.state) return renew(job.id);
  const bar = place.querySelector("progress");
  const count = place.querySelector(".job-count");
  if (!bar || !count) return;
  if (job.total) {
    bar.max = job.total;
    bar.value = job.done;
  } else {
    bar.removeAttribute("value");
  }
  count.textContent = fill(job.total ? place.dataset.of : place.dataset.soFar, job);
}

function forget(id) {
  watched.get(id)?.();
  watched.delete(id);
}

function watch(id) {
  const source = new EventSource(`/v1/jobs/${id}/events`);
  let timer = 0;
  source.addEventListener("progress", (event) => show(JSON.parse(event.data)));
  source.addEventListener("end", () => {
    forget(id);
    renew(id);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED && !timer) timer = setInterval(() => renew(id), AGAIN);
  });
  watched.set(id, () => {
    source.close();
    clearInterval(timer);
  });
}

// Running jobs first, then those whose turn comes next: the oldest, which stand last.
function connect() {
  const live = [...document.querySelectorAll(".job[data-live]")].reverse();
  live.sort((one, other) => (other.dataset.state === "running") - (one.dataset.state === "running"));
  const wanted = live.slice(0, AT_ONCE).map((place) => place.dataset.job);
  for (const id of [...watched.keys()]) if (!wanted.includes(id)) forget(id);
  for (const id of wanted) if (!watched.has(id)) watch(id);
}

document.addEventListener("htmx:afterSettle", connect);
window.addEventListener("pagehide", () => [...watched.keys()].forEach(forget));
window.addEventListener("pageshow", connect);
