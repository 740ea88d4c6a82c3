// Pairs that nobody stated: a form, a table of pairs, and for a chosen pair its paths with the evidence of each step.

import { ask, type EdgeInfo, type Filter, type NodeInfo, type Overview, type Pair, type Paths } from "./api";
import { announce, counted, grouped, h, probability, show } from "./dom";
import { evidenceOf } from "./evidence";
import { layers } from "./layers";
import { address, bar, nodeLink, problem, typeChip, waiting } from "./parts";
import { searchBox } from "./search-box";
import { table } from "./table";

interface Answer {
  pairs: Pair[];
  more: boolean;
  unknown: string[];
  query: string;
}

export function discoverView(overview: Overview, parameters: URLSearchParams, draw: (nodes: NodeInfo[], edges: EdgeInfo[]) => void): HTMLElement {
  const labels = overview.labels.filter((one) => one.nodes > 0).map((one) => one.label);
  const chosen: NodeInfo[] = [];
  const chips = h("ul", { class: "chips", "aria-label": "Starting nodes" });
  const select = (name: string, values: string[], value: string | null) =>
    h("select", { name }, values.map((one) => h("option", { value: one, selected: one === value }, one)));
  const from = select("from", labels, parameters.get("from") ?? labels[0]);
  const to = select("to", labels, parameters.get("to") ?? labels[1] ?? labels[0]);
  const hops = select("hops", ["2", "3", "4"], parameters.get("hops") ?? "3");
  const names = h("textarea", { name: "names", rows: 2, placeholder: "one a line, or pasted from a sheet", "aria-label": "Names of starting nodes" });
  names.value = parameters.get("names") ?? "";
  const types = h("select", { name: "types", multiple: true, size: Math.min(4, Math.max(2, overview.types.filter((one) => !one.denied).length)) }, overview.types.filter((one) => !one.denied).map((one) => h("option", { value: one.type, selected: parameters.get("types")?.split("|").includes(one.type) }, one.type)));
  const least = h("input", { type: "range", name: "least", min: 0, max: 1, step: 0.05, value: parameters.get("least") ?? 0 });
  const leastShown = h("output", null, probability(Number(least.value)));
  least.addEventListener("input", () => (leastShown.textContent = probability(Number(least.value))));
  const year = (name: string, value: string | null) => h("input", { type: "number", name, min: 1, max: 9999, value: value ?? "", inputmode: "numeric" });
  const [since, until] = [year("since", parameters.get("since")), year("until", parameters.get("until"))];
  const linked = h("input", { type: "checkbox", name: "linked", checked: parameters.get("linked") === "yes" });
  const results = h("div", { class: "results" });
  let running: AbortController | null = null;

  const addNode = (node: NodeInfo) => {
    if (chosen.some((one) => one.id === node.id)) return;
    chosen.push(node);
    const item = h("li", null, nodeLink(node), h("button", { type: "button", class: "small", "aria-label": `Leave out ${node.name}`, onclick: () => {
      chosen.splice(chosen.indexOf(node), 1);
      item.remove();
    } }, "×"));
    chips.append(item);
  };
  const filter = (): Filter => ({
    types: [...types.selectedOptions].map((one) => one.value),
    min_confidence: Number(least.value) || undefined,
    min_year: Number(since.value) || undefined,
    max_year: Number(until.value) || undefined,
  });

  const run = async () => {
    running?.abort();
    const own = new AbortController();
    running = own;
    const list = names.value.split(/[\n\t;]+/).map((one) => one.trim()).filter(Boolean);
    const question = {
      from_label: chosen.length || list.length ? undefined : from.value,
      from_names: list,
      from_nodes: chosen.map((one) => one.id),
      to_label: to.value,
      hops: Number(hops.value),
      unlinked: !linked.checked,
      filter: filter(),
      limit: 500,
    };
    remember(question);
    show(results, waiting("Looking for pairs"), h("button", { type: "button", onclick: () => own.abort() }, "Stop"));
    try {
      const answer = await ask<Answer>("discover", question, own.signal);
      if (running !== own) return;
      present(answer, question.hops);
    } catch (error) {
      if (running === own) show(results, own.signal.aborted ? null : problem(error));
    }
  };
  const remember = (question: { from_nodes: number[]; hops: number }) =>
    history.replaceState(null, "", address("discover", {
      from: from.value, to: to.value, hops: question.hops, nodes: question.from_nodes.join(","), names: names.value.trim(),
      types: [...types.selectedOptions].map((one) => one.value).join("|"), least: Number(least.value) || undefined,
      since: since.value, until: until.value, linked: linked.checked ? "yes" : undefined, run: "yes",
    }));

  const present = (answer: Answer, most: number) => {
    const { pairs } = answer;
    announce(counted(pairs.length, "pair"));
    const detail = h("section", { class: "pair-detail", "aria-label": "Paths of the chosen pair", tabindex: "-1" });
    let current: Pair | null = null;
    const grid = table<Pair>({
      caption: "Pairs",
      rows: pairs,
      selected: (row) => row === current,
      open: (row) => {
        current = row;
        void pairDetail(detail, row, most, filter(), draw);
      },
      columns: [
        { title: "From", share: 1.5, cell: (row) => nodeLink(row.source), compare: (a, b) => a.source.name.localeCompare(b.source.name) },
        { title: "To", share: 2, cell: (row) => nodeLink(row.target), compare: (a, b) => a.target.name.localeCompare(b.target.name) },
        { title: "Steps", number: true, share: 0.6, cell: (row) => String(row.hops), compare: (a, b) => a.hops - b.hops },
        { title: "Paths", number: true, share: 0.7, cell: (row) => grouped(row.shortest_paths), compare: (a, b) => a.shortest_paths - b.shortest_paths },
        { title: "Strength", down: true, share: 1.2, cell: (row) => (row.strength === null ? "–" : bar(row.strength)), compare: (a, b) => (a.strength ?? -1) - (b.strength ?? -1) },
        { title: "", share: 0.8, cell: (row) => h("button", { class: "small", "aria-label": `Paths from ${row.source.name} to ${row.target.name}`, onclick: () => {
          current = row;
          void pairDetail(detail, row, most, filter(), draw);
        } }, "Paths") },
      ],
    });
    show(
      results,
      h("div", { class: "results-head" },
        h("p", { class: "state" }, answer.more ? `The first ${counted(pairs.length, "pair")}; there are more` : counted(pairs.length, "pair"), answer.unknown.length ? h("span", { class: "wrong" }, `; nothing goes by ${answer.unknown.join(", ")}`) : ""),
        h("a", { class: "dim", href: address("ask", { text: answer.query.includes("$") ? "" : answer.query }) , hidden: answer.query.includes("$") }, "As a query")),
      pairs.length ? grid : h("p", { class: "nothing" }, "No such pair. More steps, or a lower confidence, may find some."),
      detail,
    );
  };

  const field = (name: string, control: HTMLElement, more?: HTMLElement) => h("label", { class: "field" }, h("span", null, name), control, more ?? null);
  const form = h(
    "form",
    { class: "discover-form", onsubmit: (event: Event) => {
      event.preventDefault();
      void run();
    } },
    h("div", { class: "form-line" }, field("From all", from), h("span", { class: "or dim" }, "or from"), searchBox({ label: "Add a starting node", placeholder: "one node, or several", chosen: addNode }), chips),
    h("div", { class: "form-line" }, field("to", to), field("over at most", hops, h("span", null, "steps")), h("button", { class: "primary" }, "Find pairs")),
    h("details", { open: Boolean(parameters.get("types") || parameters.get("least") || parameters.get("since") || parameters.get("until") || parameters.get("names")) },
      h("summary", null, "Narrow it down"),
      h("div", { class: "form-grid" },
        field("Only over these relations", types),
        field("Least confidence of a step", least, leastShown),
        h("div", { class: "field" }, h("span", null, "Read in documents of"), h("div", { class: "years-fields" }, h("label", null, h("span", { class: "hidden" }, "First year"), since), h("span", null, "to"), h("label", null, h("span", { class: "hidden" }, "Last year"), until))),
        h("label", { class: "field" }, h("span", null, "A list of names to start from"), names),
        h("label", { class: "check" }, linked, " Pairs that are linked directly, too"))),
  );
  const view = h("div", { class: "discover" }, h("h1", null, "Discover"), h("p", { class: "lead" }, "Pairs that no relation joins, and that a few steps do: where a hypothesis may begin."), form, results);
  void (async () => {
    for (const id of (parameters.get("nodes") ?? "").split(",").filter(Boolean)) {
      await ask<NodeInfo>("node", { id: Number(id) }).then(addNode, () => undefined);
    }
    if (parameters.get("run")) await run();
  })();
  return view;
}

/** The paths of a pair in layers, and beside them the evidence of the step that is chosen. */
async function pairDetail(place: HTMLElement, pair: Pair, hops: number, filter: Filter, draw: (nodes: NodeInfo[], edges: EdgeInfo[]) => void): Promise<void> {
  show(place, waiting("Following the paths"));
  place.focus({ preventScroll: true });
  place.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  try {
    const found = await ask<Paths>("paths", { source: pair.source.id, target: pair.target.id, hops, filter, limit: 25 });
    const nodes = new Map(found.nodes.map((node) => [node.id, node]));
    const evidence = h("div", { class: "step-evidence" });
    const choose = (edge: EdgeInfo) => {
      const name = (id: number) => nodes.get(id)?.name ?? "";
      show(evidence, h("h3", null, name(edge.source), " – ", name(edge.target)));
      const body = h("div");
      evidence.append(body);
      evidenceOf(edge.source, edge.target, body);
      drawing.querySelectorAll("[data-edge]").forEach((one) => one.classList.toggle("chosen", (one as SVGElement).dataset.edge === String(found.edges.indexOf(edge))));
    };
    const drawing = layers(found, choose);
    const list = h("ol", { class: "path-list" }, found.paths.map((path) =>
      h("li", null,
        h("span", { class: "path-words" }, path.nodes.map((id, at) => [at > 0 ? h("button", { class: "quiet step", title: "Show the evidence", onclick: () => choose(found.edges[path.edges[at - 1]]) }, typeChip(found.edges[path.edges[at - 1]])) : null, nodeLink(nodes.get(id) as NodeInfo)])),
        bar(path.strength))));
    show(
      place,
      h("div", { class: "results-head" },
        h("h2", null, nodeLink(pair.source), " to ", nodeLink(pair.target)),
        h("div", { class: "exports" },
          h("button", { class: "small", onclick: () => draw(found.nodes, found.edges) }, "Draw"),
          h("button", { class: "small", onclick: () => savePaths(found, nodes) }, "Paths as CSV"))),
      h("p", { class: "dim" }, `The ${counted(found.paths.length, "strongest path", "strongest paths")}`, found.more ? `, among the first ${grouped(found.looked_at)}` : found.looked_at > found.paths.length ? ` of ${grouped(found.looked_at)}` : "", ". Choose a step to read what it stands on."),
      h("div", { class: "pair-columns" }, h("div", null, drawing, list), evidence),
    );
    const first = found.paths[0];
    if (first) choose(found.edges[first.edges[0]]);
  } catch (error) {
    show(place, problem(error));
  }
}

function savePaths(found: Paths, nodes: Map<number, NodeInfo>): void {
  const quote = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = found.paths.map((path, at) => {
    const words = path.nodes.flatMap((id, step) => (step > 0 ? [found.edges[path.edges[step - 1]].type, nodes.get(id)?.name ?? ""] : [nodes.get(id)?.name ?? ""]));
    return [String(at + 1), String(path.strength), words.join(" | ")].map(quote).join(",");
  });
  const csv = ["path,strength,steps", ...lines].join("\r\n");
  const link = h("a", { download: "paths.csv", href: URL.createObjectURL(new Blob([csv], { type: "text/csv" })) });
  document.body.append(link);
  link.click();
  link.remove();
}
