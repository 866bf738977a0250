// The search page: films dropped or pasted, dialogs, chosen hits, keys. Searching itself is plain links and forms.

const root = () => document.getElementById("search");

/** Put a film into the form and send it. */
function bring(file) {
  const form = document.querySelector("form[data-film]");
  const files = new DataTransfer();
  files.items.add(file);
  form.elements.film.files = files.files;
  const dialog = form.closest("dialog");
  if (!dialog.open) dialog.showModal();
  form.requestSubmit();
}

// -- films: dropped anywhere on the page, or pasted

const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

document.addEventListener("dragover", (event) => {
  if (!carriesFile(event)) return;
  event.preventDefault();
  root().classList.add("dragging");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) root().classList.remove("dragging");
});
document.addEventListener("drop", (event) => {
  if (!carriesFile(event)) return;
  event.preventDefault();
  root().classList.remove("dragging");
  const file = event.dataTransfer.files[0];
  if (file) bring(file);
});
document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
  if (!file) return;
  event.preventDefault();
  bring(file);
});
document.addEventListener("change", (event) => {
  if (event.target.id === "film-file" && event.target.files.length) event.target.form.requestSubmit();
  if (event.target.matches('input[name="s"]')) countChosen(event.target);
});

// -- chosen hits

function countChosen(box) {
  const card = box.closest(".hit");
  // A study may stand twice, with its film and its report: choosing one chooses the study.
  for (const other of document.querySelectorAll('input[name="s"]')) {
    if (other.value === box.value) other.checked = box.checked;
  }
  const chosen = new Set([...document.querySelectorAll('input[name="s"]:checked')].map((each) => each.value)).size;
  const badge = document.getElementById("chosen-count");
  badge.hidden = !chosen;
  badge.textContent = chosen;
  document.getElementById("save-chosen-count").textContent = chosen;
  if (chosen && card) document.getElementById("save-chosen").checked = true;
}

// -- dialogs and menus

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  if (event.target.matches("dialog")) event.target.close(); // its backdrop
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.matches?.("details.menu") || !event.target.open) return;
    const list = event.target.querySelector(".menu-list");
    list.classList.toggle("menu-end", list.getBoundingClientRect().right > document.documentElement.clientWidth - 8);
    list.querySelector("input[type=search]")?.focus();
  },
  true,
);
document.addEventListener("submit", (event) => {
  if (event.target.matches("form.suggest")) event.preventDefault(); // it suggests as one types
}, true);

// -- keys: / to the box, arrows between hits, Enter opens

function step(from, key) {
  const hits = [...document.querySelectorAll(".hit-open")];
  const here = hits.indexOf(from);
  if (here < 0) return hits[0];
  if (key === "ArrowRight") return hits[here + 1];
  if (key === "ArrowLeft") return hits[here - 1];
  const box = from.closest(".hit").getBoundingClientRect();
  const down = key === "ArrowDown";
  const row = hits.filter((each) => {
    const other = each.closest(".hit").getBoundingClientRect();
    return Math.abs(other.left - box.left) < 4 && (down ? other.top > box.top + 4 : other.top < box.top - 4);
  });
  return down ? row[0] : row[row.length - 1];
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
  const box = document.getElementById("q");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    box.focus();
    box.select();
    return;
  }
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  const arrow = event.key.startsWith("Arrow");
  const inList = event.target.matches(".hit-open");
  if (arrow && (inList || (event.target === box && event.key === "ArrowDown"))) {
    const next = step(inList ? event.target : null, event.key);
    if (next) {
      event.preventDefault();
      next.focus();
      next.closest(".hit").scrollIntoView({ block: "nearest" });
    } else if (event.key === "ArrowUp") box.focus();
  }
});
