// The eye of a row puts that finding's heat maps over both films.

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-concept]");
  if (!button) return;
  for (const film of document.querySelectorAll("img[data-map]")) {
    film.src = `${film.dataset.map}&concept=${encodeURIComponent(button.dataset.concept)}`;
  }
  for (const other of document.querySelectorAll("button[data-concept]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  document.getElementById("shown").textContent = button.dataset.name;
});
