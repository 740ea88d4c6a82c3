// A node, and a document: all that is known of each.

import { ask, type EdgeInfo, type Mention, type NodeInfo, type Overview } from "./api";
import { counted, grouped, h, show } from "./dom";
import { hue } from "./colours";
import { addFact, mergeInto, retractDocument } from "./correct";
import { openEvidence } from "./evidence";
import { address, bar, documentLinks, labelChip, markedText, nodeLink, problem, typeChip, waiting } from "./parts";
import { table } from "./table";

interface NodeAnswer extends NodeInfo {
  synonyms: string[];
  properties: Record<string, unknown>;
  relations: { type: string; count: number; denied: boolean }[];
  degree: number;
  sentences: number;
}

interface Expansion {
  nodes: NodeInfo[];
  edges: EdgeInfo[];
  new: number;
  total: number;
}

export function nodeView(overview: Overview, id: number, again: () => void): HTMLElement {
  const view = h("div", { class: "thing" }, waiting("Looking it up"));
  void (async () => {
    try {
      const node = await ask<NodeAnswer>("node", { id });
      const other = overview.labels.map((one) => one.label).find((label) => !node.labels.includes(label));
      const related = h("div", null, waiting("Looking for relations"));
      show(
        view,
        h("div", { class: "thing-head" }, h("h1", null, node.name), node.labels.map(labelChip)),
        node.identifiers.length ? h("p", { class: "identifiers" }, node.identifiers.map((one) => h("code", null, one))) : null,
        node.synonyms.length ? h("p", { class: "dim" }, `Also called ${node.synonyms.slice(0, 12).join(", ")}${node.synonyms.length > 12 ? ` and ${node.synonyms.length - 12} more` : ""}`) : null,
        properties(node.properties),
        h("ul", { class: "plain inline" }, node.relations.map((one) => h("li", null, typeChip(one), ` ${grouped(one.count)}`)), node.sentences ? h("li", { class: "dim" }, counted(node.sentences, "sentence")) : null),
        h(
          "div",
          { class: "actions" },
          h("a", { class: "button primary", href: address("graph", { start: node.id }) }, "Draw its neighbours"),
          other ? h("a", { class: "button", href: address("discover", { nodes: node.id, to: overview.labels.find((one) => one.label.toLowerCase() === "disease" && !node.labels.includes(one.label))?.label ?? other, run: "yes" }) }, "Discover from here") : null,
          overview.writable ? h("button", { onclick: async () => (await mergeInto(node)) && again() }, "Same as…") : null,
          overview.writable ? h("button", { onclick: async () => (await addFact(node, overview)) && again() }, "Add a relation…") : null,
        ),
        h("h2", null, "Related to"),
        related,
      );
      const found = await ask<Expansion>("expand", { node: id, limit: 500, filter: { polarity: "both" } });
      const by = new Map(found.nodes.map((one) => [one.id, one]));
      const rows = found.edges.filter((edge) => edge.source === id || edge.target === id).map((edge) => ({ edge, end: by.get(edge.source === id ? edge.target : edge.source) as NodeInfo })).filter((row) => row.end);
      show(
        related,
        rows.length ? h("p", { class: "dim" }, found.new > found.nodes.length ? `${grouped(found.nodes.length)} of ${grouped(found.total)}, best evidence first` : counted(found.total, "node")) : null,
        table({
          caption: `Relations of ${node.name}`,
          rows,
          open: (row) => openEvidence(row.edge.source, row.edge.target),
          columns: [
            { title: "Node", share: 2, cell: (row) => nodeLink(row.end), compare: (a, b) => a.end.name.localeCompare(b.end.name) },
            { title: "Relation", share: 1.4, cell: (row) => typeChip(row.edge), compare: (a, b) => a.edge.type.localeCompare(b.edge.type) },
            { title: "Confidence", down: true, share: 1.4, cell: (row) => bar(row.edge.confidence, row.edge.denied), compare: (a, b) => a.edge.confidence - b.edge.confidence },
            { title: "Evidence", number: true, cell: (row) => h("button", { class: "quiet", onclick: () => openEvidence(row.edge.source, row.edge.target), "aria-label": `${counted(row.edge.evidence, "piece")} of evidence for ${row.end.name}` }, grouped(row.edge.evidence)), compare: (a, b) => a.edge.evidence - b.edge.evidence },
          ],
        }),
      );
    } catch (error) {
      show(view, problem(error));
    }
  })();
  return view;
}

function properties(map: Record<string, unknown>): HTMLElement | null {
  const entries = Object.entries(map);
  if (!entries.length) return null;
  return h("dl", { class: "properties" }, entries.slice(0, 40).map(([key, value]) => h("div", null, h("dt", null, key), h("dd", null, typeof value === "string" ? value : JSON.stringify(value)))));
}

interface DocumentAnswer {
  identifier: string;
  title: string;
  year: number | null;
  sentences: { sentence: number; text: string; mentions: Mention[] }[];
  nodes: NodeInfo[];
}

export function documentView(overview: Overview, identifier: string): HTMLElement {
  const view = h("div", { class: "thing" }, waiting("Fetching the document"));
  void (async () => {
    try {
      const found = await ask<DocumentAnswer>("document", { identifier });
      const label = (node: NodeInfo) => (node.labels[0] ?? "").toLowerCase();
      const marks = new Map(found.nodes.map((node) => [node.id, { kind: `hue-mark hue-${hue(label(node))}`, title: `${node.name} (${node.labels.join(", ")})` }]));
      const count = new Map<number, number>();
      found.sentences.forEach((sentence) => sentence.mentions.forEach((mention) => count.set(mention.node, (count.get(mention.node) ?? 0) + 1)));
      show(
        view,
        h("div", { class: "thing-head" }, h("h1", null, found.title || found.identifier)),
        documentLinks({ identifier: found.identifier, title: found.title, year: found.year }),
        h("p", { class: "document-text" }, found.sentences.map((sentence) => [markedText(sentence.text, sentence.mentions, marks), " "])),
        h("h2", null, "Mentioned"),
        h("ul", { class: "plain inline" }, [...found.nodes].sort((a, b) => (count.get(b.id) ?? 0) - (count.get(a.id) ?? 0)).map((node) => h("li", null, nodeLink(node), h("span", { class: "dim" }, ` ${count.get(node.id) ?? 0}`)))),
        overview.writable
          ? h("div", { class: "actions" }, h("button", { onclick: async () => {
              if (await retractDocument(found.identifier)) show(view, h("p", null, `${found.identifier} has been taken out.`));
            } }, "Take out this document…"))
          : null,
      );
    } catch (error) {
      show(view, problem(error));
    }
  })();
  return view;
}
