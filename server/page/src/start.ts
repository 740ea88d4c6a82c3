// The first thing that somebody sees: what is in the graph, and how to begin without knowing the language.

import type { Overview } from "./api";
import { counted, grouped, h } from "./dom";
import { address, go, labelChip, typeChip } from "./parts";
import { searchBox } from "./search-box";

export function startView(overview: Overview): HTMLElement {
  const { labels, types } = overview;
  const from = pick(labels.map((one) => one.label), "gene", 0);
  const to = pick(labels.map((one) => one.label), "disease", 1);
  return h(
    "div",
    { class: "start" },
    h(
      "section",
      { class: "hero" },
      h("h1", null, "What does the literature say?"),
      h(
        "p",
        { class: "lead" },
        `${counted(overview.nodes, "node")} and ${counted(overview.edges, "relation")}`,
        overview.documents ? `, read in ${counted(overview.documents, "document")}` : "",
        ". Every relation shows the sentences that it stands on.",
      ),
      searchBox({
        label: "Find a gene, a disease, a chemical",
        placeholder: "Find by name, synonym or identifier",
        chosen: (node) => go(address("node", { id: node.id })),
        autofocus: matchMedia("(hover: hover)").matches,
      }),
    ),
    h(
      "section",
      { class: "ways", "aria-label": "Ways to begin" },
      from && to
        ? h(
            "a",
            { class: "way main-way", href: address("discover", { from, to, run: "yes" }) },
            h("h2", null, "Discover"),
            h("p", null, `${from}–${to} pairs that no one has stated, and that a few steps join.`),
          )
        : null,
      h(
        "a",
        { class: "way", href: address("ask") },
        h("h2", null, "Ask"),
        h("p", null, "Any question in the query language, with completion and examples."),
      ),
      h(
        "a",
        { class: "way", href: address("graph") },
        h("h2", null, "Draw"),
        h("p", null, "Begin at one node and open its neighbours, best evidence first."),
      ),
    ),
    overview.examples.length
      ? h(
          "section",
          null,
          h("h2", { id: "worked" }, "Worked questions"),
          h(
            "ul",
            { class: "examples", "aria-labelledby": "worked" },
            overview.examples.map((example) =>
              h(
                "li",
                null,
                h("a", { href: address("ask", { text: example.text, run: "yes" }) }, example.title),
                h("code", null, example.text),
              ),
            ),
          ),
        )
      : null,
    h(
      "section",
      { class: "counts" },
      countTable("Nodes", labels.map((one) => [labelChip(one.label), one.nodes])),
      countTable("Relations", types.map((one) => [typeChip(one), one.edges])),
      overview.years.length ? years(overview) : null,
      overview.runs.length
        ? h(
            "div",
            { class: "count-block" },
            h("h2", null, "Read by"),
            h(
              "ul",
              { class: "plain" },
              overview.runs.slice(0, 8).map((run) => h("li", null, h("a", { href: address("runs") }, run.name), h("span", { class: "dim" }, ` ${run.started.slice(0, 10)}`))),
            ),
          )
        : null,
    ),
  );
}

function pick(labels: string[], wanted: string, otherwise: number): string | undefined {
  return labels.find((label) => label.toLowerCase() === wanted) ?? labels[otherwise] ?? labels[0];
}

function countTable(title: string, rows: [HTMLElement, number][]): HTMLElement {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const sorted = rows.filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  return h(
    "div",
    { class: "count-block" },
    h("h2", null, title),
    h(
      "table",
      { class: "counts-table" },
      h("caption", { class: "hidden" }, title),
      h(
        "tbody",
        null,
        sorted.map(([name, count]) => {
          const line = h("span", { class: "count-line" });
          line.style.width = `${Math.max(1, (100 * count) / most)}%`;
          return h(
            "tr",
            null,
            h("th", { scope: "row" }, name),
            h("td", { class: "number" }, grouped(count)),
            h("td", { class: "line-cell", "aria-hidden": "true" }, line),
          );
        }),
      ),
    ),
  );
}

/** Documents by year, as small columns; the table beside it is for those who cannot see them. */
function years(overview: Overview): HTMLElement {
  const list = overview.years;
  const most = Math.max(...list.map((one) => one.documents));
  const [first, last] = [list[0].year, list[list.length - 1].year];
  const columns: HTMLElement[] = [];
  const by = new Map(list.map((one) => [one.year, one.documents]));
  for (let year = first; year <= last; year += 1) {
    const column = h("span", { class: "year-column", title: `${year}: ${counted(by.get(year) ?? 0, "document")}` });
    column.style.height = `${(100 * (by.get(year) ?? 0)) / most}%`;
    columns.push(column);
  }
  const words = list.map((one) => `${one.year}: ${one.documents}`).join(", ");
  return h(
    "div",
    { class: "count-block" },
    h("h2", null, "Documents by year"),
    h("div", { class: "years", role: "img", "aria-label": `Documents by year. ${words}` }, columns),
    h("div", { class: "year-ends", "aria-hidden": "true" }, h("span", null, first), h("span", null, last)),
    overview.documents_without_year ? h("p", { class: "dim" }, `${grouped(overview.documents_without_year)} without a year`) : null,
  );
}
