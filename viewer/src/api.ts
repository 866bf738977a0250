/** What the island asks the server for. */

export interface Window {
  low: number;
  high: number;
}

export type SpacingKind = "calibrated" | "detector" | "none";

export interface Pixels {
  data: Uint16Array;
  rows: number;
  cols: number;
  /** Grey value of the file = stored * slope + intercept. */
  slope: number;
  intercept: number;
  /** In stored units, as all windows of the island. */
  windows: Record<string, Window>;
  spacing: [number, number] | null;
  spacingKind: SpacingKind;
}

export type Point = [number, number];

export interface FindingEvidence {
  concept: string;
  name: string;
  status: "present" | "uncertain";
  probability: number | null;
  box: [number, number, number, number];
  peak: Point;
  heat: { rows: number; cols: number; values: string; place: [number, number, number, number] };
}

export interface Evidence {
  model: { name: string; revision: string };
  reason: string | null;
  findings: FindingEvidence[];
  contours: Record<string, Point[][]>;
  ratio: { value: number; lines: Record<string, [Point, Point]> } | null;
}

/** The server's answer was an error; `message` is in the user's language. */
export class Refused extends Error {
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

async function ask(path: string): Promise<Response> {
  const answer = await fetch(path, { credentials: "same-origin", headers: { Accept: "*/*" } });
  if (answer.ok) return answer;
  const body: unknown = await answer.json().catch(() => null);
  const message = (body as { error?: { message?: string } } | null)?.error?.message ?? answer.statusText;
  throw new Refused(message, answer.status);
}

const pending = new Map<number, Promise<Pixels>>();

/** The whole film, 16 bits a pixel. Asked for once, however many ask; a failure may be asked for again. */
export function pixels(image: number): Promise<Pixels> {
  const known = pending.get(image);
  if (known) return known;
  const asked = fetchPixels(image);
  pending.set(image, asked);
  asked.catch(() => pending.delete(image));
  return asked;
}

async function fetchPixels(image: number): Promise<Pixels> {
  const answer = await ask(`/v1/images/${image}/pixels`);
  const number = (name: string): number => Number(answer.headers.get(name));
  const kind = (answer.headers.get("X-Film-Spacing-Kind") ?? "none") as SpacingKind;
  const bytes = await answer.arrayBuffer();
  const rows = number("X-Film-Rows");
  const cols = number("X-Film-Cols");
  if (bytes.byteLength !== rows * cols * 2) throw new Refused("", answer.status);
  const [row, col] = (answer.headers.get("X-Film-Spacing") ?? "").split(",").map(Number);
  return {
    data: new Uint16Array(bytes),
    rows,
    cols,
    slope: number("X-Film-Slope"),
    intercept: number("X-Film-Intercept"),
    windows: JSON.parse(answer.headers.get("X-Film-Windows") ?? "{}") as Record<string, Window>,
    spacing: kind !== "none" && row && col ? [row, col] : null,
    spacingKind: kind,
  };
}

const evidences = new Map<number, Promise<Evidence>>();

export function evidence(image: number): Promise<Evidence> {
  const known = evidences.get(image);
  if (known) return known;
  const asked = ask(`/v1/images/${image}/evidence`).then((answer) => answer.json() as Promise<Evidence>);
  evidences.set(image, asked);
  asked.catch(() => evidences.delete(image));
  return asked;
}
