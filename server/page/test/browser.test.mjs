// The explorer in a real browser: each feature once, by mouse and by keyboard, in both themes and at three sizes.

import assert from "node:assert/strict";
import { readFileSync, rmSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { demoGraph, folder, launch, serve } from "./harness.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where pictures go, for people to look at. */
const PICTURES = process.env.HOPGRAPH_PICTURES;

let place, graph, server, browser;

before(async () => {
  place = folder();
  graph = demoGraph(place);
  server = await serve(graph);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(place, { recursive: true, force: true });
});

async function open(hash = "", options = {}) {
  const page = await browser.page(options);
  await page.goto(server.url);
  await page.waitForSelector("#nav a");
  if (hash) {
    await page.evaluate((to) => (location.hash = to), hash);
    await page.waitForTimeout(100);
  }
  return page;
}

async function done(page) {
  assert.deepEqual(page.wrong, [], "errors and outside requests");
  await page.context().close();
}

test("from the start to the sentences of a discovered pair in at most five clicks", async () => {
  const page = await open();
  let clicks = 0;
  const click = async (selector) => {
    clicks += 1;
    await page.click(selector);
  };
  await click("a.main-way");
  await click(".discover .grid-body .grid-row button.small");
  await page.waitForSelector(".step-evidence .piece .sentence");
  assert.ok(clicks <= 5, `${clicks} clicks`);
  const sentence = page.locator(".step-evidence .piece").first();
  assert.ok((await sentence.locator("mark").count()) >= 2, "both ends are marked");
  assert.match(await sentence.locator("a.outside").first().getAttribute("href"), /^https:\/\/pubmed\.ncbi\.nlm\.nih\.gov\/\d+\/$/);
  assert.equal(await sentence.locator(".answer").count(), 3, "a bar for each answer");
  await done(page);
});

test("the token leaves the address and a page without it says what to do", async () => {
  const page = await open();
  assert.ok(!page.url().includes("token"));
  await page.reload();
  await page.waitForSelector("#nav a");
  const stranger = await browser.page();
  await stranger.goto(server.origin);
  await stranger.waitForSelector(".problem");
  assert.match(await stranger.textContent(".problem"), /token/);
  await stranger.context().close();
  await done(page);
});

test("the search completes names, synonyms and identifiers, by keyboard", async () => {
  const page = await open();
  const input = page.getByRole("combobox").first();
  await input.focus();
  await page.keyboard.type("can");
  await page.waitForSelector('.choices [role="option"][aria-selected="true"]');
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".thing h1");
  assert.match(page.url(), /#\/node\?id=\d+/);
  await page.waitForSelector(".thing .grid-row");
  await done(page);
});

test("a question is checked while it is typed, completed, run, stopped, kept and explained", async () => {
  const page = await open("#/ask");
  const editor = page.locator(".editor .cm-content");
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("MATCH (g:gene) RETRUN g");
  await page.waitForFunction(() => document.querySelector(".state.wrong")?.textContent.includes("did you mean RETURN"));
  await page.waitForSelector(".editor .cm-lintRange-error");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("MATCH (g:ge");
  await page.waitForSelector(".editor .cm-tooltip-autocomplete li");
  await page.keyboard.press("Tab");
  await page.keyboard.type(")-[r]-(d:disease) RETURN g, r, d, r.confidence AS confidence");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".grid-body .grid-row");
  assert.match(await page.textContent(".state"), /\d+ rows, \d+/);
  assert.ok((await page.locator(".grid-body .grid-row").count()) < 80, "rows out of sight are no elements");
  await page.getByRole("button", { name: "confidence" }).click();
  assert.equal(await page.getByRole("columnheader", { name: /confidence/ }).getAttribute("aria-sort"), "descending");
  await page.getByRole("tab", { name: "JSON" }).click();
  assert.match(await page.textContent("pre.json"), /\$relationship/);
  await page.getByRole("tab", { name: "Plan" }).click();
  await page.waitForSelector(".plan-tree .plan-tree");
  for (const format of ["CSV", "JSON Lines", "Parquet", "Arrow"]) {
    const saved = page.waitForEvent("download");
    await page.locator(".exports").getByRole("button", { name: format }).click();
    assert.match((await saved).suggestedFilename(), /^hopgraph\./);
  }
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByLabel("Its name").fill("pairs");
  await page.locator("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Saved" }).click();
  await page.locator("dialog").getByText("pairs").click();
  await page.getByRole("button", { name: "History" }).click();
  assert.equal(await page.locator("dialog .pick").count(), 1);
  await page.keyboard.press("Escape");
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b UNWIND range(1, 100000) AS c RETURN sum((a * b + c) % 7)");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Stop" }).click();
  await page.waitForFunction(() => document.querySelector(".state").textContent === "Stopped");
  await done(page);
});

test("pairs come as a table, are sorted, and open in layers beside their evidence", async () => {
  const page = await open("#/discover?from=gene&to=disease&run=yes");
  await page.waitForSelector(".grid-body .grid-row");
  await page.getByRole("button", { name: "Strength" }).click();
  const strengths = await page.locator(".grid-body .grid-row .bar-figure").allTextContents();
  assert.deepEqual(strengths.map(Number), [...strengths.map(Number)].sort((one, other) => other - one));
  await page.locator(".grid-scroller").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".layers-drawing .box");
  await page.locator(".step-line").last().focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".step-line.chosen");
  await page.waitForSelector(".step-evidence .piece");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Paths as CSV" }).click();
  assert.equal((await saved).suggestedFilename(), "paths.csv");
  await page.getByText("Narrow it down").click();
  await page.locator("input[name=least]").fill("0.95");
  await page.getByRole("button", { name: "Find pairs" }).click();
  await page.waitForFunction(() => location.hash.includes("least=0.95"));
  await page.waitForSelector(".results .state");
  await done(page);
});

test("a node is opened with a limit, filtered, faded, pinned, folded, taken back and kept in the address", async () => {
  const page = await open("#/ask?run=yes&text=" + encodeURIComponent("MATCH (d:disease) RETURN d, degree(d) AS n ORDER BY n DESC LIMIT 1"));
  await page.locator(".grid-body a.node").first().click();
  await page.getByRole("link", { name: "Draw its neighbours" }).click();
  await page.waitForFunction(() => Number(document.querySelector(".stage")?.dataset.nodes) > 3);
  assert.match(await page.textContent(".stage-note"), /\d+ of \d+ neighbours/);
  const count = () => page.evaluate(() => Number(document.querySelector(".stage").dataset.nodes));
  const before = await count();
  await page.locator(".stage").focus();
  await page.keyboard.press("n");
  await page.keyboard.press("n");
  await page.waitForSelector(".chosen-node a.node");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .limit-choices, dialog input[type=number]");
  assert.match(await page.textContent("dialog"), /relations? of the chosen types/);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.locator(".stage").focus();
  await page.keyboard.press("p");
  assert.equal(await page.getByRole("button", { name: "Pin" }).getAttribute("aria-pressed"), "true");
  await page.keyboard.press("f");
  assert.equal(await page.getByRole("button", { name: "Fade others" }).getAttribute("aria-pressed"), "true");
  await page.keyboard.press("f");
  const opened = await count();
  await page.keyboard.press("Delete");
  assert.equal(await count(), opened - 1);
  await page.keyboard.press("Control+z");
  assert.equal(await count(), opened);
  await page.locator(".stage").focus();
  await page.keyboard.press("c");
  assert.ok((await count()) <= opened && before > 0);
  await page.getByText("Filter", { exact: true }).click();
  await page.getByLabel("Least confidence").fill("0.9");
  await page.waitForFunction(() => location.hash.includes("min_confidence"));
  await page.getByLabel("Least confidence").fill("0");
  await page.waitForFunction(() => !location.hash.includes("min_confidence") && Number(document.querySelector(".stage").dataset.edges) > 0);
  await page.getByText("Filter", { exact: true }).click();
  for (const kind of ["PNG", "SVG"]) {
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: kind }).click();
    const file = await saved;
    assert.equal(file.suggestedFilename(), `hopgraph.${kind.toLowerCase()}`);
    const bytes = readFileSync(await file.path());
    assert.ok(kind === "PNG" ? bytes.length > 2000 : bytes.toString().match(/<circle/g).length === (await count()), `${kind} has ${bytes.length} bytes`);
  }
  await page.getByRole("button", { name: "Layers" }).click();
  await page.waitForTimeout(700);
  const [address, nodes] = [page.url(), await count()];
  const again = await browser.page();
  await again.goto(server.url);
  await again.waitForSelector("#nav a");
  await again.evaluate((to) => (location.hash = new URL(to).hash), address);
  await again.waitForFunction((wanted) => Number(document.querySelector(".stage")?.dataset.nodes) === wanted, nodes);
  await done(again);
  await page.getByText("The same as a table").click();
  await page.waitForSelector(".twin .grid-row");
  await page.locator(".twin .grid-body .grid-row").first().click({ position: { x: 400, y: 10 } });
  await page.waitForSelector(".twin .grid-row.selected");
  await page.locator(".twin .grid-body button.quiet").first().click();
  await page.waitForSelector(".evidence-panel .piece");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".evidence-panel", { state: "detached" });
  await done(page);
});

test("a double click asks how much of a node to open", async () => {
  const page = await open("#/ask?run=yes&text=" + encodeURIComponent("MATCH (d:disease) RETURN d, degree(d) AS n ORDER BY n DESC LIMIT 1"));
  await page.locator(".grid-body .grid-row").first().waitFor();
  await page.getByRole("tab", { name: "Graph" }).click();
  await page.waitForFunction(() => Number(document.querySelector(".stage")?.dataset.nodes) === 1);
  await page.waitForTimeout(800);
  const box = await page.locator(".stage").boundingBox();
  await page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForSelector("dialog");
  assert.match(await page.textContent("dialog"), /best evidence come first/);
  await done(page);
});

test("evidence is searched and sorted, and its document shows all mentions", async () => {
  const page = await open("#/ask?run=yes&text=" + encodeURIComponent("MATCH (a)-[r]-(b) WHERE id(a) < id(b) RETURN r, size(evidence(r)) AS n ORDER BY n DESC LIMIT 1"));
  await page.locator(".grid-body button.quiet").first().click();
  await page.waitForSelector(".evidence-panel .piece");
  const search = page.getByLabel("Search in the evidence");
  if (await search.count()) {
    await search.fill("nothing has these words");
    await page.waitForSelector(".evidence-panel .nothing");
    await search.fill("");
    await page.getByLabel("Order").selectOption("oldest");
    await page.waitForSelector(".evidence-panel .piece");
  }
  await page.locator(".evidence-panel .document-links a").first().click();
  await page.waitForSelector(".document-text mark");
  await done(page);
});

test("runs say what they were, and how sure", async () => {
  const page = await open("#/runs");
  await page.waitForSelector(".card .histogram rect");
  await page.getByText("What it was asked").click();
  assert.match(await page.textContent(".card pre"), /Is @GENE\$ related to @DISEASE\$/);
  await done(page);
});

test("with --write a fact is added, a relation and a document are taken out, two nodes become one", async () => {
  const own = folder();
  const writing = await serve(demoGraph(own), "--write");
  const page = await browser.page();
  await page.goto(writing.url);
  await page.waitForSelector(".can-write");
  await page.evaluate(() => (location.hash = "#/node?id=0"));
  await page.getByRole("button", { name: "Add a relation" }).click();
  await page.keyboard.type("can");
  await page.waitForSelector('dialog [role="option"][aria-selected="true"]');
  await page.keyboard.press("Enter");
  await page.getByLabel("Type of the relation").fill("suggested");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("becomes a new relation").waitFor();
  await page.getByRole("button", { name: "State it" }).click();
  await page.waitForFunction(() => document.querySelector(".thing")?.textContent.includes("suggested"));
  await page.getByRole("button", { name: "Same as" }).click();
  await page.keyboard.type("can");
  await page.waitForSelector('dialog [role="option"][aria-selected="true"]');
  await page.keyboard.press("Enter");
  await page.getByText("takes over its names").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.evaluate(() => (location.hash = "#/runs"));
  await page.getByRole("button", { name: "Take out this run" }).first().click();
  await page.getByText("and the nodes that nothing else holds").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await done(page);
  await writing.stop();
  rmSync(own, { recursive: true, force: true });
});

const VIEWS = {
  start: "#/start",
  discover: "#/discover?from=gene&to=disease&run=yes",
  ask: "#/ask?run=yes&text=" + encodeURIComponent("MATCH (a)-[r]-(b:disease) RETURN a, r, b, r.confidence AS confidence ORDER BY confidence DESC LIMIT 40"),
  graph: "#/graph?start=",
  node: "#/node?id=",
  runs: "#/runs",
};

async function settle(page, name, hub) {
  await page.evaluate((to) => (location.hash = to), VIEWS[name] + (["graph", "node"].includes(name) ? hub : ""));
  const wanted = { start: ".counts", discover: ".grid-row", ask: ".grid-row", graph: ".stage[data-edges]", node: ".grid-row", runs: ".card" };
  await page.waitForSelector(wanted[name]);
  if (name === "discover") {
    await page.locator(".grid-body .grid-row button.small").first().click();
    await page.waitForSelector(".step-evidence .piece");
    await page.evaluate(() => window.scrollTo(0, 0));
  }
  if (name === "graph") {
    await page.waitForFunction(() => Number(document.querySelector(".stage").dataset.nodes) > 3);
    await page.waitForTimeout(1500);
  }
  await page.waitForTimeout(200);
}

for (const scheme of ["light", "dark"]) {
  for (const [width, height] of [[400, 800], [1280, 800], [3840, 2160]]) {
    test(`every view is accessible and fits, ${scheme}, ${width} wide`, async () => {
      const page = await open("", { viewport: { width, height }, colorScheme: scheme });
      const hub = await page.evaluate(async () => {
        const token = sessionStorage.getItem("hopgraph-token");
        const text = "MATCH (d:disease) RETURN id(d), degree(d) AS n ORDER BY n DESC LIMIT 1";
        const answer = await fetch("/api/v1/query", { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, body: JSON.stringify({ text }) });
        return (await answer.json()).rows[0][0];
      });
      for (const name of Object.keys(VIEWS)) {
        await settle(page, name, hub);
        if (PICTURES) {
          mkdirSync(PICTURES, { recursive: true });
          await page.screenshot({ path: join(PICTURES, `${name}-${width}-${scheme}.png`) });
        }
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(overflow <= 1, `${name} is ${overflow} px too wide`);
        const violations = await axe(page);
        assert.deepEqual(violations, [], `${name}, ${scheme}, ${width}`);
      }
      await done(page);
    });
  }
}

async function axe(page) {
  // The content policy lets no script in but the page's own; the debugger's door is another one.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary}`).join(" | ")}`);
  });
}

test("the whole way by keyboard alone", async () => {
  const page = await open();
  const until = async (wanted, key = "Tab") => {
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press(key);
      if (await page.evaluate((selector) => document.activeElement?.matches(selector), wanted)) return;
    }
    assert.fail(`${wanted} is not reached with ${key}`);
  };
  await until("a.main-way");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".discover .grid-body .grid-row");
  await until(".grid-scroller");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".layers-drawing .box");
  await until(".step-line");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".step-evidence .piece .sentence");
  await done(page);
});
