// Retrospective reading: a filter applies when it is chosen; a finding's place is asked for once the page stands.
import { call } from "./base.js";

const filter = document.querySelector("[data-filter]");
filter?.addEventListener("change", () => filter.requestSubmit());

const places = [...document.querySelectorAll("[data-place]:not([hidden])")];
if (places.length) {
  const address = `${location.pathname}/places`;
  const found = await call(address).catch(() => ({}));
  for (const line of places) {
    const words = found[line.dataset.place] || line.dataset.unknown;
    line.textContent = line.dataset.label.replace("%", words);
  }
}
