// The list of cases to mark: a filter applies at once.
document.querySelector("[data-filter]")?.addEventListener("change", (event) => event.currentTarget.submit());
