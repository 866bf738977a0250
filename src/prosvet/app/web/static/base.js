// What every page does: shows refused requests as messages, and answers to them by keyboard.

/** Show a short message; it stays until it is read or eight seconds pass. */
export function toast(words, kind = "info") {
  const place = document.getElementById("toasts");
  const box = document.createElement("div");
  box.className = `toast toast-${kind}`;
  box.textContent = words;
  place.append(box);
  setTimeout(() => box.remove(), 8000);
}

/** The token that every changing request carries. */
export function csrf() {
  return document.querySelector('meta[name="csrf"]').content;
}

/** fetch() with our headers; a refusal is thrown as the error's own words. */
export async function call(url, options = {}) {
  const headers = { Accept: "application/json", "X-CSRF-Token": csrf(), ...(options.headers || {}) };
  if (options.json !== undefined) {
    headers["Content-Type"] = "application/json";
    options = { ...options, body: JSON.stringify(options.json) };
  }
  const response = await fetch(url, { credentials: "same-origin", ...options, headers });
  const body = response.headers.get("content-type")?.includes("json") ? await response.json() : null;
  if (!response.ok) throw new Error(body?.error ? `${body.error.message} ${body.error.hint}` : response.statusText);
  return body;
}

// A refused request of a part of the page arrives as the partial _error.html: its words become a message,
// unless the element asks for it in its own place (class "shows-errors").
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  if (xhr.status < 400) return;
  if (target.classList.contains("shows-errors")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
    return;
  }
  const parsed = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(".alert");
  if (parsed) toast(parsed.textContent.trim().replace(/\s+/g, " "), "bad");
});
