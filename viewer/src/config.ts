/** What the page tells the island, all of it through `data-` attributes of its root. */

export interface Film {
  id: number;
  rows: number;
  cols: number;
  /** Row and column, millimetres; null when the file does not say. */
  spacing: [number, number] | null;
  view: "frontal" | "lateral" | "unknown";
}

export interface Study {
  id: string;
  /** What stands over its pane: a date, "prior", ... */
  label: string;
  images: Film[];
}

export interface Config {
  lang: string;
  words: Record<string, string>;
  study: Study;
  prior: Study | null;
}

export function readConfig(root: HTMLElement): Config {
  const data = root.dataset;
  return {
    lang: data.lang ?? "ru",
    words: JSON.parse(data.words ?? "{}") as Record<string, string>,
    study: JSON.parse(data.study ?? "null") as Study,
    prior: JSON.parse(data.prior ?? "null") as Study | null,
  };
}

export type Say = (key: string, places?: Record<string, string | number>) => string;

/** The words of the page's language; they come from the server's locale and stand nowhere else. */
export function speaker(config: Config): Say {
  return (key, places = {}) =>
    (config.words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(places[name] ?? whole));
}

/** Numbers as the language writes them. */
export function decimal(lang: string, value: number, digits = 0): string {
  return value.toLocaleString(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
