// What the tests share: a graph read from the data of the repository, a server over it, a browser that notes every error
// and every request that would leave the machine.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

export const program = process.env.HOPGRAPH;
if (!program) throw new Error("HOPGRAPH names no program: run `make page-test`");

const BROWSERS = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb"];

/** A folder that goes away with the tests. */
export function folder() {
  return mkdtempSync(join(tmpdir(), "hopgraph-page-"));
}

/** The graph of the demo: a hundred abstracts of BioRED, read by the model in data/. */
export function demoGraph(into) {
  const graph = join(into, "demo.hopgraph");
  run(["ingest", graph, join(repository, "data/biored/Dev.PubTator"), "--model", join(repository, "data/models/starter-llama-15m")]);
  return graph;
}

export function run(args) {
  return execFileSync(program, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", maxBuffer: 1 << 28 });
}

/** A server; `url` holds the token. */
export async function serve(graph, ...args) {
  const child = spawn(program, ["serve", graph, "--port", "0", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`hopgraph serve ended with ${code}: ${errors}`)));
  });
  const stop = () => new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGINT");
  });
  return { url, origin: new URL(url).origin, token: /token=(\w+)/.exec(url)[1], child, stop };
}

let browser = null;
export async function launch() {
  const executablePath = BROWSERS.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no chromium is installed: `.ci/prepare` installs it, or set CHROMIUM to its path");
  const profile = folder();
  browser = await chromium.launch({ executablePath, args: FLAGS, headless: true });
  return {
    /** A page of its own, with what went wrong in it. */
    async page(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...options });
      const page = await context.newPage();
      const wrong = [];
      page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error") wrong.push(`console: ${message.text()} ${message.location().url}`);
      });
      page.on("request", (request) => {
        const { protocol, hostname } = new URL(request.url());
        if (!["blob:", "data:"].includes(protocol) && hostname !== "127.0.0.1") wrong.push(`outside: ${request.url()}`);
      });
      page.wrong = wrong;
      return page;
    },
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
