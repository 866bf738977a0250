/** What the model saw, drawn over the film on a canvas of its own: heat, box, contours, lines of the ratio. */

import type { Evidence, FindingEvidence, Point } from "./api";
import { heatPicture } from "./heat";

const CONTOURS: Record<string, string> = { right_lung: "#56b4e9", left_lung: "#00c896", heart: "#f082be" };
const LINES: Record<string, string> = { heart: "#f082be", thorax: "#ececec" };
const RIM = "rgba(0, 0, 0, 0.55)";

export interface Shown {
  concept: string | null;
  heat: boolean;
  contours: boolean;
  ratio: boolean;
  /** 0..1, of the heat at its strongest and of the contours. */
  opacity: number;
}

/** Carries a point of the film, in its pixels, to the canvas, in CSS pixels. */
export type Carry = (point: Point) => Point;

export class Overlay {
  readonly canvas = document.createElement("canvas");
  private readonly pictures = new Map<string, HTMLCanvasElement>();
  private evidence: Evidence | null = null;

  constructor() {
    this.canvas.className = "viewer-overlay";
  }

  use(evidence: Evidence | null): void {
    this.evidence = evidence;
    this.pictures.clear();
  }

  draw(shown: Shown, film: { rows: number; cols: number }, carry: Carry): void {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const pen = this.canvas.getContext("2d")!;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (!this.evidence) return;
    const found = this.evidence.findings.find((one) => one.concept === shown.concept);
    if (shown.heat && found) this.drawHeat(pen, found, shown.opacity, film, carry);
    if (shown.contours) this.drawContours(pen, shown.opacity, carry);
    if (shown.ratio && this.evidence.ratio) drawLines(pen, this.evidence.ratio.lines, carry);
    if (shown.heat && found) drawBox(pen, found.box, carry);
  }

  private drawHeat(
    pen: CanvasRenderingContext2D, found: FindingEvidence, opacity: number,
    film: { rows: number; cols: number }, carry: Carry,
  ): void {
    let picture = this.pictures.get(found.concept);
    if (!picture) this.pictures.set(found.concept, (picture = heatPicture(found)));
    const [left, top, right, bottom] = found.heat.place;
    const [origin, across, down] = [carry([left, top]), carry([right, top]), carry([left, bottom])];
    pen.save();
    path(pen, [[0, 0], [film.cols, 0], [film.cols, film.rows], [0, film.rows]], carry, true);
    pen.clip();
    pen.globalAlpha = opacity;
    pen.imageSmoothingEnabled = true;
    pen.transform(
      (across[0] - origin[0]) / picture.width, (across[1] - origin[1]) / picture.width,
      (down[0] - origin[0]) / picture.height, (down[1] - origin[1]) / picture.height, origin[0], origin[1],
    );
    pen.drawImage(picture, 0, 0);
    pen.restore();
  }

  private drawContours(pen: CanvasRenderingContext2D, opacity: number, carry: Carry): void {
    pen.save();
    pen.globalAlpha = Math.min(1, 0.35 + opacity);
    for (const [part, polygons] of Object.entries(this.evidence?.contours ?? {})) {
      for (const polygon of polygons) stroke(pen, polygon, carry, CONTOURS[part] ?? "#ececec", 1.5, true);
    }
    pen.restore();
  }
}

function path(pen: CanvasRenderingContext2D, points: Point[], carry: Carry, closed: boolean): void {
  pen.beginPath();
  points.forEach((point, n) => {
    const [x, y] = carry(point);
    if (n === 0) pen.moveTo(x, y);
    else pen.lineTo(x, y);
  });
  if (closed) pen.closePath();
}

/** A line and the dark rim that keeps it visible on bone. */
function stroke(
  pen: CanvasRenderingContext2D, points: Point[], carry: Carry, colour: string, width: number, closed: boolean,
): void {
  path(pen, points, carry, closed);
  pen.lineJoin = "round";
  pen.strokeStyle = RIM;
  pen.lineWidth = width + 2;
  pen.stroke();
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

function drawLines(pen: CanvasRenderingContext2D, lines: Record<string, [Point, Point]>, carry: Carry): void {
  for (const [name, line] of Object.entries(lines)) {
    const colour = LINES[name] ?? "#ececec";
    stroke(pen, line, carry, colour, 2, false);
    const [a, b] = [carry(line[0]), carry(line[1])];
    const length = Math.max(Math.hypot(b[0] - a[0], b[1] - a[1]), 1e-6);
    const [dx, dy] = [(-(b[1] - a[1]) / length) * 7, ((b[0] - a[0]) / length) * 7];
    for (const [x, y] of [a, b]) stroke(pen, [[x - dx, y - dy], [x + dx, y + dy]], (point) => point, colour, 2, false);
  }
}

function drawBox(pen: CanvasRenderingContext2D, box: FindingEvidence["box"], carry: Carry): void {
  const [left, top, right, bottom] = box;
  pen.save();
  pen.setLineDash([7, 5]);
  stroke(pen, [[left, top], [right, top], [right, bottom], [left, bottom]], carry, "#fcd45a", 1.5, true);
  pen.restore();
}
