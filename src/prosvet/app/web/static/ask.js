// A question box: examples fill and send it; "show" asks the viewer for a finding's heat map.

const form = document.getElementById("ask-form");
const question = document.getElementById("question");
const send = document.getElementById("send");
const film = document.getElementById("film");

document.addEventListener("click", (event) => {
  const example = event.target.closest("[data-question]");
  if (example) {
    question.value = example.dataset.question;
    if (send.disabled) question.focus();
    else form.requestSubmit(send);
  }
  const show = event.target.closest("[data-show-finding]");
  if (show) document.dispatchEvent(new CustomEvent("prosvet:show-finding", { detail: { concept: show.dataset.showFinding } }));
});

// With a film of one's own there is nothing to ask about until it is chosen and readable.
film?.addEventListener("change", () => {
  document.getElementById("answers").replaceChildren();
  document.getElementById("recent").hidden = film.files.length > 0;
  send.disabled = true;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "own-film") {
    const shown = document.querySelector("#own-film img") !== null;
    send.disabled = !shown;
    document.getElementById("no-film").hidden = shown;
    if (shown && !document.querySelector("#answers article")) question.focus();
  }
  if (event.detail.target.id === "answers") question.select();
});

// What was asked and answered goes with the next question, the oldest first: "and on the left?" needs it.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt.id !== "ask-form") return;
  const before = [...document.querySelectorAll("#answers > article")].slice(0, 10).reverse();
  const said = before.map(({ dataset }) => JSON.stringify({ question: dataset.asked, answer: dataset.answer }));
  for (const one of said) event.detail.formData.append("history", one);
});

if (question.value && !send.disabled) form.requestSubmit(send);
