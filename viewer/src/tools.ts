/** The tools of the left button, made of Cornerstone's: window, pan, zoom, and measures with their words. */

import { getEnabledElement, type Types } from "@cornerstonejs/core";
import {
  AngleTool,
  BaseTool,
  Enums,
  LengthTool,
  PanTool,
  ToolGroupManager,
  ZoomTool,
  addTool,
  annotation,
  type Types as ToolTypes,
} from "@cornerstonejs/tools";
import { decimal, type Say } from "./config";
import { filmOf } from "./engine";

export const MODES = ["window", "pan", "zoom", "magnify", "length", "angle", "ratio"] as const;
export type Mode = (typeof MODES)[number];

const { MouseBindings } = Enums;
const FULL_DRAG = 400; // CSS pixels of drag that change the window by its default width

/** Drag across changes the width, drag down darkens; the speed follows the film's own range, 8 bits or 16. */
class WindowTool extends BaseTool {
  static override toolName = "ProsvetWindow";

  constructor(props = {}, defaults = { supportedInteractionTypes: ["Mouse", "Touch"] }) {
    super(props, defaults);
  }

  mouseDragCallback(event: { detail: { element: HTMLDivElement; deltaPoints: { canvas: number[] } } }): void {
    const { element, deltaPoints } = event.detail;
    const viewport = getEnabledElement(element)?.viewport as Types.IStackViewport;
    const range = viewport.getProperties().voiRange;
    const whole = filmOf(viewport.getCurrentImageId()).windows.default;
    if (!range || !whole) return;
    const step = Math.max(whole.high - whole.low, 1) / FULL_DRAG;
    const [across = 0, down = 0] = deltaPoints.canvas;
    const width = Math.max(range.upper - range.lower + across * step, step);
    const centre = (range.upper + range.lower) / 2 + down * step;
    viewport.setProperties({ voiRange: { lower: centre - width / 2, upper: centre + width / 2 } });
    viewport.render();
  }

  touchDragCallback(event: Parameters<WindowTool["mouseDragCallback"]>[0]): void {
    this.mouseDragCallback(event);
  }
}

/** Two lines drawn by hand, heart and chest in either order: the longer is the chest. */
class RatioTool extends LengthTool {
  static override toolName = "ProsvetRatio";
}

/** The magnifier is the pane's own (lens.ts): no tool of the library has the button then. */
const TOOLS: Record<Exclude<Mode, "magnify">, string> = {
  window: WindowTool.toolName,
  pan: PanTool.toolName,
  zoom: ZoomTool.toolName,
  length: LengthTool.toolName,
  angle: AngleTool.toolName,
  ratio: RatioTool.toolName,
};

type Line = ToolTypes.Annotation & { data: { handles: { points: Types.Point3[] } } };

function lengthOf(line: { handles?: { points?: Types.Point3[] } }): number {
  const [a, b] = line.handles?.points ?? [];
  return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
}

function imageOf(target: string): string {
  return target.replace(/^imageId:/, "");
}

/** A length in words: millimetres where they are known, and of what plane; otherwise pixels, and so said. */
function told(length: number, image: string, say: Say, lang: string): string {
  const unit = { calibrated: "unit_mm", detector: "unit_mm_detector", none: "unit_px" }[filmOf(image).spacingKind];
  return say(unit, { value: decimal(lang, length, unit === "unit_px" ? 0 : 1) });
}

/** The hand-drawn ratio on an image, once both lines stand. */
export function handRatio(image: string): number | null {
  const lines = ratioLines(image).map((line) => lengthOf(line.data)).sort((a, b) => a - b);
  const [heart, thorax] = lines;
  return lines.length === 2 && heart && thorax ? heart / thorax : null;
}

function ratioLines(image: string): Line[] {
  const all = annotation.state.getAllAnnotations() as Line[];
  return all.filter((one) => one.metadata?.toolName === RatioTool.toolName && one.metadata.referencedImageId === image);
}

/** Only the newest two lines of the ratio stay. */
export function keepTwoRatioLines(image: string): void {
  for (const old of ratioLines(image).slice(0, -2)) annotation.state.removeAnnotation(old.annotationUID!);
}

export function clearMeasures(image: string): void {
  for (const one of annotation.state.getAllAnnotations()) {
    if (one.metadata?.referencedImageId === image) annotation.state.removeAnnotation(one.annotationUID!);
  }
}

function words(say: Say, lang: string): Record<string, (data: ToolTypes.Annotation["data"], target: string) => string[]> {
  return {
    length: (data, target) => [told(lengthOf(data as Line["data"]), imageOf(target), say, lang)],
    ratio: (data, target) => {
      const image = imageOf(target);
      const mine = lengthOf(data as Line["data"]);
      const lines = filmOf(image).spacingKind === "none" ? [] : [told(mine, image, say, lang)];
      const ratio = handRatio(image);
      const longest = Math.max(...ratioLines(image).map((line) => lengthOf(line.data)));
      if (ratio !== null) {
        lines.unshift(say(mine < longest ? "line_heart" : "line_thorax"));
        if (mine >= longest) lines.push(say("ratio_value", { value: decimal(lang, ratio, 2) }));
      }
      return lines;
    },
    angle: (data, target) => {
      const stats = data.cachedStats as Record<string, { angle?: number }> | undefined;
      const angle = stats?.[target]?.angle;
      return angle === undefined || Number.isNaN(angle) ? [] : [`${decimal(lang, angle, 1)}°`];
    },
  };
}

export class Tools {
  private readonly group: ToolTypes.IToolGroup;
  mode: Mode = "window";

  constructor(say: Say, lang: string) {
    for (const tool of [WindowTool, PanTool, ZoomTool, LengthTool, AngleTool, RatioTool]) addTool(tool);
    const group = ToolGroupManager.createToolGroup("prosvet");
    if (!group) throw new Error("the tool group stands already");
    this.group = group;
    const lines = words(say, lang);
    for (const [mode, name] of Object.entries(TOOLS)) {
      const getTextLines = lines[mode];
      this.group.addTool(name, getTextLines ? { getTextLines } : {});
    }
    annotation.config.style.setDefaultToolStyles({
      global: {
        ...annotation.config.style.getDefaultToolStyles().global,
        color: "rgb(255, 214, 90)", colorHighlighted: "rgb(255, 240, 170)", colorSelected: "rgb(120, 220, 255)",
        lineWidth: "2", lineWidthSelected: "2.5", textBoxFontSize: "15px", textBoxFontFamily: "system-ui, sans-serif",
        textBoxColor: "rgb(255, 226, 130)", textBoxColorSelected: "rgb(160, 230, 255)",
        textBoxColorHighlighted: "rgb(255, 240, 170)", textBoxBackground: "rgba(10, 12, 15, 0.72)",
        textBoxLinkLineWidth: "1", textBoxLinkLineDash: "2,3", shadow: true,
      },
    } as never);
    this.choose("window");
  }

  add(viewport: string): void {
    this.group.addViewport(viewport, "prosvet");
  }

  remove(viewport: string): void {
    this.group.removeViewports("prosvet", viewport);
  }

  /** Give `mode` the left button and one finger; the middle button pans, the right one and two fingers zoom. */
  choose(mode: Mode): void {
    this.mode = mode;
    for (const [other, name] of Object.entries(TOOLS)) {
      const measures = other === "length" || other === "angle" || other === "ratio";
      if (measures) this.group.setToolPassive(name);
      else this.group.setToolDisabled(name);
    }
    const bindings: Record<string, ToolTypes.IToolBinding[]> = {
      [PanTool.toolName]: [{ mouseButton: MouseBindings.Auxiliary }],
      [ZoomTool.toolName]: [{ mouseButton: MouseBindings.Secondary }, { numTouchPoints: 2 }],
    };
    if (mode !== "magnify") {
      const chosen = TOOLS[mode];
      bindings[chosen] = [...(bindings[chosen] ?? []), { mouseButton: MouseBindings.Primary }, { numTouchPoints: 1 }];
    }
    for (const [name, binding] of Object.entries(bindings)) this.group.setToolActive(name, { bindings: binding });
  }
}
