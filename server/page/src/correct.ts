// Corrections: each is tried first, says what would follow, and is done only when that is agreed to.

import { ask, type EdgeInfo, type NodeInfo, type Overview, type Piece } from "./api";
import { announce, counted, dialog, h, show } from "./dom";
import { nodeLink, problem, waiting } from "./parts";
import { searchBox } from "./search-box";

type Counts = Record<string, number>;

const NOUNS: Record<string, [string, string]> = {
  documents: ["document", "documents"],
  sentences: ["sentence", "sentences"],
  evidence: ["piece of evidence", "pieces of evidence"],
  facts: ["fact", "facts"],
  edges: ["relation", "relations"],
  nodes: ["node", "nodes"],
};

let changed: () => void = () => undefined;
/** What is to be done when the graph has been corrected. */
export function onCorrection(run: () => void): void {
  changed = run;
}

function words(done: Counts): string {
  const parts = Object.entries(NOUNS).filter(([key]) => done[key]).map(([key, [one, many]]) => counted(done[key], one, many));
  return parts.length ? parts.join(", ") : "nothing";
}

/** Tries a correction, asks, does it. True if it was done. */
async function correct(title: string, topic: string, question: object, say: (done: Counts) => string[], action: string): Promise<boolean> {
  const agreed = await dialog<boolean>(title, (close) => {
    const place = h("div", null, waiting("Looking what would follow"));
    const cancel = h("button", { onclick: () => close(null), autofocus: true }, "Cancel");
    void (async () => {
      try {
        const { done } = await ask<{ done: Counts }>(topic, { ...question, try: true });
        show(place, say(done).map((line) => h("p", null, line)), h("div", { class: "actions" }, h("button", { class: "danger", onclick: async (event: Event) => {
          (event.currentTarget as HTMLButtonElement).disabled = true;
          try {
            await ask(topic, { ...question, try: false });
            close(true);
          } catch (error) {
            show(place, problem(error), h("div", { class: "actions" }, cancel));
          }
        } }, action), cancel));
        cancel.focus();
      } catch (error) {
        show(place, problem(error), h("div", { class: "actions" }, cancel));
      }
    })();
    return [place];
  });
  if (agreed) {
    announce("Done");
    changed();
  }
  return agreed === true;
}

export function deleteRelation(edge: EdgeInfo, name: (id: number) => string): Promise<boolean> {
  const { source, target, type } = edge;
  return correct(
    "Take out this relation?",
    "delete-relation",
    { edge: { source, target, type } },
    (done) => [`${name(source)} – ${type.replaceAll("_", " ")} – ${name(target)} goes, with ${counted(done.evidence, "piece of evidence", "pieces of evidence")}.`, "The sentences stay. If the documents are read again by another run, the relation may come back."],
    "Take it out",
  );
}

export function deletePiece(piece: Piece): Promise<boolean> {
  const reading = { edge: { source: piece.source, target: piece.target, type: piece.type }, sentence: piece.sentence, run: piece.run?.id };
  return correct(
    "Take back what the model read here?",
    "retract",
    { reading },
    (done) => [`This piece of evidence goes${done.edges ? ", and the relation with it: nothing else speaks for it" : "; the relation stays, on its other evidence"}.`],
    "Take it back",
  );
}

export function retractDocument(identifier: string): Promise<boolean> {
  return correct("Take out this document?", "retract", { documents: [identifier] }, (done) => [`With ${identifier} go: ${words(done)}.`], "Take it out");
}

export function retractRun(id: number, name: string): Promise<boolean> {
  return correct("Take out this run?", "retract", { run: String(id) }, (done) => [`With the run ${id} (${name}) go: ${words(done)}, and the nodes that nothing else holds.`, "This cannot be undone, but the run can be made again."], "Take it out");
}

/** Another node is looked for, and becomes part of this one. */
export async function mergeInto(kept: NodeInfo): Promise<boolean> {
  const other = await pickNode(`Which node is the same as ${kept.name}?`);
  if (!other) return false;
  return correct(
    "Make one node of two?",
    "merge-nodes",
    { kept: kept.id, other: other.id },
    (done) => [
      `${other.name} goes; ${kept.name} takes over its names and identifiers, ${counted(done.edges_moved, "relation")} and ${counted(done.sentences_moved, "sentence")}.`,
      done.edges ? `${counted(done.edges, "relation")} between the two goes.` : "No relation joins the two.",
    ],
    "Make them one",
  );
}

/** A relation stated by hand. */
export async function addFact(source: NodeInfo, overview: Overview): Promise<boolean> {
  const target = await pickNode(`What is ${source.name} related to?`);
  if (!target) return false;
  const input = h("input", { type: "text", id: "fact-type", list: "fact-types", required: true, value: overview.types[0]?.type ?? "" });
  const type = await dialog<string>("How are they related?", (close) => [
    h("p", null, nodeLink(source), " and ", nodeLink(target)),
    h("form", { method: "dialog", onsubmit: (event: Event) => {
      event.preventDefault();
      close(input.value.trim() || null);
    } },
      h("label", { for: "fact-type" }, "Type of the relation"),
      input,
      h("datalist", { id: "fact-types" }, overview.types.map((one) => h("option", { value: one.type }))),
      h("div", { class: "actions" }, h("button", { class: "primary" }, "Go on"), h("button", { type: "button", onclick: () => close(null) }, "Cancel"))),
  ]);
  if (!type) return false;
  return correct(
    "State this by hand?",
    "add-fact",
    { source: source.id, target: target.id, type },
    (done) => [
      `${source.name} – ${type.replaceAll("_", " ")} – ${target.name} ${done.facts ? (done.edges ? "becomes a new relation" : "is there already, and gets a fact beside its evidence") : "is stated by hand already"}.`,
      done.types ? `“${type}” is a new type of relation.` : "",
    ].filter(Boolean),
    "State it",
  );
}

function pickNode(title: string): Promise<NodeInfo | null> {
  return dialog<NodeInfo>(title, (close) => [
    searchBox({ label: title, placeholder: "Name, synonym or identifier", chosen: close, autofocus: true }),
    h("div", { class: "actions" }, h("button", { onclick: () => close(null) }, "Cancel")),
  ]);
}
