// Cohorts: buttons that wait for ticks, and dialogs.

/** A button of a form with `data-needs="2"` works once so many boxes of the form are ticked. */
function count(form) {
  const ticked = form.querySelectorAll("input[type=checkbox]:checked").length;
  for (const button of form.elements) {
    if (button.dataset.needs) button.disabled = ticked < Number(button.dataset.needs);
  }
}

for (const form of document.querySelectorAll("#compare, #members")) count(form); // a page gone back to keeps its ticks
document.addEventListener("change", (event) => {
  const form = event.target.closest("#compare, #members");
  if (form) count(form);
});
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  if (event.target.matches("dialog")) event.target.close();
});
