// Builds the page: one script, one worker, one style, and the licences of what is in them. Fetches nothing.

import { build } from "esbuild";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "bundle");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const common = { absWorkingDir: here, bundle: true, minify: true, target: "es2022", legalComments: "none", metafile: true, charset: "utf8", logLevel: "warning" };
const page = await build({ ...common, entryPoints: ["src/main.ts"], format: "esm", outfile: join(out, "page.js") });
const worker = await build({ ...common, entryPoints: ["src/graph/layout-worker.ts"], format: "iife", outfile: join(out, "layout.js") });
await build({ ...common, entryPoints: ["src/page.css"], outfile: join(out, "page.css") });
for (const file of readdirSync(join(here, "static"))) copyFileSync(join(here, "static", file), join(out, file));

/** The package that a bundled file belongs to. */
function packageOf(path) {
  const [, rest] = path.split(/node_modules\/(?!.*node_modules\/)/);
  if (!rest) return null;
  const parts = rest.split("/");
  return parts[0].startsWith("@") ? `${parts[0]}/${parts[1]}` : parts[0];
}

const inputs = [page, worker].flatMap((one) => Object.keys(one.metafile.inputs));
const packages = [...new Set(inputs.map(packageOf).filter(Boolean))].sort();
const texts = packages.map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (!file && !existsSync(join(folder, "README.md"))) throw new Error(`${name} has no licence: ${relative(here, folder)}`);
  if (!["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC"].includes(license)) throw new Error(`${name} is under ${license}`);
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
  return `${name} ${version} (${license})\n\n${text.replaceAll("\r\n", "\n")}\n`;
});
writeFileSync(join(out, "licences.txt"), `The page of hopgraph holds these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`);
