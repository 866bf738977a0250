// The film of the marking page: its window, how it stands, and boxes in its own pixels, by mouse and by keyboard.
const GRID = 8; // boxes lie on eighths of a pixel, as the archive keeps them
const LEAST = 3; // of a side, in film pixels: a click is no box
const COLOURS = { present: "#ff8d83", uncertain: "#ffcf7a" };

const root = document.querySelector("[data-case]");
const canvas = root.querySelector("[data-film]");
const view = { scale: 1, x: 0, y: 0, inverted: false, hidden: false };
let film = null; // {rows, cols, values, low, high, top, picture}
let boxes = JSON.parse(root.dataset.boxes);
let active = null; // the finding that the next box is of
let chosen = -1;
let drag = null;
let due = false;
// What the form knows and is told: the name and status of a finding; a box was made; something changed.
let form = { name: String, status: () => "present", made: null, changed: () => undefined };

/** Join the film to its form; without one the film is only looked at. */
export function join(hooks) {
  form = hooks;
  draw();
}
/** The boxes of a finding. */
export const boxesOf = (concept) => boxes.filter((one) => one.concept === concept).map((one) => one.box);
/** The next drag draws a box of `concept`; null: none does. */
export function arm(concept) {
  active = concept;
  canvas.classList.toggle("marks-drawing", Boolean(active));
}
/** Take away the boxes of a finding that is not there. */
export function drop(concept) {
  boxes = boxes.filter((one) => one.concept !== concept);
  chosen = -1;
}

// ---------------------------------------------------------------- the film

/** Fetch the film and show it. */
export async function load(words) {
  const answer = await fetch(`/v1/images/${root.dataset.image}/pixels`, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(words.no_film);
  const windows = JSON.parse(answer.headers.get("X-Film-Windows") ?? "{}");
  const [rows, cols] = ["Rows", "Cols"].map((name) => Number(answer.headers.get(`X-Film-${name}`)));
  const values = new Uint16Array(await answer.arrayBuffer());
  let top = 1;
  for (const value of values) if (value > top) top = value;
  const own = windows.default ?? { low: 0, high: top };
  const picture = new OffscreenCanvas(cols, rows);
  film = { rows, cols, values, top, own, low: own.low, high: own.high, picture };
  paint();
  fit();
  toRanges();
}

/** The film through its window, once for each change of it. */
function paint() {
  const { low, high, values, rows, cols, top } = film;
  const greys = new Uint32Array(top + 1);
  const span = Math.max(high - low, 1e-6);
  for (let value = 0; value <= top; value += 1) {
    let grey = Math.round(255 * Math.min(1, Math.max(0, (value - low) / span)));
    if (view.inverted) grey = 255 - grey;
    greys[value] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  const image = new ImageData(cols, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let n = 0; n < pixels.length; n += 1) pixels[n] = greys[values[n]];
  film.picture.getContext("2d").putImageData(image, 0, 0);
  draw();
}

const range = (name) => root.querySelector(`[data-${name}]`);
function toRanges() {
  range("centre").value = (film.low + film.high) / 2 / film.top;
  range("width").value = (film.high - film.low) / film.top;
}
function fromRanges() {
  const [centre, width] = ["centre", "width"].map((name) => Number(range(name).value) * film.top);
  film.low = centre - width / 2;
  film.high = centre + width / 2;
  later(paint);
}

function later(what) {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    what();
  });
}

// ---------------------------------------------------------------- where the film stands

const ratio = () => devicePixelRatio || 1;
function fit() {
  const { width, height } = canvas;
  view.scale = Math.min(width / film.cols, height / film.rows) * 0.98;
  view.x = (width - film.cols * view.scale) / 2;
  view.y = (height - film.rows * view.scale) / 2;
  draw();
}
function zoom(by, x = canvas.width / 2, y = canvas.height / 2) {
  const scale = Math.min(40, Math.max(0.02, view.scale * by));
  view.x = x - ((x - view.x) * scale) / view.scale;
  view.y = y - ((y - view.y) * scale) / view.scale;
  view.scale = scale;
  draw();
}
const toFilm = (event) => {
  const place = canvas.getBoundingClientRect();
  const x = ((event.clientX - place.left) * ratio() - view.x) / view.scale;
  const y = ((event.clientY - place.top) * ratio() - view.y) / view.scale;
  return [x, y];
};
const within = (value, most) => Math.min(most, Math.max(0, Math.round(value * GRID) / GRID));

/** Two corners as a box inside the film. */
function boxed([x0, y0], [x1, y1]) {
  const [left, right] = [Math.min(x0, x1), Math.max(x0, x1)].map((x) => within(x, film.cols));
  const [top, bottom] = [Math.min(y0, y1), Math.max(y0, y1)].map((y) => within(y, film.rows));
  return [left, top, right, bottom];
}

// ---------------------------------------------------------------- drawing

/** Draw the film and the boxes as they are now. */
export function draw() {
  if (!film) return;
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = view.scale < 8;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(film.picture, view.x, view.y, film.cols * view.scale, film.rows * view.scale);
  if (!view.hidden) boxes.forEach((one, n) => outline(pen, one, n === chosen));
  if (drag?.kind === "new") outline(pen, { concept: active, box: drag.box }, true);
}

function outline(pen, { concept, box }, strong) {
  const [left, top, right, bottom] = box.map((v, n) => v * view.scale + (n % 2 ? view.y : view.x));
  const one = ratio();
  const colour = COLOURS[form.status(concept)] ?? COLOURS.present;
  pen.lineWidth = (strong ? 3 : 2) * one;
  pen.strokeStyle = "#000a";
  pen.strokeRect(left - one, top - one, right - left + 2 * one, bottom - top + 2 * one);
  pen.strokeStyle = colour;
  pen.strokeRect(left, top, right - left, bottom - top);
  pen.font = `${13 * one}px system-ui, sans-serif`;
  const label = form.name(concept);
  const wide = pen.measureText(label).width + 10 * one;
  const above = top > 20 * one ? top - 20 * one : bottom;
  pen.fillStyle = "#000b";
  pen.fillRect(left - one, above, wide, 19 * one);
  pen.fillStyle = colour;
  pen.fillText(label, left + 4 * one, above + 14 * one);
  if (!strong) return;
  for (const [x, y] of [[left, top], [right, top], [left, bottom], [right, bottom]]) {
    pen.fillRect(x - 4 * one, y - 4 * one, 8 * one, 8 * one);
  }
}

// ---------------------------------------------------------------- boxes by mouse

/** The corner or the inside of a box under the pointer. */
function under([x, y]) {
  const near = (8 * ratio()) / view.scale;
  const order = [chosen, ...boxes.keys()].filter((n) => n >= 0);
  for (const n of order) {
    const [left, top, right, bottom] = boxes[n].box;
    for (const [cx, cy, ox, oy] of [[left, top, right, bottom], [right, top, left, bottom], [left, bottom, right, top], [right, bottom, left, top]]) {
      if (Math.abs(x - cx) < near && Math.abs(y - cy) < near) return { n, fixed: [ox, oy] };
    }
  }
  for (const n of order) {
    const [left, top, right, bottom] = boxes[n].box;
    if (x > left && x < right && y > top && y < bottom) return { n };
  }
  return null;
}

canvas.addEventListener("pointerdown", (event) => {
  if (!film) return;
  canvas.focus();
  canvas.setPointerCapture(event.pointerId);
  const at = toFilm(event);
  const hit = form.made && !view.hidden && !active ? under(at) : null;
  if (event.button === 2) drag = { kind: "window", x: event.clientX, y: event.clientY, low: film.low, high: film.high };
  else if (event.button === 0 && active) drag = { kind: "new", from: at, box: boxed(at, at) };
  else if (event.button === 0 && hit) {
    chosen = hit.n;
    drag = hit.fixed ? { kind: "size", fixed: hit.fixed } : { kind: "move", from: at, box: boxes[hit.n].box };
    draw();
  } else {
    chosen = -1;
    drag = { kind: "pan", x: event.clientX, y: event.clientY, from: [view.x, view.y] };
  }
});
canvas.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const at = toFilm(event);
  if (drag.kind === "pan") {
    view.x = drag.from[0] + (event.clientX - drag.x) * ratio();
    view.y = drag.from[1] + (event.clientY - drag.y) * ratio();
  } else if (drag.kind === "window") {
    const step = film.top / 500;
    const centre = (drag.low + drag.high) / 2 + (event.clientY - drag.y) * step;
    const half = Math.max(film.top / 100, (drag.high - drag.low) / 2 + (event.clientX - drag.x) * step);
    [film.low, film.high] = [centre - half, centre + half];
    toRanges();
    return later(paint);
  } else if (drag.kind === "new") drag.box = boxed(drag.from, at);
  else if (drag.kind === "size") boxes[chosen].box = boxed(drag.fixed, at);
  else boxes[chosen].box = moved(drag.box, at[0] - drag.from[0], at[1] - drag.from[1]);
  if (drag.kind === "size" || drag.kind === "move") form.changed();
  draw();
});
canvas.addEventListener("pointerup", () => {
  const made = drag?.kind === "new" ? drag.box : null;
  drag = null;
  if (made && made[2] - made[0] >= LEAST && made[3] - made[1] >= LEAST) add(made);
  else if (chosen >= 0) tidy();
  draw();
});
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  if (!film) return;
  const place = canvas.getBoundingClientRect();
  zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, (event.clientX - place.left) * ratio(), (event.clientY - place.top) * ratio());
}, { passive: false });

function moved([left, top, right, bottom], dx, dy) {
  const x = within(Math.min(film.cols - (right - left), Math.max(0, left + dx)), film.cols);
  const y = within(Math.min(film.rows - (bottom - top), Math.max(0, top + dy)), film.rows);
  return [x, y, x + right - left, y + bottom - top];
}

/** A box that was dragged to nothing is taken away. */
function tidy() {
  const [left, top, right, bottom] = boxes[chosen].box;
  if (right - left < LEAST || bottom - top < LEAST) remove();
}
function add(box) {
  boxes.push({ concept: active, box });
  chosen = boxes.length - 1;
  form.made(active);
}
function remove() {
  if (chosen < 0) return;
  boxes.splice(chosen, 1);
  chosen = -1;
  form.changed();
  draw();
}

// ---------------------------------------------------------------- keys and tools

const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
canvas.addEventListener("keydown", (event) => {
  if (!film) return;
  const step = STEP[event.key];
  if (event.key === "Enter" && active) {
    // Without a mouse: a box in the middle of what is seen, then moved and sized by the arrows.
    const [x, y] = [(canvas.width / 2 - view.x) / view.scale, (canvas.height / 2 - view.y) / view.scale];
    const half = Math.min(film.cols, film.rows) / 10;
    add(boxed([x - half, y - half], [x + half, y + half]));
  } else if (step && chosen >= 0) {
    const far = Math.max(1, Math.round(4 / view.scale));
    const box = boxes[chosen].box;
    const [dx, dy] = step.map((one) => one * far);
    boxes[chosen].box = event.shiftKey
      ? boxed([box[0], box[1]], [Math.max(box[0] + LEAST, box[2] + dx), Math.max(box[1] + LEAST, box[3] + dy)])
      : moved(box, dx, dy);
    form.changed();
  } else if (step) {
    view.x -= step[0] * 40;
    view.y -= step[1] * 40;
  } else if (event.key === "Delete" || event.key === "Backspace") remove();
  else if (event.key === "Tab" && boxes.length && !event.shiftKey && chosen < boxes.length - 1) chosen += 1;
  else return;
  event.preventDefault();
  draw();
});
const tools = {
  in: () => zoom(1.25), out: () => zoom(0.8), fit,
  window: () => {
    [film.low, film.high, view.inverted] = [film.own.low, film.own.high, false];
    root.querySelector('[data-do="invert"]').setAttribute("aria-pressed", "false");
    toRanges();
    paint();
  },
  invert: (button) => {
    view.inverted = !view.inverted;
    button.setAttribute("aria-pressed", String(view.inverted));
    paint();
  },
  hide: (button) => {
    view.hidden = !view.hidden;
    button.setAttribute("aria-pressed", String(view.hidden));
    draw();
  },
};
for (const button of root.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => film && tools[button.dataset.do](button));
}
for (const name of ["centre", "width"]) range(name).addEventListener("input", () => film && fromRanges());

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select") || !film) return;
  if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") fit();
});
new ResizeObserver(() => {
  const place = canvas.getBoundingClientRect();
  canvas.width = Math.round(place.width * ratio());
  canvas.height = Math.round(place.height * ratio());
  if (film) fit();
}).observe(canvas);
