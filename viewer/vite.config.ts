/** Builds the island into the package's static files, with the hash of its sources and the licences of what it holds. */

import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const HERE = import.meta.dirname;
const OUT = resolve(HERE, "../src/prosvet/app/web/static/viewer");

/** The files that decide what is built; tests/web/test_viewer.py hashes the same ones in the same order. */
function sourceHash(): string {
  const own = readdirSync(join(HERE, "src")).map((name) => `src/${name}`);
  const names = [...own, "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"].sort();
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${name}\0`).update(readFileSync(join(HERE, name))).update("\0");
  return hash.digest("hex");
}

/** `name@version (licence)` and the licence text of every package that has code in the bundle. */
function licences(modules: Iterable<string>): string {
  const folders = new Set<string>();
  for (const id of modules) {
    const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replace(/^\0/, ""));
    if (found?.[1]) folders.add(found[1]);
  }
  const parts = [...folders].map((folder) => {
    const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
    return `${about.name} ${about.version} (${about.license})\n${text}`.trim();
  });
  return `${parts.sort().join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

function records(): Plugin {
  return {
    name: "records",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
      this.emitFile({ type: "asset", fileName: "sources.sha256", source: `${sourceHash()}\n` });
      this.emitFile({ type: "asset", fileName: "LICENSES.txt", source: licences(modules) });
    },
  };
}

/** The page's policy refuses style attributes; the same style set through the object model is allowed. */
function strictStyles(): Plugin {
  return {
    name: "strict-styles",
    transform(code, id) {
      if (!id.includes("@cornerstonejs/tools") || !id.endsWith("drawTextBox.js")) return null;
      const before = "textElement.setAttribute('style', combinedStyle)";
      if (!code.includes(before)) this.error(`${id}: expected ${before}`);
      return { code: code.replace(before, "textElement.style.cssText = combinedStyle"), map: null };
    },
  };
}

/** Parts of the libraries that films never reach: a writer of XML meshes, and a worker for segmentation. */
const UNUSED: Record<string, string> = {
  "xmlbuilder2": "export const create = () => { throw new Error('no XML is written here'); };",
  "./utilities/registerComputeWorker.js": "export const registerComputeWorker = () => undefined;",
};

function withoutUnused(): Plugin {
  const mark = "\0unused:";
  return {
    name: "without-unused",
    enforce: "pre",
    resolveId(source) {
      const name = Object.keys(UNUSED).find((end) => source === end || source.endsWith(end.replace(/^\.\/utilities/, "")));
      return name ? mark + name : null;
    },
    load(id) {
      return id.startsWith(mark) ? UNUSED[id.slice(mark.length)] : null;
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [withoutUnused(), strictStyles(), records()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      input: join(HERE, "src/main.ts"),
      output: {
        // The entry is linked with its hash (?v=): were it imported by a chunk too, it would run twice.
        manualChunks: { common: [join(HERE, "src/api.ts"), join(HERE, "src/config.ts")] },
        entryFileNames: "viewer.js",
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name]-[hash][extname]",
      },
    },
  },
});
