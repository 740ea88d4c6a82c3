// How fast the explorer draws: 1,000, 5,000 and 10,000 nodes with three times the edges. Prints figures and asserts nothing:
// a browser without a graphics card draws in software, and a busy machine is slower.
//
//     HOPGRAPH=target/release/hopgraph node server/page/test/drawing.mjs

import { writeFileSync, rmSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { folder, launch, run, serve } from "./harness.mjs";

const SECONDS = 4;

/** Labels, confidences and denied relations as a graph of literature has them, the same on every run. */
function tables(into, nodes) {
  let state = 7;
  // Mulberry32: whole numbers of 32 bits, so that it does not fall into a short round.
  const random = (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
  const labels = ["gene", "disease", "chemical"];
  const nodeLines = ["id:ID\tname\t:LABEL"];
  for (let id = 0; id < nodes; id += 1) nodeLines.push(`n${id}\tnode ${id}\t${labels[id % 3]}`);
  const edgeLines = [":START_ID\t:TYPE\t:END_ID"];
  const seen = new Set();
  while (seen.size < 3 * nodes) {
    const source = random(nodes);
    // Most are near, so that there are communities to be seen.
    const target = random(4) ? (source + 1 + random(30)) % nodes : random(nodes);
    const key = `${source} ${target}`;
    if (source === target || seen.has(key)) continue;
    seen.add(key);
    edgeLines.push(`n${source}\t${seen.size % 11 ? "associated" : "causes"}\tn${target}`);
  }
  writeFileSync(join(into, "nodes.tsv"), nodeLines.join("\n") + "\n");
  writeFileSync(join(into, "edges.tsv"), edgeLines.join("\n") + "\n");
}

console.log(`# ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0].model}), load ${loadavg()[0].toFixed(1)}, WebGL in software`);
console.log("nodes,edges,first_picture_ms,moving_frames_per_second,moving_frames_per_second_zoomed");
const browser = await launch();
for (const nodes of [1_000, 5_000, 10_000]) {
  const place = folder();
  tables(place, nodes);
  const graph = join(place, "g.hopgraph");
  run(["load", graph, "--nodes", join(place, "nodes.tsv"), "--edges", join(place, "edges.tsv")]);
  const server = await serve(graph);
  const page = await browser.page();
  page.setDefaultTimeout(180_000);
  await page.goto(server.url);
  await page.waitForSelector("#nav a");
  await page.evaluate((text) => (location.hash = `#/ask?run=yes&text=${encodeURIComponent(text)}`), `MATCH (n) RETURN n LIMIT ${nodes}`);
  await page.waitForSelector(".grid-body .grid-row", { timeout: 60_000 });
  // The picture is there when the stage says so and two frames have passed.
  await page.evaluate((wanted) => {
    window.drawn = new Promise((resolve) => {
      const look = () => {
        const stage = document.querySelector(".stage");
        if (Number(stage?.dataset.nodes) !== wanted) return requestAnimationFrame(look);
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
      };
      look();
    });
    // From when the answer with the nodes and edges is there: the server's share is another matter.
    window.began = null;
    const json = Response.prototype.json;
    Response.prototype.json = async function () {
      const value = await json.call(this);
      if (this.url.endsWith("/among") && window.began === null) window.began = performance.now();
      return value;
    };
  }, nodes);
  await page.getByRole("tab", { name: "Graph" }).click();
  while (!(await page.evaluate(() => window.began !== null && Number(document.querySelector(".stage")?.dataset.nodes ?? 0) > 0))) {
    const sure = page.locator("dialog").getByRole("button", { name: /Draw/ });
    if (await sure.count()) {
      await sure.first().click();
      await page.evaluate(() => window.began !== null && (window.began = performance.now()));
    }
    await page.waitForTimeout(50);
  }
  const first = await page.evaluate(async () => (await window.drawn) - window.began);
  const edges = await page.evaluate(() => Number(document.querySelector(".stage").dataset.edges));
  const stop = page.getByRole("button", { name: "Stop layout" });
  if (await stop.count()) await stop.click();
  const frames = async () => {
    const box = await page.locator(".stage").boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height - 40];
    await page.evaluate(() => {
      window.frames = 0;
      const count = () => {
        window.frames += 1;
        window.frame = requestAnimationFrame(count);
      };
      count();
    });
    await page.mouse.move(x, y);
    await page.mouse.down();
    const until = Date.now() + SECONDS * 1000;
    let step = 0;
    while (Date.now() < until) await page.mouse.move(x + 60 * Math.sin((step += 0.2)), y + 20 * Math.cos(step));
    const counted = await page.evaluate(() => {
      cancelAnimationFrame(window.frame);
      return window.frames;
    });
    await page.mouse.up();
    return (counted / SECONDS).toFixed(1);
  };
  const whole = await frames();
  await page.locator(".stage").focus();
  for (let presses = 0; presses < 4; presses += 1) {
    await page.keyboard.press("+");
    await page.waitForTimeout(400);
  }
  console.log([nodes, edges, Math.round(first), whole, await frames()].join(","));
  if (page.wrong.length) console.log(`# ${page.wrong.join("; ")}`);
  await page.context().close();
  await server.stop();
  rmSync(place, { recursive: true, force: true });
}
await browser.close();
