/** Where one looks at the film: the same few moves for both of Cornerstone's ways of drawing. */

import type { Types } from "@cornerstonejs/core";
import type { Pixels, Point } from "./api";

export interface View {
  /** The point of the film at the middle of the pane, as shares of its columns and rows. */
  centre: Point;
  /** Against the whole film fitted into the pane. */
  zoom: number;
}

const CLOSEST = 40;
const FARTHEST = 0.2;

export class Camera {
  constructor(private readonly viewport: Types.IStackViewport, private readonly film: Pixels) {}

  private get spacing(): [number, number] {
    return this.film.spacing ?? [1, 1];
  }

  /** Film pixels (x to the right, y down, edges at 0) to the canvas, in CSS pixels. */
  toCanvas([x, y]: Point): Point {
    const [row, col] = this.spacing;
    const [left, top] = this.viewport.worldToCanvas([(x - 0.5) * col, (y - 0.5) * row, 0]);
    return [left, top];
  }

  toFilm(canvas: Point): Point {
    const [row, col] = this.spacing;
    const [x, y] = this.viewport.canvasToWorld(canvas);
    return [x / col + 0.5, y / row + 0.5];
  }

  /** CSS pixels a film row. */
  get scale(): number {
    const [a, b] = [this.toCanvas([0, 0]), this.toCanvas([0, 1000])];
    return Math.hypot(b[0] - a[0], b[1] - a[1]) / 1000;
  }

  private get size(): [number, number] {
    return [this.viewport.element.clientWidth, this.viewport.element.clientHeight];
  }

  private get fitScale(): number {
    const [width, height] = this.size;
    const [row, col] = this.spacing;
    const [wide, tall] = [(this.film.cols * col) / row, this.film.rows];
    const sideways = Math.round(this.rotation / 90) % 2 === 1;
    return Math.min(width / (sideways ? tall : wide), height / (sideways ? wide : tall));
  }

  get view(): View {
    const [width, height] = this.size;
    const [x, y] = this.toFilm([width / 2, height / 2]);
    return { centre: [x / this.film.cols, y / this.film.rows], zoom: this.scale / this.fitScale };
  }

  set view({ centre, zoom }: View) {
    this.look([centre[0] * this.film.cols, centre[1] * this.film.rows], zoom * this.fitScale);
  }

  /** Whether there is a place to draw in; in a hidden one no scale exists. */
  get placed(): boolean {
    const [width, height] = this.size;
    return width > 0 && height > 0;
  }

  /** Put the film point `centre` in the middle, at `scale` CSS pixels a film row. */
  private look(centre: Point, scale: number): void {
    const [row, col] = this.spacing;
    const camera = this.viewport.getCamera();
    const from = camera.focalPoint ?? [0, 0, 0];
    const to: Types.Point3 = [(centre[0] - 0.5) * col, (centre[1] - 0.5) * row, from[2]];
    const position = (camera.position ?? [0, 0, 0]).map((v, k) => v + to[k]! - from[k]!) as Types.Point3;
    const kept = Math.min(Math.max(scale, FARTHEST * this.fitScale), CLOSEST * this.fitScale);
    this.viewport.setCamera({ focalPoint: to, position, parallelScale: (this.size[1] * row) / 2 / kept });
    this.viewport.render();
  }

  fit(): void {
    this.view = { centre: [0.5, 0.5], zoom: 1 };
  }

  /** One film pixel to one pixel of the screen. */
  natural(): void {
    this.look(this.middle(), 1 / (window.devicePixelRatio || 1));
  }

  /** Zoom by `factor` so that what lies under `at` (canvas, CSS pixels) stays there. */
  zoomBy(factor: number, at?: Point): void {
    const before = this.middle();
    const scale = Math.min(Math.max(this.scale * factor, FARTHEST * this.fitScale), CLOSEST * this.fitScale);
    const share = this.scale / scale;
    const fixed = at ? this.toFilm(at) : before;
    this.look([fixed[0] + (before[0] - fixed[0]) * share, fixed[1] + (before[1] - fixed[1]) * share], scale);
  }

  /** Move the film by CSS pixels. */
  panBy(dx: number, dy: number): void {
    const [width, height] = this.size;
    this.look(this.toFilm([width / 2 - dx, height / 2 - dy]), this.scale);
  }

  private middle(): Point {
    const [width, height] = this.size;
    return this.toFilm([width / 2, height / 2]);
  }

  get rotation(): number {
    return (((this.viewport.getViewPresentation().rotation ?? 0) % 360) + 360) % 360;
  }

  /** Degrees clockwise as the reader sees it. */
  set rotation(degrees: number) {
    this.viewport.setViewPresentation({ rotation: ((degrees % 360) + 360) % 360 });
    this.fit();
  }

  get flipped(): { horizontal: boolean; vertical: boolean } {
    const { flipHorizontal, flipVertical } = this.viewport.getCamera();
    return { horizontal: flipHorizontal ?? false, vertical: flipVertical ?? false };
  }

  set flipped({ horizontal, vertical }: { horizontal: boolean; vertical: boolean }) {
    const { view } = this;
    this.viewport.setCamera({ flipHorizontal: horizontal, flipVertical: vertical });
    this.view = view;
  }
}
