/** Everything a reader can do, once: its name (also of its words and its icon), its key, and what it does. */

import type { Viewer } from "./viewer";
import { MODES, type Mode } from "./tools";

export interface Action {
  name: string;
  /** Keys as `KeyboardEvent.code` has them, so that they stand where they stand in either keyboard layout. */
  codes: string[];
  /** What is printed on the key. */
  key: string;
  group: "tools" | "picture" | "view" | "evidence" | "studies";
  run: (viewer: Viewer) => void;
  /** Shown pressed; absent when it is no switch. */
  pressed?: (viewer: Viewer) => boolean;
  available?: (viewer: Viewer) => boolean;
  /** Has a button on the bar. */
  button?: boolean;
}

const TOOL_KEYS: Record<Mode, string> = {
  window: "W", pan: "P", zoom: "Z", magnify: "M", length: "L", angle: "A", ratio: "C",
};

const STEP = 60; // CSS pixels an arrow key moves the film
const NUDGE = 0.05; // of the default window, by the bracket keys

export const PRESETS = ["default", "lungs", "mediastinum", "bones", "full", "file"] as const;

const tools: Action[] = MODES.map((mode) => ({
  name: mode, codes: [`Key${TOOL_KEYS[mode]}`], key: TOOL_KEYS[mode], group: "tools", button: true,
  run: (viewer) => viewer.choose(mode), pressed: (viewer) => viewer.mode === mode,
}));

const presets: Action[] = PRESETS.map((name, n) => ({
  name: `preset_${name}`, codes: [`Digit${n + 1}`], key: String(n + 1), group: "picture",
  run: (viewer) => viewer.preset(name), available: (viewer) => viewer.active.has(name),
}));

const arrows: Action[] = ([["left", "←", STEP, 0], ["right", "→", -STEP, 0], ["up", "↑", 0, STEP],
                           ["down", "↓", 0, -STEP]] as const).map(([side, key, dx, dy]) => ({
  name: `pan_${side}`, codes: [`Arrow${side[0]!.toUpperCase()}${side.slice(1)}`], key, group: "view",
  run: (viewer) => viewer.active.camera?.panBy(dx, dy),
}));

const nudges: Action[] = ([["darker", "[", "BracketLeft", NUDGE, 1], ["brighter", "]", "BracketRight", -NUDGE, 1],
                           ["softer", ";", "Semicolon", 0, 1.1], ["harder", "'", "Quote", 0, 1 / 1.1]] as const).map(
  ([name, key, code, shift, stretch]) => ({
    name, codes: [code], key, group: "picture", run: (viewer) => viewer.nudge(shift, stretch),
  }),
);

export const ACTIONS: Action[] = [
  ...tools,
  { name: "clear", codes: ["Delete", "Backspace"], key: "Del", group: "tools", button: true, run: (v) => v.clear() },
  ...presets,
  ...nudges,
  { name: "invert", codes: ["KeyI"], key: "I", group: "picture", button: true,
    run: (v) => { v.active.inverted = !v.active.inverted; }, pressed: (v) => v.active.inverted },
  { name: "rotate", codes: ["KeyR"], key: "R", group: "view", button: true, run: (v) => v.rotate(90) },
  { name: "flip", codes: ["KeyX"], key: "X", group: "view", button: true, run: (v) => v.flip(),
    pressed: (v) => v.active.camera?.flipped.horizontal ?? false },
  { name: "fit", codes: ["KeyF", "Digit0"], key: "F", group: "view", button: true, run: (v) => v.active.camera?.fit() },
  { name: "natural", codes: ["KeyN"], key: "N", group: "view", button: true, run: (v) => v.active.camera?.natural() },
  { name: "zoom_in", codes: ["Equal", "NumpadAdd"], key: "+", group: "view", run: (v) => v.active.camera?.zoomBy(1.25) },
  { name: "zoom_out", codes: ["Minus", "NumpadSubtract"], key: "−", group: "view",
    run: (v) => v.active.camera?.zoomBy(0.8) },
  ...arrows,
  { name: "reset", codes: ["Escape"], key: "Esc", group: "view", button: true, run: (v) => v.reset() },
  { name: "heat", codes: ["KeyH"], key: "H", group: "evidence", button: true, run: (v) => v.toggle("heat"),
    pressed: (v) => v.shown.heat },
  { name: "contours", codes: ["KeyO"], key: "O", group: "evidence", button: true, run: (v) => v.toggle("contours"),
    pressed: (v) => v.shown.contours },
  { name: "model_ratio", codes: ["KeyT"], key: "T", group: "evidence", button: true, run: (v) => v.toggle("ratio"),
    pressed: (v) => v.shown.ratio },
  { name: "next_finding", codes: ["KeyG"], key: "G", group: "evidence", run: (v) => v.nextFinding() },
  { name: "opacity_less", codes: ["Comma"], key: ",", group: "evidence", run: (v) => v.fade(-0.1) },
  { name: "opacity_more", codes: ["Period"], key: ".", group: "evidence", run: (v) => v.fade(0.1) },
  { name: "back", codes: ["PageUp"], key: "PgUp", group: "studies", button: true, run: (v) => v.step(-1),
    available: (v) => v.active.study.images.length > 1 },
  { name: "next", codes: ["PageDown"], key: "PgDn", group: "studies", button: true, run: (v) => v.step(1),
    available: (v) => v.active.study.images.length > 1 },
  { name: "prior", codes: ["KeyV"], key: "V", group: "studies", button: true, run: (v) => void v.togglePrior(),
    pressed: (v) => v.comparing, available: (v) => v.config.prior !== null },
  { name: "link", codes: ["KeyK"], key: "K", group: "studies", button: true, run: (v) => v.toggleLink(),
    pressed: (v) => v.linked, available: (v) => v.config.prior !== null },
  { name: "help", codes: ["Slash"], key: "?", group: "studies", button: true, run: (v) => v.help.toggle() },
];
