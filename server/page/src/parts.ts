// Small pieces that many views show: nodes, sentences with their marks, bars, errors.

import { Failure, type DocumentInfo, type EdgeInfo, type Mention, type NodeInfo } from "./api";
import { hue } from "./colours";
import { h, probability } from "./dom";

/** Where a view is: `#/graph?...`. */
export function go(address: string): void {
  location.hash = address;
}

/** The address of a view with a question in it. */
export function address(view: string, parameters: Record<string, string | number | undefined> = {}): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return `#/${view}${query ? `?${query}` : ""}`;
}

/** A label as a small coloured word. */
export function labelChip(label: string): HTMLElement {
  return h("span", { class: `label hue-${hue(label)}` }, label);
}

/** A node as a link to what is known of it. */
export function nodeLink(node: NodeInfo): HTMLElement {
  return h(
    "a",
    { class: `node hue-${hue(node.labels[0])}`, href: address("node", { id: node.id }), title: node.labels.join(", ") },
    node.name,
  );
}

/** The type of a relation; a denied one is struck by a sign as well as a colour. */
export function typeChip(edge: { type: string; denied: boolean }): HTMLElement {
  return h(
    "span",
    { class: edge.denied ? "type denied" : "type" },
    edge.denied ? h("span", { "aria-hidden": "true" }, "⊘ ") : null,
    edge.type.replaceAll("_", " "),
    edge.denied && !/^not|^no_/i.test(edge.type) ? " (denied)" : "",
  );
}

/** A share from 0 to 1 as a bar with its figure. */
export function bar(value: number, denied = false): HTMLElement {
  const inside = h("span", { class: "bar-inside" });
  inside.style.width = `${Math.round(value * 100)}%`;
  return h(
    "span",
    { class: denied ? "bar denied" : "bar" },
    h("span", { class: "bar-line", "aria-hidden": "true" }, inside),
    h("span", { class: "bar-figure" }, probability(value)),
  );
}

export interface Mark {
  /** Which class the mark has, by node. */
  kind: string;
  title: string;
}

/** A sentence with its mentions marked. Places count characters, not UTF-16 units; marks may overlap, the first wins. */
export function markedText(text: string, mentions: Mention[], marks: Map<number, Mark>): HTMLElement {
  const letters = Array.from(text);
  const line = h("span", { class: "sentence-text" });
  let at = 0;
  const wanted = mentions.filter((mention) => marks.has(mention.node)).sort((a, b) => a.start - b.start);
  for (const mention of wanted) {
    if (mention.start < at) continue;
    const mark = marks.get(mention.node) as Mark;
    line.append(letters.slice(at, mention.start).join(""));
    line.append(h("mark", { class: mark.kind, title: mark.title }, letters.slice(mention.start, mention.end).join("")));
    at = mention.end;
  }
  line.append(letters.slice(at).join(""));
  return line;
}

/** A document: a link to all its sentences here, and one to PubMed where it is a PMID. */
export function documentLinks(document: DocumentInfo | null): HTMLElement | null {
  if (!document) return null;
  const pmid = /^PMID:(\d+)$/.exec(document.identifier) ?? /^(\d{4,9})$/.exec(document.identifier);
  return h(
    "span",
    { class: "document-links" },
    h("a", { href: address("document", { identifier: document.identifier }) }, document.identifier),
    document.year ? h("span", { class: "year" }, document.year) : null,
    pmid
      ? h(
          "a",
          {
            class: "outside",
            href: `https://pubmed.ncbi.nlm.nih.gov/${pmid[1]}/`,
            target: "_blank",
            rel: "noopener noreferrer",
            "aria-label": `PubMed ${pmid[1]}, opens outside`,
          },
          "PubMed ↗",
        )
      : null,
  );
}

/** What went wrong, for people. */
export function problem(error: unknown): HTMLElement {
  const failure = error instanceof Failure ? error : new Failure(String(error), "internal");
  return h(
    "div",
    { class: "problem", role: "alert" },
    h("strong", null, failure.kind === "limit" ? "Too much at once" : "This did not work"),
    h("p", null, failure.message),
    failure.help ? h("p", { class: "help" }, failure.help) : null,
    failure.kind === "token"
      ? h("p", { class: "help" }, "The address with its token stands in the terminal where hopgraph was started.")
      : null,
  );
}

/** While an answer is on its way. */
export function waiting(what = "Working"): HTMLElement {
  return h("div", { class: "waiting", role: "status" }, h("span", { class: "dots", "aria-hidden": "true" }), `${what}…`);
}

/** An edge's key: what tells it from others. */
export function edgeKey(edge: { source: number; target: number; type: string }): string {
  return `${edge.source}|${edge.type}|${edge.target}`;
}

/** How an edge reads. */
export function edgeWords(edge: EdgeInfo, name: (id: number) => string): string {
  const arrow = edge.symmetric ? "—" : "→";
  return `${name(edge.source)} ${arrow} ${edge.type.replaceAll("_", " ")} ${arrow} ${name(edge.target)}`;
}
