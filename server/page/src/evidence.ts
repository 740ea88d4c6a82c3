// The panel of evidence: why two nodes are related, in the words of the literature.

import { ask, type EdgeInfo, type Evidence, type NodeInfo, type Overview, type Piece } from "./api";
import { announce, counted, debounced, grouped, h, probability, show } from "./dom";
import { deletePiece, deleteRelation } from "./correct";
import { bar, documentLinks, markedText, nodeLink, problem, typeChip, waiting } from "./parts";

const PAGE = 50;

let panel: HTMLElement | null = null;
let before: HTMLElement | null = null;
let overview: Overview | null = null;

/** Tells the panel what this server can do. */
export function setOverview(value: Overview): void {
  overview = value;
}

/** Opens the panel for a pair of nodes. */
export function openEvidence(source: number, target: number): void {
  if (!panel) {
    before = document.activeElement as HTMLElement | null;
    panel = h("aside", { class: "evidence-panel", "aria-label": "Evidence", tabindex: "-1" });
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") closeEvidence();
    });
    document.body.append(panel);
    document.body.classList.add("has-panel");
  }
  const body = h("div", null, waiting("Reading the evidence"));
  show(panel, h("div", { class: "panel-head" }, h("h2", null, "Evidence"), h("button", { class: "close", "aria-label": "Close the evidence", onclick: closeEvidence }, "×")), body);
  panel.focus();
  evidenceOf(source, target, body);
}

export function closeEvidence(): void {
  panel?.remove();
  panel = null;
  document.body.classList.remove("has-panel");
  before?.focus();
}

type Side = "supporting" | "denying";

/** Fills a place with the evidence of a pair; used by the panel and beside paths. What supports and what denies are lists of
 * their own, side by side, so that a few denials are not lost behind a thousand sentences that agree. */
export function evidenceOf(source: number, target: number, place: HTMLElement): void {
  const question = { source, target, search: "", sort: "probability", limit: PAGE };
  const sides: Record<Side, HTMLElement> = { supporting: h("section"), denying: h("section") };
  const summary = h("p", { class: "dim", "aria-live": "polite" });
  const list = h("div", { class: "pieces" }, sides.supporting, sides.denying);
  let asked = 0;

  const ofSide = (side: Side, offset: number) => ask<Evidence>("evidence", { ...question, denied: side === "denying", offset });
  const load = async () => {
    const own = ++asked;
    try {
      const [supporting, denying] = await Promise.all([ofSide("supporting", 0), ofSide("denying", 0)]);
      if (own !== asked) return;
      if (!list.isConnected) frame(supporting);
      const within = supporting.total === supporting.all ? "" : ` of ${grouped(supporting.all)}`;
      summary.textContent = `${counted(supporting.total, "piece")}${within} of evidence: ${grouped(supporting.supporting)} supporting, ${grouped(supporting.denying)} denying`;
      announce(summary.textContent);
      list.classList.toggle("two-sides", supporting.supporting > 0 && supporting.denying > 0);
      fill("supporting", supporting, supporting.denying > 0);
      fill("denying", denying, true);
      if (!supporting.total && supporting.all) show(sides.supporting, h("p", { class: "nothing" }, "No sentence fits the search."));
    } catch (error) {
      if (own === asked) show(place, problem(error));
    }
  };

  const frame = (found: Evidence) =>
    show(
      place,
      h("p", { class: "pair" }, nodeLink(found.source), h("span", { class: "dim" }, " and "), nodeLink(found.target)),
      found.edges.length
        ? h("ul", { class: "relations" }, found.edges.map((edge) => relation(edge, found, () => void load())))
        : h("p", null, `No relation joins them. ${counted(found.together, "sentence")} ${found.together === 1 ? "mentions" : "mention"} both.`),
      found.all > 3 ? tools() : null,
      found.all ? summary : null,
      list,
      overview?.model && found.together ? verifyOffer(found) : null,
    );
  const tools = () =>
    h(
      "div",
      { class: "piece-tools" },
      h("input", { type: "search", "aria-label": "Search in the evidence", placeholder: "Search in sentences and PMIDs", oninput: debounced(150, (event: Event) => {
        question.search = (event.target as HTMLInputElement).value;
        void load();
      }) }),
      h("select", { "aria-label": "Order", onchange: (event: Event) => {
        question.sort = (event.target as HTMLSelectElement).value;
        void load();
      } },
        h("option", { value: "probability" }, "Surest first"),
        h("option", { value: "newest" }, "Newest first"),
        h("option", { value: "oldest" }, "Oldest first"),
        h("option", { value: "document" }, "By document")),
    );

  const fill = (side: Side, found: Evidence, titled: boolean) => {
    const items = h("ol", { class: "side" });
    const title = side === "denying" ? "Denying" : "Supporting";
    show(sides[side], found[side] && titled ? h("h3", { class: side === "denying" ? "denied" : "" }, `${title} (${grouped(found[side])})`) : null, items);
    append(side, items, found);
  };
  const append = (side: Side, items: HTMLElement, found: Evidence) => {
    const marks = new Map([
      [found.source.id, { kind: "mark-source", title: found.source.name }],
      [found.target.id, { kind: "mark-target", title: found.target.name }],
    ]);
    items.append(...found.pieces.map((piece) => pieceItem(piece, marks, () => void load())));
    items.parentElement?.querySelector(".more")?.remove();
    const shown = items.children.length;
    if (shown >= found[side]) return;
    const more = h("button", { class: "more", onclick: async () => {
      more.disabled = true;
      append(side, items, await ofSide(side, shown));
    } }, `Show more: ${grouped(shown)} of ${grouped(found[side])}`);
    items.after(more);
  };
  show(place, waiting("Reading the evidence"));
  void load();
}

function relation(edge: EdgeInfo, found: Evidence, again: () => void): HTMLElement {
  const name = (id: number) => (id === found.source.id ? found.source.name : found.target.name);
  const direction = edge.symmetric ? null : h("span", { class: "dim" }, `${name(edge.source)} → ${name(edge.target)}`);
  return h(
    "li",
    null,
    typeChip(edge),
    direction,
    h("span", { class: "confidence", title: "How sure the graph is: documents are taken as independent, each counts once" }, "confidence ", bar(edge.confidence, edge.denied)),
    overview?.writable
      ? h("button", { class: "small", onclick: async () => {
          if (await deleteRelation(edge, name)) again();
        } }, "Take out")
      : null,
  );
}

function pieceItem(piece: Piece, marks: Map<number, { kind: string; title: string }>, again: () => void): HTMLElement {
  const answers = piece.answers ?? [];
  return h(
    "li",
    { class: piece.denied ? "piece denied" : "piece" },
    piece.text
      ? h("p", { class: "sentence" }, markedText(piece.text, piece.mentions ?? [], marks))
      : h("p", { class: "sentence" }, piece.run?.kind === "hand" ? "Stated by hand." : `Loaded as a fact from ${piece.run?.name ?? "a table"}.`),
    h(
      "div",
      { class: "piece-foot" },
      documentLinks(piece.document),
      piece.run ? h("a", { class: "dim", href: "#/runs", title: piece.run.program }, piece.run.name) : null,
      typeChip(piece),
    ),
    answers.length
      ? h(
          "dl",
          { class: "answers" },
          answers.map((answer) => {
            const inside = h("span", { class: "bar-inside" });
            inside.style.width = `${100 * answer.probability}%`;
            return h(
              "div",
              { class: answer.relation === piece.type ? "answer chosen" : "answer" },
              h("dt", null, answer.relation ? answer.relation.replaceAll("_", " ") : "no relation"),
              h("dd", null, h("span", { class: "bar-line", "aria-hidden": "true" }, inside), h("span", { class: "bar-figure" }, probability(answer.probability))),
            );
          }),
        )
      : null,
    overview?.writable && piece.sentence !== undefined
      ? h("button", { class: "small", onclick: async () => {
          if (await deletePiece(piece)) again();
        } }, "This is wrong")
      : null,
  );
}

interface Verdict {
  verdict: string | null;
  probability: number | null;
  sentences: { text: string; document: string; answer: string; probability: number }[];
}

/** The model of this server reads every sentence that mentions both. */
function verifyOffer(found: { source: NodeInfo; target: NodeInfo; together: number }): HTMLElement {
  const place = h("div", { class: "verify" });
  const button = h("button", { onclick: async () => {
    show(place, waiting("The model reads"));
    try {
      const verdict = await ask<Verdict>("verify", { source: found.source.id, target: found.target.id });
      show(
        place,
        h("h3", null, "What the model says now"),
        h("p", null, verdict.verdict ? typeChip({ type: verdict.verdict, denied: /^not_/.test(verdict.verdict) }) : "It finds no relation.", verdict.probability === null ? "" : ` ${probability(verdict.probability)}`),
        h("ol", { class: "side" }, verdict.sentences.map((one) => h("li", { class: "piece" }, h("p", { class: "sentence" }, one.text), h("div", { class: "piece-foot" }, documentLinks({ identifier: one.document, title: "", year: null }), h("span", null, `${one.answer} ${probability(one.probability)}`))))),
      );
    } catch (error) {
      show(place, problem(error));
    }
  } }, `Let the model read ${found.together === 1 ? "this sentence" : `these ${grouped(found.together)} sentences`}`);
  show(place, button);
  return place;
}
