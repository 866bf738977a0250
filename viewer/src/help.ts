/** The list of keys, over the film; made of the same table that the keys are. */

import { ACTIONS } from "./actions";
import type { Say } from "./config";

const GROUPS = ["tools", "picture", "view", "evidence", "studies"] as const;

export class Help {
  private readonly dialog = document.createElement("dialog");

  constructor(place: HTMLElement, private readonly say: Say) {
    this.dialog.className = "viewer-help";
    this.dialog.setAttribute("aria-label", say("help_title"));
    place.append(this.dialog);
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  toggle(): void {
    if (this.dialog.open) {
      this.dialog.close();
      return;
    }
    if (!this.dialog.hasChildNodes()) this.fill();
    this.dialog.showModal();
  }

  get open(): boolean {
    return this.dialog.open;
  }

  private fill(): void {
    const add = (parent: Element, kind: string, text = ""): HTMLElement => {
      const made = document.createElement(kind);
      made.textContent = text;
      parent.append(made);
      return made;
    };
    const head = add(this.dialog, "header");
    add(head, "h2", this.say("help_title"));
    const close = add(head, "button", this.say("close"));
    close.className = "btn";
    close.addEventListener("click", () => this.dialog.close());
    add(this.dialog, "p", this.say("help_mouse")).className = "muted";
    const columns = add(this.dialog, "div");
    columns.className = "viewer-keys";
    for (const group of GROUPS) {
      const section = add(columns, "section");
      add(section, "h3", this.say(`group_${group}`));
      const list = add(section, "dl");
      for (const action of ACTIONS.filter((one) => one.group === group)) {
        add(add(list, "dt"), "kbd", action.key);
        add(list, "dd", this.say(action.name));
      }
    }
  }
}
