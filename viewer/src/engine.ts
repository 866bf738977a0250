/** Cornerstone, set up once: our image loader, our geometry, and the way of drawing that suits the machine. */

import {
  RenderingEngine,
  Enums,
  imageLoader,
  init as initCore,
  metaData,
  setUseCPURendering,
  utilities,
  type Types,
} from "@cornerstonejs/core";
import { init as initTools } from "@cornerstonejs/tools";
import { pixels, type Pixels } from "./api";

const SCHEME = "prosvet";
const films = new Map<string, Pixels>();
let engine: RenderingEngine | null = null;

export function imageId(image: number): string {
  return `${SCHEME}:${image}`;
}

export function filmOf(id: string): Pixels {
  const film = films.get(id);
  if (!film) throw new Error(`${id} is not loaded`);
  return film;
}

/** Without a graphics card the browser imitates one; Cornerstone's own drawing on the processor is then quicker. */
function imitatedGraphics(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return true;
  const about = context.getExtension("WEBGL_debug_renderer_info");
  const name = String(context.getParameter(about ? about.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

function load(id: string): { promise: Promise<Types.IImage> } {
  return { promise: pixels(Number(id.slice(SCHEME.length + 1))).then((film) => toImage(id, film)) };
}

function toImage(id: string, film: Pixels): Types.IImage {
  films.set(id, film);
  const { rows, cols } = film;
  const [rowSpacing, colSpacing] = film.spacing ?? [1, 1];
  let lowest = 65535;
  let highest = 0;
  for (const value of film.data) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const { low, high } = film.windows.default ?? { low: lowest, high: highest };
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    width: cols, height: rows, numberOfComponents: 1, scalarData: film.data, id,
  });
  return {
    imageId: id,
    rows, columns: cols, width: cols, height: rows,
    rowPixelSpacing: rowSpacing, columnPixelSpacing: colSpacing,
    minPixelValue: lowest, maxPixelValue: highest,
    windowCenter: (low + high) / 2, windowWidth: high - low,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR_EXACT,
    slope: 1, intercept: 0, invert: false, color: false, rgba: false, numberOfComponents: 1,
    photometricInterpretation: "MONOCHROME2", dataType: "Uint16Array",
    sizeInBytes: film.data.byteLength,
    voxelManager,
    getPixelData: () => film.data,
    getCanvas: () => document.createElement("canvas"),
  } as unknown as Types.IImage;
}

/** The film lies in the plane z = 0, its first pixel at the origin; lengths are millimetres when these are known. */
function geometry(kind: string, id: string): unknown {
  const film = films.get(id);
  if (!film) return undefined;
  if (kind === Enums.MetadataModules.IMAGE_PIXEL) {
    return {
      rows: film.rows, columns: film.cols, samplesPerPixel: 1, photometricInterpretation: "MONOCHROME2",
      bitsAllocated: 16, bitsStored: 16, highBit: 15, pixelRepresentation: 0,
    };
  }
  if (kind === Enums.MetadataModules.IMAGE_PLANE) {
    const [row, col] = film.spacing ?? [1, 1];
    return {
      frameOfReferenceUID: id, rows: film.rows, columns: film.cols,
      imageOrientationPatient: [1, 0, 0, 0, 1, 0], rowCosines: [1, 0, 0], columnCosines: [0, 1, 0],
      imagePositionPatient: [0, 0, 0], pixelSpacing: [row, col], rowPixelSpacing: row, columnPixelSpacing: col,
    };
  }
  if (kind === Enums.MetadataModules.GENERAL_SERIES) return { modality: "DX", seriesInstanceUID: id };
  return undefined;
}

/** The one rendering engine of the page. */
export function theEngine(): RenderingEngine {
  if (engine) return engine;
  initCore();
  setUseCPURendering(imitatedGraphics());
  initTools();
  imageLoader.registerImageLoader(SCHEME, load as unknown as Types.ImageLoaderFn);
  metaData.addProvider(geometry, 10_000);
  engine = new RenderingEngine("prosvet");
  return engine;
}
