/** The island: a bar, one pane or two, the keys, and what it tells the page around it. */

import { ACTIONS, PRESETS, type Action } from "./actions";
import { Refused } from "./api";
import { speaker, type Config, type Say, type Study } from "./config";
import { imageId } from "./engine";
import { Help } from "./help";
import type { Shown } from "./overlay";
import { Pane } from "./pane";
import { Toolbar } from "./toolbar";
import { Tools, clearMeasures, type Mode } from "./tools";

export class Viewer {
  readonly say: Say;
  readonly lang: string;
  readonly help: Help;
  shown: Shown = { concept: null, heat: false, contours: false, ratio: false, opacity: 0.45 };
  linked = true;
  active: Pane;
  private readonly tools: Tools;
  private readonly bar: Toolbar;
  private readonly main: Pane;
  private other: Pane | null = null;
  private following = false;
  private shownOnce = false;

  constructor(private readonly root: HTMLElement, readonly config: Config) {
    this.lang = config.lang;
    this.say = speaker(config);
    this.tools = new Tools(this.say, this.lang);
    this.help = new Help(root, this.say);
    this.main = this.pane("main", config.study, root.querySelector<HTMLElement>(".viewer-pane")!);
    this.active = this.main;
    this.bar = new Toolbar(this, root.querySelector<HTMLElement>(".viewer-bar")!,
                           this.strip());
    root.tabIndex = 0;
    root.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("prosvet:show-finding", (event) => {
      void this.find((event as CustomEvent<{ concept: string }>).detail.concept);
    });
    new ResizeObserver(() => this.panes.forEach((pane) => pane.resize())).observe(root);
  }

  private get panes(): Pane[] {
    return this.other ? [this.main, this.other] : [this.main];
  }

  private pane(id: string, study: Config["study"], place: HTMLElement): Pane {
    const pane = new Pane(`prosvet-${id}`, study, this.say, this.lang, place);
    pane.magnifying = () => this.tools.mode === "magnify";
    pane.onMoved = () => this.follow(pane);
    place.addEventListener("pointerdown", () => this.activate(pane));
    return pane;
  }

  /** What is chosen of the model's evidence floats over the films, so that nothing moves when it comes. */
  private strip(): HTMLElement {
    const strip = document.createElement("div");
    strip.className = "viewer-strip";
    strip.hidden = true;
    this.root.querySelector(".viewer-panes")!.append(strip);
    return strip;
  }

  private activate(pane: Pane): void {
    this.active = pane;
    for (const one of this.panes) one.root.classList.toggle("viewer-active", one === pane && this.comparing);
    this.root.focus({ preventScroll: true });
    this.bar.update();
  }

  async open(index = 0): Promise<void> {
    await this.load(this.main, index);
    if (!this.shownOnce) {
      this.shownOnce = true;
      if (document.activeElement === document.body) this.root.focus({ preventScroll: true }); // the keys work at once
      this.root.dataset.ready = "true";
      this.tell("prosvet:ready");
    }
  }

  private async load(pane: Pane, index: number): Promise<void> {
    const came = await pane.show(index);
    if (came) this.tools.add(pane.id);
    pane.shown = this.shown;
    this.root.dataset.image = came ? String(this.main.image.id) : "";
    this.tell("prosvet:image-changed", { study: pane.study.id, image: pane.image.id, shown: came });
    if (came && (this.shown.heat || this.shown.contours || this.shown.ratio)) await this.look();
    this.bar.update();
  }

  private tell(name: string, more: Record<string, unknown> = {}): void {
    const detail = { study: this.config.study.id, image: this.main.image.id, ...more };
    document.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // -- linked panes --------------------------------------------------------------------------------------

  get comparing(): boolean {
    return this.other !== null && !this.other.root.hidden;
  }

  async togglePrior(): Promise<void> {
    const { prior } = this.config;
    if (!prior) return;
    if (this.other && this.comparing) {
      this.other.root.hidden = true;
      this.activate(this.main);
    } else if (this.other) {
      this.other.root.hidden = false;
    } else {
      const place = document.createElement("div");
      place.className = "viewer-pane";
      this.main.root.after(place);
      this.other = this.pane("prior", prior, place);
    }
    this.root.classList.toggle("viewer-two", this.comparing);
    this.bar.update();
    await new Promise(requestAnimationFrame);
    this.panes.forEach((pane) => pane.resize());
    if (this.comparing && !this.other!.ready) await this.load(this.other!, this.alike(prior));
    this.activate(this.active);
    this.follow(this.main);
  }

  /** The film of `prior` to begin with: one of the view that is shown, so that like stands beside like. */
  private alike(prior: Study): number {
    return Math.max(prior.images.findIndex((one) => one.view === this.main.image.view), 0);
  }

  toggleLink(): void {
    this.linked = !this.linked;
    if (this.linked) this.follow(this.active);
    this.bar.update();
  }

  /** The other pane goes where `pane` went, as shares of its own size and of its own range of grey. */
  private follow(pane: Pane): void {
    this.bar.update();
    if (this.following || !this.linked || !this.comparing) return;
    const other = pane === this.main ? this.other : this.main;
    if (!pane.camera || !other?.camera) return;
    this.following = true;
    other.camera.view = pane.camera.view;
    other.share = pane.share;
    if (other.inverted !== pane.inverted) other.inverted = pane.inverted;
    this.following = false;
  }

  // -- what the actions do -------------------------------------------------------------------------------

  get mode(): Mode {
    return this.tools.mode;
  }

  act(action: Action): void {
    if (action.available && !action.available(this)) return;
    action.run(this);
    this.bar.update();
  }

  choose(mode: Mode): void {
    this.tools.choose(mode);
    this.root.dataset.mode = mode;
  }

  clear(): void {
    clearMeasures(imageId(this.active.image.id));
    this.active.render();
  }

  preset(name: string): void {
    if (name !== "own") this.active.window = this.active.preset(name);
    this.bar.update();
  }

  get presetNow(): string {
    const { low, high } = this.active.window;
    const near = (a: number, b: number): boolean => Math.abs(a - b) < 0.01 * Math.max(high - low, 1);
    return PRESETS.filter((name) => this.active.has(name)).find((name) => {
      const preset = this.active.preset(name);
      return near(preset.low, low) && near(preset.high, high);
    }) ?? "own";
  }

  nudge(shift: number, stretch: number): void {
    const { low, high } = this.active.window;
    const whole = this.active.preset("default");
    const centre = (low + high) / 2 + shift * (whole.high - whole.low);
    const half = ((high - low) / 2) * stretch;
    this.active.window = { low: centre - half, high: centre + half };
  }

  rotate(degrees: number): void {
    const { camera } = this.active;
    if (camera) camera.rotation += degrees;
  }

  flip(): void {
    const { camera } = this.active;
    if (camera) camera.flipped = { ...camera.flipped, horizontal: !camera.flipped.horizontal };
    this.active.redraw();
  }

  reset(): void {
    this.choose("window");
    this.shown = { ...this.shown, heat: false, contours: false, ratio: false };
    this.bar.say("");
    for (const pane of this.linked ? this.panes : [this.active]) {
      pane.shown = this.shown;
      pane.resetView();
    }
  }

  /** The next film of the study in the active pane, that of the study or of the prior. */
  step(by: number): void {
    const { active } = this;
    const { images } = active.study;
    const next = images.findIndex((one) => one.id === active.image.id) + by;
    if (next >= 0 && next < images.length) void this.load(active, next);
  }

  // -- what the model saw --------------------------------------------------------------------------------

  toggle(what: "heat" | "contours" | "ratio"): void {
    this.show({ [what]: !this.shown[what] });
  }

  setOpacity(opacity: number): void {
    this.show({ opacity: Math.min(Math.max(opacity, 0), 1) });
  }

  fade(by: number): void {
    this.setOpacity(this.shown.opacity + by);
  }

  nextFinding(): void {
    const found = this.active.evidence?.findings ?? [];
    const now = found.findIndex((one) => one.concept === this.shown.concept);
    const next = found[(now + 1) % Math.max(found.length, 1)];
    this.show({ heat: true, ...(next ? { concept: next.concept } : {}) });
  }

  /** Show where `concept` was seen. */
  find(concept: string): void {
    this.show({ concept, heat: true });
    this.root.scrollIntoView({ block: "nearest" });
  }

  private show(change: Partial<Shown>): void {
    this.shown = { ...this.shown, ...change };
    for (const pane of this.panes) {
      pane.shown = this.shown;
      pane.redraw();
    }
    void this.look();
    this.bar.update();
  }

  /** Fetch what is to be shown and does not stand yet, and say what there is. */
  private async look(): Promise<void> {
    const { heat, contours, ratio } = this.shown;
    if (!(heat || contours || ratio)) {
      this.bar.say("");
      return;
    }
    if (this.active.evidence === null) this.bar.say(this.say("evidence_wait"));
    try {
      await Promise.all(this.panes.filter((pane) => pane.ready && !pane.root.hidden).map((pane) => pane.see()));
      this.bar.say(this.evidenceWords());
    } catch (error) {
      this.bar.say(error instanceof Refused && error.message ? error.message : this.say("evidence_failed"));
    }
    this.panes.forEach((pane) => pane.redraw());
    this.bar.update();
  }

  private evidenceWords(): string {
    const { evidence } = this.active;
    if (!evidence) return "";
    if (evidence.reason) return this.say(`evidence_${evidence.reason}`);
    const model = this.say("evidence_model", evidence.model);
    if (this.shown.heat) {
      const known = evidence.findings.some((one) => one.concept === this.shown.concept);
      if (!known && this.shown.concept !== null) return this.say("evidence_no_map");
      if (!known) {
        const first = evidence.findings[0];
        if (!first) return this.say("evidence_nothing");
        this.shown = { ...this.shown, concept: first.concept };
        for (const pane of this.panes) pane.shown = this.shown;
      }
    }
    if (this.shown.ratio && !evidence.ratio) return this.say("evidence_no_ratio");
    if (this.shown.ratio && evidence.ratio) {
      const value = evidence.ratio.value.toLocaleString(this.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
      return `${this.say("ratio_value", { value })} · ${model}`;
    }
    return model;
  }

  // -- keys ----------------------------------------------------------------------------------------------

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const typing = target.matches("input, select, textarea, [contenteditable]") && event.key !== "Escape";
    if (typing || event.ctrlKey || event.metaKey || event.altKey || this.help.open) return;
    const action = ACTIONS.find((one) => one.codes.includes(event.code))
      ?? (event.key === "?" ? ACTIONS.find((one) => one.name === "help") : undefined);
    if (!action) return;
    event.preventDefault();
    this.act(action);
  }
}

export function mount(root: HTMLElement, config: Config): Viewer {
  const viewer = new Viewer(root, config);
  viewer.choose("window");
  void viewer.open();
  return viewer;
}
