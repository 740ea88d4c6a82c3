// Questions in the language: editor, history, saved ones, and the answer as table, drawing, JSON or plan.

import { ask, type EdgeInfo, exported, Failure, type NodeInfo, type Overview } from "./api";
import { announce, confirmed, counted, dialog, download, h, show, spoken } from "./dom";
import { editor } from "./editor";
import { openEvidence } from "./evidence";
import { problem, waiting } from "./parts";
import { forget, past, remember, save, saved } from "./store";
import { table } from "./table";
import { cell, collect, compare, type RawRelationship, type Value } from "./values";

interface Answer {
  columns: string[];
  rows: Value[][];
  more: boolean;
  written: Record<string, number>;
  milliseconds: number;
}

interface Step {
  step: string;
  inputs: Step[];
}

type Shown = "table" | "graph" | "json" | "plan";

export function askView(overview: Overview, parameters: URLSearchParams, draw: (nodes: NodeInfo[], edges: EdgeInfo[]) => void): HTMLElement {
  let running: AbortController | null = null;
  let answer: Answer | null = null;
  let shown: Shown = "table";

  const state = h("p", { class: "state", "aria-live": "polite" });
  const results = h("div", { class: "results" });
  const stop = h("button", { hidden: true, onclick: () => running?.abort() }, "Stop");
  const go = h("button", { class: "primary", onclick: () => run() }, "Run");
  const field = editor(parameters.get("text") ?? past()[0] ?? overview.examples[0]?.text ?? "", () => run(), (error) => {
    // What a finished run says stays, until something is wrong.
    if (running || (!error && !state.classList.contains("wrong"))) return;
    state.textContent = error ? `${error.message}${error.help ? ` — ${error.help}` : ""}` : "";
    state.classList.toggle("wrong", Boolean(error));
  });

  const run = async () => {
    const text = field.text().trim();
    if (!text) return;
    running?.abort();
    const own = new AbortController();
    running = own;
    const began = performance.now();
    const timer = setInterval(() => (state.textContent = `Running, ${spoken(performance.now() - began)}`), 200);
    state.classList.remove("wrong");
    stop.hidden = false;
    show(results, waiting("Running"));
    try {
      answer = await ask<Answer>("query", { text, limit: 10_000 }, own.signal);
      if (running !== own) return;
      remember(text);
      history.replaceState(null, "", `#/ask?${new URLSearchParams({ text })}`);
      const written = Object.entries(answer.written).filter(([, count]) => count > 0);
      const wrote = written.map(([what, count]) => `${count} ${what.replaceAll("_", " ")}`).join(", ");
      const rows = answer.more ? `the first ${counted(answer.rows.length, "row")}; an export has all` : counted(answer.rows.length, "row");
      state.textContent = `${rows}, ${spoken(answer.milliseconds)}${wrote ? `; ${wrote}` : ""}`;
      announce(state.textContent);
      shown = shown === "plan" ? "table" : shown;
      present();
    } catch (error) {
      if (running !== own) return;
      const failure = error as Failure;
      state.textContent = failure.kind === "stopped" ? "Stopped" : "";
      show(results, failure.kind === "stopped" ? null : problem(failure));
      if (failure.place) field.fail(failure.message, failure.place);
    } finally {
      clearInterval(timer);
      if (running === own) {
        running = null;
        stop.hidden = true;
      }
    }
  };

  const tab = (name: Shown, title: string) =>
    h("button", { role: "tab", "aria-selected": String(shown === name), onclick: () => choose(name) }, title);
  const choose = async (name: Shown) => {
    shown = name;
    if (name === "plan") await plan();
    else present();
    (results.querySelector('[aria-selected="true"]') as HTMLElement | null)?.focus();
  };
  const tabs = () => h("div", { class: "tabs", role: "tablist", "aria-label": "Show as", onkeydown: moveAmongTabs }, tab("table", "Table"), tab("graph", "Graph"), tab("json", "JSON"), tab("plan", "Plan"));
  const frame = (...content: Node[]) =>
    show(results, h("div", { class: "results-head" }, tabs(), answer ? exports(field.text) : null), h("div", { role: "tabpanel", "aria-label": "Answer" }, ...content));

  const present = () => {
    if (!answer) return show(results);
    if (shown === "json") {
      const list = answer.rows.slice(0, 500).map((row) => Object.fromEntries(answer!.columns.map((name, at) => [name, row[at]])));
      return frame(h("pre", { class: "json", tabindex: "0", "aria-label": "Rows as JSON" }, JSON.stringify(list, null, 2)), ...(answer.rows.length > 500 ? [h("p", { class: "dim" }, "The first 500 rows.")] : []));
    }
    if (shown === "graph") return frame(graphOffer(answer, draw));
    const evidence = (edge: { source: number; target: number }) => openEvidence(edge.source, edge.target);
    const columns = answer.columns.map((title, at) => ({
      title,
      cell: (row: Value[]) => cell(row[at], evidence),
      compare: (one: Value[], other: Value[]) => compare(one[at], other[at]),
      number: answer!.rows.slice(0, 50).every((row) => row[at] === null || typeof row[at] === "number") && answer!.rows.length > 0,
      share: 1,
    }));
    frame(answer.columns.length ? table({ caption: "Rows of the answer", columns, rows: answer.rows }) : h("p", { class: "nothing" }, "Done."));
  };
  const plan = async () => {
    try {
      const { plan } = await ask<{ plan: Step[] }>("explain", { text: field.text() });
      frame(h("div", { class: "plan" }, tree(plan)));
    } catch (error) {
      frame(problem(error));
    }
  };

  const view = h(
    "div",
    { class: "ask" },
    h("h1", null, "Ask"),
    field.element,
    h(
      "div",
      { class: "ask-bar" },
      go,
      stop,
      h("button", { onclick: () => choose("plan") }, "Explain"),
      h("button", { onclick: () => pickPast(field.set) }, "History"),
      h("button", { onclick: () => keep(field.text()) }, "Save"),
      h("button", { onclick: () => pickSaved(field.set) }, "Saved"),
      h("span", { class: "dim keys" }, "Ctrl+Enter runs, Ctrl+Space completes"),
    ),
    state,
    results,
  );
  if (parameters.get("run")) void run();
  return view;
}

/** The arrow keys move among the tabs of a list of tabs. */
export function moveAmongTabs(event: KeyboardEvent): void {
  if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
  const tabs = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role="tab"]')];
  const at = tabs.indexOf(document.activeElement as HTMLElement);
  tabs[(at + (event.key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length]?.focus();
  event.preventDefault();
}

function exports(text: () => string): HTMLElement {
  const one = (format: string, title: string, extension = format) =>
    h("button", { class: "small", onclick: async (event: Event) => {
      const button = event.currentTarget as HTMLButtonElement;
      button.disabled = true;
      try {
        download(`hopgraph.${extension}`, await exported(text(), format));
      } catch (error) {
        await dialog<null>("The export did not work", (close) => [problem(error), h("div", { class: "actions" }, h("button", { onclick: () => close(null) }, "Close"))]);
      } finally {
        button.disabled = false;
      }
    } }, title);
  return h("div", { class: "exports", role: "group", "aria-label": "Save all rows" }, one("csv", "CSV"), one("jsonl", "JSON Lines"), one("parquet", "Parquet"), one("arrow", "Arrow", "arrows"));
}

/** The nodes and relations of an answer, to be drawn. */
function graphOffer(answer: Answer, draw: (nodes: NodeInfo[], edges: EdgeInfo[]) => void): HTMLElement {
  const nodes = new Map<number, NodeInfo>();
  const edges: RawRelationship[] = [];
  answer.rows.forEach((row) => row.forEach((value) => collect(value, nodes, edges)));
  if (!nodes.size && !edges.length) return h("p", { class: "nothing" }, "No column of this answer holds nodes: return a node, a relationship or a path.");
  const place = h("div", null, waiting("Looking up relations"));
  const ids = [...new Set([...nodes.keys(), ...edges.flatMap((edge) => [edge.source, edge.target])])];
  void (async () => {
    if (ids.length > 5_000 && !(await confirmed("A large drawing", [`This answer holds ${counted(ids.length, "node")}. Drawing them may take a while.`], "Draw them"))) {
      return show(place, h("p", { class: "nothing" }, "Not drawn."));
    }
    try {
      const found = await ask<{ nodes: NodeInfo[]; edges: EdgeInfo[] }>("among", { nodes: ids, filter: { polarity: "both" } });
      draw(found.nodes, found.edges);
    } catch (error) {
      show(place, problem(error));
    }
  })();
  return place;
}

function tree(steps: Step[]): HTMLElement {
  return h(
    "ul",
    { class: "plan-tree" },
    steps.map((step) => {
      const [, operator, rest, rows] = /^(\w+)\s?(.*?)\s*(\(about .*\))?$/s.exec(step.step) ?? ["", step.step, "", ""];
      return h(
        "li",
        null,
        h("span", { class: "plan-step" }, h("strong", null, operator), rest ? h("code", null, rest) : null, rows ? h("span", { class: "dim" }, rows) : null),
        step.inputs.length ? tree(step.inputs) : null,
      );
    }),
  );
}

async function pickPast(set: (text: string) => void): Promise<void> {
  const chosen = await dialog<string>("Past questions", (close) => [
    past().length
      ? h("ul", { class: "picks" }, past().map((text) => h("li", null, h("button", { class: "pick", onclick: () => close(text) }, h("code", null, text)))))
      : h("p", null, "Nothing has been asked yet."),
    h("div", { class: "actions" }, h("button", { onclick: () => close(null) }, "Close")),
  ]);
  if (chosen) set(chosen);
}

async function keep(text: string): Promise<void> {
  const input = h("input", { type: "text", id: "saved-title", required: true });
  const title = await dialog<string>("Save this question", (close) => [
    h("form", { method: "dialog", onsubmit: (event: Event) => {
      event.preventDefault();
      close(input.value.trim() || null);
    } }, h("label", { for: "saved-title" }, "Its name"), input, h("div", { class: "actions" }, h("button", { class: "primary" }, "Save"), h("button", { type: "button", onclick: () => close(null) }, "Cancel"))),
  ]);
  if (title) {
    save({ title, text });
    announce("Saved");
  }
}

async function pickSaved(set: (text: string) => void): Promise<void> {
  const chosen = await dialog<string>("Saved questions", (close) => [
    saved().length
      ? h("ul", { class: "picks" }, saved().map((one) => {
          const item = h("li", null,
            h("button", { class: "pick", onclick: () => close(one.text) }, h("strong", null, one.title), h("code", null, one.text)),
            h("button", { class: "small", "aria-label": `Forget ${one.title}`, onclick: () => {
              forget(one.title);
              item.remove();
            } }, "Forget"));
          return item;
        }))
      : h("p", null, "Nothing is saved yet."),
    h("div", { class: "actions" }, h("button", { onclick: () => close(null) }, "Close")),
  ]);
  if (chosen) set(chosen);
}
