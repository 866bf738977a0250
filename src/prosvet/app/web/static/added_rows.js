// A form of findings: those that are not listed yet are chosen from a list, and each gets a row from its template.

/** Let the list of `form` add rows to its group "added"; the new row is where the typing goes on. */
export function addsRows(form) {
  form.querySelector("[data-add]").addEventListener("change", (event) => {
    const list = event.target;
    const template = form.querySelector(`template[data-template="${CSS.escape(list.value)}"]`);
    if (!template) return;
    const group = form.querySelector('[data-group="added"]');
    group.hidden = false;
    group.append(template.content.cloneNode(true));
    list.selectedOptions[0].remove();
    list.value = "";
    group.lastElementChild.querySelector("input").focus();
  });
}
