/** The entry: begins to fetch the film at once, and the engine beside it, since the engine is the larger of the two. */

import { pixels } from "./api";
import { readConfig } from "./config";

for (const root of document.querySelectorAll<HTMLElement>("[data-viewer]")) {
  const config = readConfig(root);
  const first = config.study.images[0];
  if (first) pixels(first.id).catch(() => undefined); // the pane asks again and shows what went wrong
  void import("./viewer").then(({ mount }) => mount(root, config));
}
