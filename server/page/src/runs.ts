// Models and loads: what each is, what it stated, how sure it was, and how two of them differ.

import { ask, type NodeInfo, type Overview, type RunInfo } from "./api";
import { retractRun } from "./correct";
import { counted, grouped, h, show, svg } from "./dom";
import { openEvidence } from "./evidence";
import { bar, nodeLink, problem, typeChip, waiting } from "./parts";
import { table } from "./table";

interface Run extends RunInfo {
  documents: number;
  edges: number;
  evidence: number;
  probabilities: number[];
  model?: {
    weights_hash: string;
    quantization: string;
    prompt: string;
    threshold: number;
    answers: { answer: string; relation: string | null }[];
  };
}

interface Difference {
  change: "gained" | "lost" | "changed";
  source: NodeInfo;
  type: string;
  target: NodeInfo;
  before: number | null;
  after: number | null;
}

const KINDS = { model: "Model", load: "Load of tables", hand: "By hand" };

export function runsView(overview: Overview, again: () => void): HTMLElement {
  const view = h("div", { class: "runs" }, h("h1", null, "Runs"), waiting("Counting what each run stated"));
  void (async () => {
    try {
      const { runs } = await ask<{ runs: Run[] }>("runs");
      show(
        view,
        h("h1", null, "Runs"),
        h("p", { class: "lead" }, "Everything in the graph was stated by a run: a model that read sentences, a load of tables, or somebody by hand."),
        h("ul", { class: "run-cards" }, runs.map((run) => card(run, overview, again))),
        runs.length > 1 ? compare(runs) : null,
      );
    } catch (error) {
      show(view, h("h1", null, "Runs"), problem(error));
    }
  })();
  return view;
}

function card(run: Run, overview: Overview, again: () => void): HTMLElement {
  const model = run.model;
  return h(
    "li",
    { class: "card" },
    h("h2", null, h("span", { class: "dim" }, `${run.id} `), run.name),
    h("p", { class: "dim" }, `${KINDS[run.kind]}, ${run.started.slice(0, 10)}, ${run.program}`),
    h("p", null, `${counted(run.edges, "relation")}, ${counted(run.evidence, "piece")} of evidence${run.documents ? `, ${counted(run.documents, "document")} read` : ""}`),
    model
      ? [
          histogram(run.probabilities),
          h("details", null, h("summary", null, "What it was asked"), h("dl", { class: "properties" },
            line("Quantization", model.quantization), line("Weights (SHA-256)", model.weights_hash.slice(0, 16)), line("Threshold", String(model.threshold)),
            line("Answers", model.answers.map((one) => `${one.answer.trim()} → ${one.relation ?? "no relation"}`).join("; "))), h("pre", { tabindex: "0", "aria-label": "Prompt" }, model.prompt.trim())),
        ]
      : null,
    overview.writable ? h("div", { class: "actions" }, h("button", { class: "small", onclick: async () => (await retractRun(run.id, run.name)) && again() }, "Take out this run…")) : null,
  );
}

function line(name: string, value: string): HTMLElement {
  return h("div", null, h("dt", null, name), h("dd", null, value));
}

/** How sure the model was of what became relations. Whether it was right cannot be seen here: labelled sentences say that. */
function histogram(bins: number[]): HTMLElement | null {
  const most = Math.max(...bins);
  if (!most) return null;
  const [width, height] = [300, 80];
  const step = width / bins.length;
  const columns = bins.map((count, at) => count > 0 && svg("rect", { x: at * step + 1, y: height - (height * count) / most, width: step - 2, height: (height * count) / most, rx: 2 }, svg("title", null, `${(at / bins.length).toFixed(2)} to ${((at + 1) / bins.length).toFixed(2)}: ${grouped(count)}`)));
  const words = bins.map((count, at) => (count ? `${(at / bins.length).toFixed(2)}: ${count}` : "")).filter(Boolean).join(", ");
  return h("figure", { class: "histogram" }, svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `How sure the model was. ${words}`, preserveAspectRatio: "none" }, ...columns), h("div", { class: "year-ends", "aria-hidden": "true" }, h("span", null, "0"), h("span", null, "1")), h("figcaption", { class: "dim" }, "How sure it was of what it stated. How often it is right, ", h("code", null, "hopgraph eval"), " measures on labelled sentences."));
}

function compare(runs: Run[]): HTMLElement {
  const option = (run: Run) => h("option", { value: run.id }, `${run.id} ${run.name}`);
  const before = h("select", { "aria-label": "Before" }, runs.map(option));
  const after = h("select", { "aria-label": "After" }, runs.map(option));
  after.selectedIndex = runs.length - 1;
  const place = h("div", { class: "results" });
  const run = async () => {
    show(place, waiting("Comparing edge by edge"));
    try {
      const found = await ask<{ gained: number; lost: number; changed: number; same: number; differences: Difference[] }>("diff", { before: before.value, after: after.value, limit: 2000 });
      show(
        place,
        h("p", null, `${counted(found.gained, "relation")} gained, ${grouped(found.lost)} lost, ${grouped(found.changed)} changed, ${grouped(found.same)} the same`),
        found.differences.length
          ? table<Difference>({
              caption: "Differences",
              rows: found.differences,
              open: (row) => openEvidence(row.source.id, row.target.id),
              columns: [
                { title: "Change", share: 0.7, cell: (row) => row.change, compare: (a, b) => a.change.localeCompare(b.change) },
                { title: "From", share: 1.4, cell: (row) => nodeLink(row.source) },
                { title: "Relation", share: 1.2, cell: (row) => typeChip({ type: row.type, denied: /^not_/.test(row.type) }) },
                { title: "To", share: 1.6, cell: (row) => nodeLink(row.target) },
                { title: "Before", share: 1, cell: (row) => (row.before === null ? "–" : bar(row.before)), compare: (a, b) => (a.before ?? -1) - (b.before ?? -1) },
                { title: "After", share: 1, cell: (row) => (row.after === null ? "–" : bar(row.after)), compare: (a, b) => (a.after ?? -1) - (b.after ?? -1) },
              ],
            })
          : null,
      );
    } catch (error) {
      show(place, problem(error));
    }
  };
  return h("section", null, h("h2", null, "What another run changes"), h("div", { class: "form-line" }, before, h("span", { class: "dim" }, "to"), after, h("button", { onclick: run }, "Compare")), place);
}
