/** The magnifier: a round piece of the film under the pointer, drawn from the film's own values. */

import type { Pixels, Point, Window } from "./api";
import type { Carry } from "./overlay";

const SIDE = 280; // CSS pixels
const POWER = 2.5; // against what stands on the screen

export class Lens {
  readonly canvas = document.createElement("canvas");
  private readonly piece = document.createElement("canvas");

  constructor() {
    this.canvas.className = "viewer-lens";
    this.canvas.hidden = true;
  }

  hide(): void {
    this.canvas.hidden = true;
  }

  /** Show what lies under `at` (canvas, CSS pixels), which is the film's point `centre`. */
  show(at: Point, centre: Point, film: Pixels, look: { window: Window; inverted: boolean; scale: number }, carry: Carry): void {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.hidden = false;
    this.canvas.width = this.canvas.height = SIDE * ratio;
    this.canvas.style.left = `${at[0] - SIDE / 2}px`;
    this.canvas.style.top = `${at[1] - SIDE / 2}px`;
    const reach = Math.ceil((SIDE * Math.SQRT1_2) / (look.scale * POWER)) + 2;
    const [left, top] = [Math.floor(centre[0]) - reach, Math.floor(centre[1]) - reach];
    this.cut(film, left, top, 2 * reach, look);
    const [o, x, y] = [carry(centre), carry([centre[0] + 100, centre[1]]), carry([centre[0], centre[1] + 100])];
    const step = (end: Point, k: 0 | 1): number => ((end[k] - o[k]) / 100) * POWER * ratio;
    const pen = this.canvas.getContext("2d")!;
    pen.setTransform(step(x, 0), step(x, 1), step(y, 0), step(y, 1), (SIDE * ratio) / 2, (SIDE * ratio) / 2);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(this.piece, left - centre[0], top - centre[1]);
  }

  private cut(film: Pixels, left: number, top: number, side: number, look: { window: Window; inverted: boolean }): void {
    const { low, high } = look.window;
    const gain = 255 / Math.max(high - low, 1e-6);
    this.piece.width = this.piece.height = side;
    const pen = this.piece.getContext("2d")!;
    const picture = pen.createImageData(side, side);
    for (let row = 0, k = 0; row < side; row++) {
      for (let col = 0; col < side; col++, k += 4) {
        const [x, y] = [left + col, top + row];
        const inside = x >= 0 && y >= 0 && x < film.cols && y < film.rows;
        const grey = inside ? (film.data[y * film.cols + x]! - low) * gain : 0;
        picture.data[k] = picture.data[k + 1] = picture.data[k + 2] = inside && look.inverted ? 255 - grey : grey;
        picture.data[k + 3] = 255;
      }
    }
    pen.putImageData(picture, 0, 0);
  }
}
