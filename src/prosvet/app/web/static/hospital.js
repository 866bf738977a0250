// The page keeps itself up to date, but not under somebody's hand: not while a part is open or has the keyboard.
const state = document.getElementById("hosp-state");
if (state) {
  setInterval(() => {
    const busy = document.hidden || state.contains(document.activeElement) || state.querySelector("details[open]");
    if (!busy) state.dispatchEvent(new CustomEvent("refresh"));
  }, 5000);
}
