/** One film on the screen: the quick thumbnail, then all its bits, what the model saw, and the figures in the corners. */

import { Enums, eventTarget, type Types } from "@cornerstonejs/core";
import { Enums as ToolEnums } from "@cornerstonejs/tools";
import { Refused, evidence, pixels, type Evidence, type Pixels, type Point, type Window } from "./api";
import { Camera, type View } from "./camera";
import { decimal, type Film, type Say, type Study } from "./config";
import { filmOf, imageId, theEngine } from "./engine";
import { Lens } from "./lens";
import { Overlay, type Shown } from "./overlay";
import { keepTwoRatioLines } from "./tools";

const { Events } = Enums;
const WHEEL_STEP = 1.0015;

function element(kind: string, name: string, parent: Element): HTMLElement {
  const made = document.createElement(kind);
  made.className = name;
  parent.append(made);
  return made;
}

export class Pane {
  readonly root: HTMLElement;
  readonly overlay = new Overlay();
  camera: Camera | null = null;
  /** Whether the left button holds the magnifier. */
  magnifying: () => boolean = () => false;
  evidence: Evidence | null = null;
  shown: Shown = { concept: null, heat: false, contours: false, ratio: false, opacity: 0.45 };
  /** Called after each change of view or window that came from this pane. */
  onMoved: () => void = () => undefined;
  private film: Pixels | null = null;
  private index = 0;
  private viewport: Types.IStackViewport | null = null;
  private readonly stage: HTMLDivElement;
  private readonly quick: HTMLImageElement;
  private readonly message: HTMLElement;
  private readonly corners: Record<"study" | "size" | "window" | "side", HTMLElement>;
  private readonly lens = new Lens();
  private cursor: Point | null = null;
  /** The last view drawn: when the pane changes its size, the old one can no longer be asked for. */
  private lastView: View | null = null;

  constructor(readonly id: string, readonly study: Study, private readonly say: Say, private readonly lang: string,
              place: HTMLElement) {
    this.root = place;
    this.quick = (place.querySelector<HTMLImageElement>("img.viewer-quick")
      ?? element("img", "viewer-quick", place)) as HTMLImageElement;
    this.quick.alt = "";
    this.stage = element("div", "viewer-stage", place) as HTMLDivElement;
    this.stage.hidden = false;
    place.append(this.overlay.canvas, this.lens.canvas);
    const corner = (name: string): HTMLElement => element("div", `viewer-corner viewer-${name}`, place);
    this.corners = { study: corner("nw"), size: corner("ne"), window: corner("sw"), side: corner("se") };
    this.message = element("div", "viewer-message", place);
    this.message.setAttribute("role", "status");
    this.message.hidden = true;
    this.listen();
  }

  get image(): Film {
    return this.study.images[this.index]!;
  }

  get ready(): boolean {
    return this.film !== null;
  }

  /** Show the study's image number `index`; true when it came. */
  async show(index: number): Promise<boolean> {
    this.index = Math.min(Math.max(index, 0), this.study.images.length - 1);
    const { id } = this.image;
    this.film = this.camera = this.evidence = null;
    this.overlay.use(null);
    this.message.hidden = true;
    this.quick.hidden = false;
    const small = `/v1/images/${id}/thumbnail?side=512`;
    if (this.quick.getAttribute("src") !== small) this.quick.src = small;
    this.root.classList.add("viewer-loading");
    this.describe();
    try {
      await this.display(imageId(id));
    } catch (error) {
      this.refuse(error);
      return false;
    } finally {
      this.root.classList.remove("viewer-loading");
    }
    return true;
  }

  private async display(id: string): Promise<void> {
    await pixels(this.image.id); // a refusal is ours to tell: the library would also throw it into the void
    await this.visible();
    const engine = theEngine();
    if (!this.viewport) {
      engine.enableElement({
        viewportId: this.id, type: Enums.ViewportType.STACK, element: this.stage,
        defaultOptions: { background: [0, 0, 0] },
      });
      this.viewport = engine.getViewport(this.id) as Types.IStackViewport;
    }
    await this.viewport.setStack([id]);
    if (imageId(this.image.id) !== id) return; // another film was asked for meanwhile
    this.film = filmOf(id);
    this.camera = new Camera(this.viewport, this.film);
    this.lastView = null;
    this.resetView();
    this.quick.hidden = true;
    performance.mark("prosvet-full");
  }

  /** Until the pane has a size: a film fitted into nothing has no scale, and would keep none when it is shown. */
  private visible(): Promise<void> {
    const sized = (): boolean => this.stage.clientWidth > 0 && this.stage.clientHeight > 0;
    if (sized()) return Promise.resolve();
    return new Promise((resolve) => {
      const watch = new ResizeObserver(() => {
        if (!sized()) return;
        watch.disconnect();
        resolve();
      });
      watch.observe(this.stage);
    });
  }

  private refuse(error: unknown): void {
    const reason = error instanceof Refused ? error.message : "";
    this.message.replaceChildren();
    element("strong", "", this.message).textContent = this.say("failed");
    if (reason) element("p", "", this.message).textContent = reason;
    const again = element("button", "btn", this.message) as HTMLButtonElement;
    again.type = "button";
    again.textContent = this.say("retry");
    again.addEventListener("click", () => void this.show(this.index));
    this.message.hidden = false;
  }

  /** What the model saw here; asked for once, when first wanted. */
  async see(): Promise<Evidence> {
    const asked = this.image.id;
    const found = await evidence(asked);
    if (asked === this.image.id && this.evidence !== found) {
      this.evidence = found;
      this.overlay.use(found);
      this.redraw();
    }
    return found;
  }

  // -- the window ----------------------------------------------------------------------------------------

  get window(): Window {
    const range = this.viewport?.getProperties().voiRange;
    return range ? { low: range.lower, high: range.upper } : this.preset("default");
  }

  set window({ low, high }: Window) {
    this.viewport?.setProperties({ voiRange: { lower: low, upper: Math.max(high, low + 1e-3) } });
    this.viewport?.render();
  }

  has(preset: string): boolean {
    return this.film?.windows[preset] !== undefined;
  }

  preset(name: string): Window {
    return this.film?.windows[name] ?? { low: 0, high: 65535 };
  }

  /** The window as shares of the film's default one, so that films of different makers can follow each other. */
  get share(): Window {
    const { low, high } = this.preset("default");
    const width = Math.max(high - low, 1e-6);
    return { low: (this.window.low - low) / width, high: (this.window.high - low) / width };
  }

  set share(share: Window) {
    const { low, high } = this.preset("default");
    this.window = { low: low + share.low * (high - low), high: low + share.high * (high - low) };
  }

  get inverted(): boolean {
    return this.viewport?.getProperties().invert ?? false;
  }

  set inverted(value: boolean) {
    this.viewport?.setProperties({ invert: value });
    this.viewport?.render();
    this.moved();
  }

  resetView(): void {
    if (!this.camera) return;
    this.camera.flipped = { horizontal: false, vertical: false };
    this.camera.rotation = 0;
    this.window = this.preset("default");
    this.inverted = false;
  }

  // -- drawing and figures -------------------------------------------------------------------------------

  resize(): void {
    if (!this.camera?.placed) return;
    const view = this.lastView ?? this.camera.view;
    theEngine().resize(true, true);
    this.camera.view = view;
  }

  redraw(): void {
    const { camera, film } = this;
    if (!camera?.placed || !film) return;
    this.lastView = camera.view;
    this.overlay.draw(this.shown, film, (point) => camera.toCanvas(point));
    this.describe();
  }

  render(): void {
    this.viewport?.render();
  }

  private listen(): void {
    this.stage.addEventListener(Events.IMAGE_RENDERED, () => this.redraw());
    for (const name of [Events.CAMERA_MODIFIED, Events.VOI_MODIFIED]) {
      this.stage.addEventListener(name, () => this.moved());
    }
    this.stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.camera?.zoomBy(WHEEL_STEP ** -event.deltaY, this.place(event));
    }, { passive: false });
    this.stage.addEventListener("contextmenu", (event) => event.preventDefault());
    this.stage.addEventListener("pointerdown", (event) => this.magnify(event));
    for (const end of ["pointerup", "pointercancel"] as const) {
      document.addEventListener(end, () => this.lens.hide());
    }
    this.stage.addEventListener("pointermove", (event) => {
      this.magnify(event);
      this.cursor = this.place(event);
      this.describe();
    });
    this.stage.addEventListener("pointerleave", () => {
      this.cursor = null;
      this.describe();
    });
    eventTarget.addEventListener(ToolEnums.Events.ANNOTATION_COMPLETED, () => {
      keepTwoRatioLines(imageId(this.image.id));
      this.render();
    });
  }

  private magnify(event: PointerEvent): void {
    const { camera, film } = this;
    if (!camera || !film || !this.magnifying() || !(event.buttons & 1)) return;
    const at = this.place(event);
    const look = { window: this.window, inverted: this.inverted, scale: camera.scale };
    this.lens.show(at, camera.toFilm(at), film, look, (point) => camera.toCanvas(point));
  }

  private place(event: MouseEvent): Point {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private moved(): void {
    if (!this.ready) return;
    this.describe();
    this.onMoved();
  }

  private describe(): void {
    const { say, lang, film, camera } = this;
    const { rows, cols } = film ?? this.image;
    const many = this.study.images.length;
    const which = many > 1 ? say("image_of", { number: this.index + 1, count: many }) : "";
    set(this.corners.study, [this.study.label, which, say(`view_${this.image.view}`)]);
    set(this.corners.size, [
      say("size", { cols, rows }),
      camera ? say("zoom_value", { value: decimal(lang, camera.scale * (window.devicePixelRatio || 1) * 100) }) : "",
      film ? say(`spacing_${film.spacingKind}`, spacingPlaces(film, lang)) : "",
    ]);
    set(this.corners.window, film ? [this.windowWords(film), this.valueWords(film)] : []);
    const flipped = camera !== null && camera.flipped.horizontal !== camera.flipped.vertical;
    this.corners.side.classList.toggle("viewer-warn", flipped);
    set(this.corners.side, [say(flipped ? "side_flipped" : "side_check")]);
  }

  private windowWords({ slope, intercept }: Pixels): string {
    const { low, high } = this.window;
    return this.say("window_value", {
      centre: decimal(this.lang, ((low + high) / 2) * slope + intercept),
      width: decimal(this.lang, (high - low) * slope),
    });
  }

  private valueWords(film: Pixels): string {
    if (!this.cursor || !this.camera) return "";
    const [x, y] = this.camera.toFilm(this.cursor).map(Math.floor) as Point;
    if (x < 0 || y < 0 || x >= film.cols || y >= film.rows) return "";
    const value = film.data[y * film.cols + x]! * film.slope + film.intercept;
    return this.say("pixel_value", { x, y, value: decimal(this.lang, value) });
  }
}

function spacingPlaces(film: Pixels, lang: string): Record<string, string> {
  return { value: film.spacing ? decimal(lang, film.spacing[0], 3) : "" };
}

function set(corner: HTMLElement, lines: string[]): void {
  const text = lines.filter(Boolean).join("\n");
  if (corner.textContent !== text) corner.textContent = text;
}
