// Screening: a menu of the line closes by Escape and by a click beside it.
const menus = [...document.querySelectorAll("[data-menu]")];
const close = (menu) => {
  menu.open = false;
};

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus.filter((one) => one.open)) {
    close(menu);
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) close(menu);
});
