/** The bar over the film: a button for each action that has one, the presets, and what to show of the model. */

import { ACTIONS, PRESETS, type Action } from "./actions";
import { decimal } from "./config";
import { icon } from "./icons";
import type { Viewer } from "./viewer";

const GROUPS = ["tools", "picture", "view", "evidence", "studies"] as const;

export class Toolbar {
  private readonly buttons = new Map<Action, HTMLButtonElement>();
  private readonly presets = document.createElement("select");
  private readonly findings = document.createElement("select");
  private readonly opacity = document.createElement("input");
  private readonly note = document.createElement("span");

  constructor(private readonly viewer: Viewer, place: HTMLElement, private readonly strip: HTMLElement) {
    place.setAttribute("role", "toolbar");
    place.setAttribute("aria-label", viewer.say("toolbar"));
    place.replaceChildren();
    for (const group of GROUPS) {
      const part = document.createElement("div");
      part.className = "viewer-group";
      place.append(part);
      if (group === "picture") this.addPresets(part);
      for (const action of ACTIONS) if (action.group === group && action.button) part.append(this.button(action));
    }
    this.addEvidence(strip);
    place.addEventListener("keydown", (event) => this.walk(event, place));
    this.update();
  }

  private button(action: Action): HTMLButtonElement {
    const made = document.createElement("button");
    const words = this.viewer.say(action.name);
    made.type = "button";
    made.className = "viewer-button";
    made.title = `${words} (${action.key})`;
    made.dataset.action = action.name;
    made.setAttribute("aria-label", words);
    made.setAttribute("aria-keyshortcuts", action.key);
    made.append(icon(action.name));
    made.addEventListener("click", () => this.viewer.act(action));
    this.buttons.set(action, made);
    return made;
  }

  private addPresets(part: HTMLElement): void {
    const { say } = this.viewer;
    this.presets.className = "viewer-select";
    this.presets.setAttribute("aria-label", say("presets"));
    this.presets.title = say("presets");
    for (const name of PRESETS) this.presets.add(new Option(say(`preset_${name}`), name));
    this.presets.add(new Option(say("preset_own"), "own"));
    this.presets.addEventListener("change", () => this.viewer.preset(this.presets.value));
    part.append(this.presets);
  }

  private addEvidence(part: HTMLElement): void {
    const { say } = this.viewer;
    this.findings.className = "viewer-select viewer-findings";
    this.findings.setAttribute("aria-label", say("finding"));
    this.findings.addEventListener("change", () => this.viewer.find(this.findings.value));
    this.opacity.type = "range";
    this.opacity.min = "0";
    this.opacity.max = "1";
    this.opacity.step = "0.05";
    this.opacity.className = "viewer-opacity";
    this.opacity.title = say("opacity");
    this.opacity.setAttribute("aria-label", say("opacity"));
    this.opacity.addEventListener("input", () => this.viewer.setOpacity(Number(this.opacity.value)));
    this.note.className = "viewer-note";
    this.note.hidden = true;
    this.note.setAttribute("role", "status");
    part.append(this.findings, this.opacity, this.note);
  }

  /** Arrow keys go along the bar, as in any toolbar; Tab leaves it. */
  private walk(event: KeyboardEvent, place: HTMLElement): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !(event.target instanceof HTMLButtonElement)) return;
    const all = [...place.querySelectorAll<HTMLButtonElement>("button:not([hidden])")];
    all[(all.indexOf(event.target) + step + all.length) % all.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /** A short word about the overlay: loading, nothing found, ... */
  say(text: string): void {
    if (this.note.textContent !== text) this.note.textContent = text;
    this.note.hidden = text === "";
    this.showStrip();
  }

  update(): void {
    const { viewer } = this;
    for (const [action, made] of this.buttons) {
      if (action.pressed) made.setAttribute("aria-pressed", String(action.pressed(viewer)));
      made.hidden = action.available ? !action.available(viewer) : false;
    }
    for (const option of this.presets.options) option.hidden = !viewer.active.has(option.value);
    this.presets.value = viewer.presetNow;
    this.opacity.value = String(viewer.shown.opacity);
    this.fillFindings();
    const on = viewer.shown.heat || viewer.shown.contours || viewer.shown.ratio;
    this.opacity.hidden = !on;
    this.showStrip();
    this.findings.hidden = !viewer.shown.heat || this.findings.options.length === 0;
  }

  private showStrip(): void {
    this.strip.hidden = this.note.hidden && this.opacity.hidden;
    this.strip.closest(".viewer")?.classList.toggle("viewer-showing", !this.strip.hidden);
  }

  private fillFindings(): void {
    const { evidence } = this.viewer.active;
    const { lang, say } = this.viewer;
    const found = evidence?.findings ?? [];
    const names = found.map((one) => one.concept).join();
    if (this.findings.dataset.names !== names) {
      this.findings.dataset.names = names;
      this.findings.replaceChildren(...found.map((one) => new Option(
        one.probability === null ? one.name
          : say("finding_value", { name: one.name, percent: decimal(lang, 100 * one.probability) }), one.concept)));
    }
    this.findings.value = this.viewer.shown.concept ?? "";
  }
}
