/** A finding's small map as a picture: smoothed, and coloured as the printed overlay is (imaging/overlay.py). */

import type { FindingEvidence } from "./api";

const RAMP: [number, number, number][] = [
  [120, 12, 40], [178, 24, 38], [222, 73, 24], [246, 134, 18], [252, 192, 40], [252, 244, 150],
];
const FROM = 0.15; // heat that begins to show
const FULL = 0.65; // heat at full opacity
const SIDE = 256;

function bytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Catmull-Rom through four neighbours, `t` from 0 to 1 between the middle two. */
function spline(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

function sampler(values: Uint8Array, rows: number, cols: number): (x: number, y: number) => number {
  const at = (row: number, col: number): number =>
    values[Math.min(Math.max(row, 0), rows - 1) * cols + Math.min(Math.max(col, 0), cols - 1)] ?? 0;
  return (x, y) => {
    const col = Math.floor(x);
    const row = Math.floor(y);
    const line = (r: number): number => spline(at(r, col - 1), at(r, col), at(r, col + 1), at(r, col + 2), x - col);
    return spline(line(row - 1), line(row), line(row + 1), line(row + 2), y - row) / 255;
  };
}

function colour(heat: number): [number, number, number] {
  const place = Math.min(Math.max(heat, 0), 1) * (RAMP.length - 1);
  const index = Math.min(Math.floor(place), RAMP.length - 2);
  const [a, b] = [RAMP[index]!, RAMP[index + 1]!];
  return [0, 1, 2].map((k) => a[k]! + (b[k]! - a[k]!) * (place - index)) as [number, number, number];
}

/** A square canvas that covers the finding's `place` on the film; see-through where nothing stands out. */
export function heatPicture({ heat }: FindingEvidence): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext("2d")!;
  const picture = pen.createImageData(SIDE, SIDE);
  const value = sampler(bytes(heat.values), heat.rows, heat.cols);
  for (let y = 0, k = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, k += 4) {
      const hot = value(((x + 0.5) / SIDE) * heat.cols - 0.5, ((y + 0.5) / SIDE) * heat.rows - 0.5);
      const share = Math.min(Math.max((hot - FROM) / (FULL - FROM), 0), 1);
      picture.data.set([...colour(hot), 255 * share], k);
    }
  }
  pen.putImageData(picture, 0, 0);
  return canvas;
}
