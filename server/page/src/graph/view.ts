// The drawing: nodes that somebody chose, opened step by step, best evidence first.

import { ask, type EdgeInfo, type Filter, type NodeInfo, type Overview } from "../api";
import { announce, confirmed, counted, debounced, dialog, download, grouped, h, show } from "../dom";
import { openEvidence } from "../evidence";
import { edgeWords, labelChip, nodeLink, problem, typeChip } from "../parts";
import { searchBox } from "../search-box";
import { table } from "../table";
import { Canvas, canDraw } from "./canvas";
import { filterForm } from "./filter-form";
import { Forces, layered } from "./layout";
import { Model } from "./model";
import { png, svgText } from "./picture";

interface Expansion {
  node: NodeInfo;
  nodes: NodeInfo[];
  edges: EdgeInfo[];
  new: number;
  total: number;
}

/** Past these, somebody is asked before a drawing grows. */
const MANY_NODES = 5_000;
const MANY_EDGES = 10_000;
const LIMITS = [10, 25, 100, 500];

export class GraphView {
  readonly element: HTMLElement;
  private readonly model = new Model();
  private canvas: Canvas | null = null;
  private readonly forces: Forces;
  private readonly stage = h("div", { class: "stage", tabindex: "0", role: "application", "aria-label": "Drawing of the graph; the same as a table below" });
  private readonly note = h("p", { class: "stage-note", "aria-live": "polite" });
  private readonly tools = h("div", { class: "stage-tools", role: "toolbar", "aria-label": "Drawing" });
  private readonly legend = h("div", { class: "legend", "aria-label": "Colours" });
  private readonly chosen = h("div", { class: "chosen-node" });
  private readonly twin = h("div", { class: "twin" });
  private twinOpen = false;
  private readonly observer: ResizeObserver;

  constructor(
    overview: Overview,
    parameters: URLSearchParams,
  ) {
    this.forces = new Forces(this.model.graph, () => undefined, () => this.settled());
    const details = h("details", { class: "twin-box", ontoggle: (event: Event) => {
      this.twinOpen = (event.target as HTMLDetailsElement).open;
      this.drawTwin();
    } }, h("summary", null, "The same as a table"), this.twin);
    const filter = h("details", { class: "filter-box" }, h("summary", null, "Filter"));
    const given = parameters.get("filter");
    if (given) {
      try {
        this.model.filter = JSON.parse(given) as Filter;
      } catch {
        // An address that was cut short still shows its nodes.
      }
    }
    filter.append(filterForm(overview, this.model.filter, (changed) => void this.setFilter(changed)));
    this.element = h(
      "div",
      { class: "graph" },
      h("h1", { class: "hidden" }, "Graph"),
      h("div", { class: "graph-bar" }, searchBox({ label: "Add a node to the drawing", placeholder: "Add a node", chosen: (node) => void this.add(node.id) }), this.tools, filter),
      h("div", { class: "stage-frame" }, this.stage, this.legend, this.chosen, this.note),
      details,
    );
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.observer = new ResizeObserver(() => this.canvas?.sigma.resize());
    this.observer.observe(this.stage);
    requestAnimationFrame(() => void this.begin(parameters));
  }

  /** Lets go of what a view holds when another one is shown. */
  leave(): void {
    this.forces.stop();
    this.observer.disconnect();
    this.canvas?.sigma.kill();
    this.canvas = null;
  }

  recolour(): void {
    this.canvas?.recolour();
    this.drawLegend();
  }

  /** Draws these in place of what there is. */
  async draw(nodes: NodeInfo[], edges: EdgeInfo[]): Promise<void> {
    if (!(await this.may(nodes.length, edges.length))) return;
    this.model.keep();
    this.model.graph.clear();
    this.model.addAround(nodes, null);
    this.model.addEdges(edges);
    this.refresh(true);
  }

  private async begin(parameters: URLSearchParams): Promise<void> {
    if (!this.stage.isConnected) return;
    if (canDraw()) {
      this.canvas = new Canvas(this.model, this.stage, {
        select: (id, more) => this.select(id, more),
        expand: (id) => void this.expand(id),
        edge: (key) => this.openEdge(key),
        moved: () => this.remember(),
      });
    } else {
      show(this.stage, h("p", { class: "nothing" }, "This browser draws no WebGL 2. The table below shows the same."));
      this.element.querySelector<HTMLDetailsElement>(".twin-box")?.setAttribute("open", "");
    }
    this.refresh(false);
    const [view, start] = [parameters.get("view"), parameters.get("start")];
    if (view) await this.restore(view);
    else if (start) {
      await this.add(Number(start));
      await this.expand(start, 25);
    }
  }

  /** A view from an address: the nodes where they stood, and the relations as they are now. */
  private async restore(view: string): Promise<void> {
    const places = Model.decode(view);
    try {
      const found = await ask<{ nodes: NodeInfo[]; edges: EdgeInfo[] }>("among", { nodes: places.map((one) => one.id), filter: this.edgeFilter() });
      const by = new Map(found.nodes.map((node) => [node.id, node]));
      for (const { id, x, y, fixed } of places) {
        const node = by.get(id);
        if (node) this.model.addNode(node, x, y, fixed);
      }
      this.model.addEdges(found.edges);
      this.refresh(false);
      const gone = places.length - found.nodes.length;
      if (gone) this.say(`${counted(gone, "node")} of this view ${gone === 1 ? "is" : "are"} no longer in the graph`);
    } catch (error) {
      this.fail(error);
    }
  }

  /** What an edge must be; labels say only where an expansion leads. */
  private edgeFilter(): Filter {
    return { ...this.model.filter, labels: [] };
  }

  private async may(nodes: number, edges: number): Promise<boolean> {
    if (nodes <= MANY_NODES && edges <= MANY_EDGES) return true;
    return confirmed("A large drawing", [`That is ${counted(nodes, "node")} and ${counted(edges, "relation")}. It may be slow.`], "Draw it");
  }

  private async add(id: number): Promise<void> {
    if (!this.model.graph.hasNode(String(id))) {
      try {
        const found = await ask<{ nodes: NodeInfo[]; edges: EdgeInfo[] }>("among", { nodes: [...this.model.ids(), id], filter: this.edgeFilter() });
        this.model.keep();
        this.model.addAround(found.nodes.filter((node) => node.id === id), null);
        this.model.addEdges(found.edges);
        this.refresh(this.model.graph.order > 1);
      } catch (error) {
        return this.fail(error);
      }
    }
    this.select(String(id), false);
  }

  /** Opens a node: how many neighbours come is asked first. */
  private async expand(id: string, limit?: number): Promise<void> {
    const info = this.model.info(id);
    try {
      const wanted = limit ?? (await this.askLimit(info));
      if (!wanted) return;
      const found = await ask<Expansion>("expand", { node: info.id, shown: this.model.ids(), limit: wanted, filter: this.model.filter });
      if (!(await this.may(this.model.graph.order + found.nodes.length, this.model.graph.size + found.edges.length))) return;
      this.model.keep();
      this.model.addAround(found.nodes, id);
      this.model.addEdges(found.edges);
      this.refresh(found.nodes.length > 0);
      const shown = found.total - found.new + found.nodes.length;
      const words = found.total === 0 ? `${info.name} has no neighbours under this filter` : `${grouped(shown)} of ${grouped(found.total)} neighbours of ${info.name}`;
      const more = found.new - found.nodes.length;
      this.say(words, more > 0 ? h("button", { class: "small", onclick: () => void this.expand(id, Math.min(25, more)) }, `${Math.min(25, more)} more`) : null);
    } catch (error) {
      this.fail(error);
    }
  }

  private async askLimit(node: NodeInfo): Promise<number | null> {
    const { degree } = await ask<{ degree: number }>("degree", { node: node.id, filter: this.model.filter });
    const input = h("input", { type: "number", min: 1, max: 2000, value: Math.min(25, Math.max(1, degree)), "aria-label": "How many neighbours", autofocus: true });
    return dialog<number>(`Open ${node.name}`, (close) => [
      h("p", null, `It has ${counted(degree, "relation")} of the chosen types. Those with the best evidence come first.`),
      h("form", { method: "dialog", onsubmit: (event: Event) => {
        event.preventDefault();
        close(Math.max(1, Math.min(2000, Number(input.value) || 25)));
      } },
        h("div", { class: "limit-choices" }, LIMITS.filter((one) => one < degree).map((one) => h("button", { type: "button", onclick: () => close(one) }, grouped(one))), degree <= 2000 && degree > 0 ? h("button", { type: "button", onclick: () => close(degree) }, `All ${grouped(degree)}`) : null),
        h("label", { class: "field" }, h("span", null, "or another number"), input),
        h("div", { class: "actions" }, h("button", { class: "primary" }, "Open"), h("button", { type: "button", onclick: () => close(null) }, "Cancel"))),
    ]);
  }

  private async setFilter(filter: Filter): Promise<void> {
    this.model.filter = filter;
    if (!this.model.graph.order) return this.remember();
    try {
      const found = await ask<{ nodes: NodeInfo[]; edges: EdgeInfo[] }>("among", { nodes: this.model.ids(), filter: this.edgeFilter() });
      this.model.keep();
      this.model.setEdges(found.edges);
      this.refresh(false);
      this.say(counted(found.edges.length, "relation"));
    } catch (error) {
      this.fail(error);
    }
  }

  private select(id: string | null, more: boolean): void {
    const selected = this.selection();
    if (!more) selected.clear();
    if (id !== null) {
      if (more && selected.has(id)) selected.delete(id);
      else selected.add(id);
    }
    this.canvas?.sigma.refresh({ skipIndexation: true });
    this.drawTools();
    this.drawChosen();
    this.drawTwin();
    if (id !== null && this.model.graph.hasNode(id)) announce(`${this.model.info(id).name}, ${counted(this.model.graph.degree(id), "relation")} here`);
  }

  private readonly noCanvas = new Set<string>();
  private selection(): Set<string> {
    const selected = this.canvas?.selected ?? this.noCanvas;
    for (const id of selected) if (!this.model.graph.hasNode(id)) selected.delete(id);
    return selected;
  }

  private openEdge(key: string): void {
    const edge = this.model.edge(key);
    openEvidence(edge.source, edge.target);
  }

  private refresh(layout: boolean): void {
    this.canvas?.tune();
    this.canvas?.sigma.refresh();
    this.drawTools();
    this.drawLegend();
    this.drawChosen();
    this.drawTwin();
    if (layout) this.forces.start();
    this.remember();
    this.stage.dataset.nodes = String(this.model.graph.order);
    this.stage.dataset.edges = String(this.model.graph.size);
  }

  private settled(): void {
    this.drawTools();
    this.remember();
  }

  /** The view in the address, so that it can be kept and handed on. */
  private readonly remember = debounced(400, () => {
    if (!this.element.isConnected) return;
    const filter = JSON.stringify(this.model.filter);
    const parameters = new URLSearchParams({ view: this.model.encode() });
    if (filter !== '{"polarity":"both"}') parameters.set("filter", filter);
    history.replaceState(null, "", this.model.graph.order ? `#/graph?${parameters}` : "#/graph");
  });

  private drawTools(): void {
    const selected = [...this.selection()];
    const one = selected.length === 1 ? selected[0] : null;
    const any = this.model.graph.order > 0;
    const button = (title: string, keys: string, run: () => void, enabled: boolean, pressed?: boolean) =>
      h("button", { class: "small", disabled: !enabled, title: keys ? `${title} (${keys})` : title, "aria-pressed": pressed === undefined ? undefined : String(pressed), onclick: run }, title);
    const focused = this.tools.contains(document.activeElement) ? [...this.tools.children].indexOf(document.activeElement as Element) : -1;
    show(
      this.tools,
      button("Open", "Enter", () => one && void this.expand(one), one !== null),
      button("Collapse", "C", () => this.collapse(selected), selected.length > 0),
      button("Remove", "Delete", () => this.removeNodes(selected), selected.length > 0),
      button("Only these", "O", () => this.onlyThese(selected), selected.length > 1),
      button("Pin", "P", () => this.pin(selected), selected.length > 0, selected.length > 0 && selected.every((id) => this.model.graph.getNodeAttribute(id, "fixed"))),
      button("Fade others", "F", () => this.fade(), any, this.canvas?.faded ?? false),
      button("Undo", "Ctrl+Z", () => this.undo(), this.model.canUndo),
      button(this.forces.running ? "Stop layout" : "Layout", "L", () => this.layout(), any),
      button("Layers", "", () => this.layers(one), any),
      button("Fit", "0", () => void this.canvas?.sigma.getCamera().animatedReset(), any),
      button("PNG", "", () => void this.save("png"), any && this.canvas !== null),
      button("SVG", "", () => void this.save("svg"), any && this.canvas !== null),
    );
    if (focused >= 0) (this.tools.children[focused] as HTMLElement | undefined)?.focus();
  }

  private collapse(ids: string[]): void {
    const leaves = [...new Set(ids.flatMap((id) => this.model.leaves(id)))];
    this.removeNodes(leaves);
    this.say(leaves.length ? `${counted(leaves.length, "node")} folded away` : "Nothing hangs on this node alone");
  }

  private removeNodes(ids: string[]): void {
    if (!ids.length) return;
    this.model.keep();
    this.model.remove(ids);
    this.refresh(false);
  }

  private onlyThese(ids: string[]): void {
    this.removeNodes(this.model.graph.nodes().filter((id) => !ids.includes(id)));
    this.say(`Only ${counted(ids.length, "node")} and the relations among them`);
  }

  private pin(ids: string[]): void {
    const all = ids.every((id) => this.model.graph.getNodeAttribute(id, "fixed"));
    ids.forEach((id) => this.model.graph.setNodeAttribute(id, "fixed", !all));
    this.refresh(false);
  }

  private fade(): void {
    if (!this.canvas) return;
    this.canvas.faded = !this.canvas.faded;
    this.canvas.sigma.refresh({ skipIndexation: true });
    if (this.canvas.faded && !this.selection().size) this.say("Choose a node: all but its neighbours fade");
    this.drawTools();
  }

  private undo(): void {
    if (!this.model.undo()) return;
    this.forces.stop();
    this.refresh(false);
    this.say("Taken back");
  }

  private layout(): void {
    if (this.forces.running) this.forces.stop();
    else this.forces.start();
    this.drawTools();
  }

  private layers(from: string | null): void {
    this.forces.stop();
    this.model.keep();
    const { graph } = this.model;
    const widest = () => graph.nodes().reduce((best, id) => (graph.degree(id) > graph.degree(best) ? id : best));
    layered(graph, from ?? widest());
    this.refresh(false);
    void this.canvas?.sigma.getCamera().animatedReset();
  }

  private async save(kind: "png" | "svg"): Promise<void> {
    if (!this.canvas) return;
    if (kind === "png") download("hopgraph.png", await png(this.canvas.sigma));
    else download("hopgraph.svg", new Blob([svgText(this.canvas.sigma, this.model)], { type: "image/svg+xml" }));
  }

  private key(event: KeyboardEvent): void {
    const selected = [...this.selection()];
    const camera = this.canvas?.sigma.getCamera();
    const state = camera?.getState();
    const pan = (x: number, y: number) => state && camera?.setState({ x: state.x + x * state.ratio * 0.1, y: state.y + y * state.ratio * 0.1 });
    const keys: Record<string, () => void> = {
      ArrowLeft: () => pan(-1, 0),
      ArrowRight: () => pan(1, 0),
      ArrowUp: () => pan(0, 1),
      ArrowDown: () => pan(0, -1),
      "+": () => void camera?.animatedZoom(),
      "-": () => void camera?.animatedUnzoom(),
      "0": () => void camera?.animatedReset(),
      Enter: () => selected.length === 1 && void this.expand(selected[0]),
      Delete: () => this.removeNodes(selected),
      Backspace: () => this.removeNodes(selected),
      c: () => this.collapse(selected),
      o: () => selected.length > 1 && this.onlyThese(selected),
      p: () => this.pin(selected),
      f: () => this.fade(),
      l: () => this.layout(),
      n: () => this.next(1),
      N: () => this.next(-1),
    };
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") this.undo();
    else if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key in keys) keys[event.key]();
    else return;
    event.preventDefault();
  }

  /** Selects the next node, for those without a mouse. */
  private next(step: number): void {
    const ids = this.model.graph.nodes();
    if (!ids.length) return;
    const at = ids.indexOf([...this.selection()][0] ?? "");
    this.select(ids[(at + step + ids.length) % ids.length], false);
  }

  private drawLegend(): void {
    const labels = new Map<string, number>();
    this.model.graph.forEachNode((id) => {
      const label = this.model.info(id).labels[0] ?? "no label";
      labels.set(label, (labels.get(label) ?? 0) + 1);
    });
    const denied = this.model.graph.someEdge((key) => this.model.edge(key).denied);
    show(this.legend, [...labels].map(([label, count]) => h("span", null, labelChip(label), h("span", { class: "dim" }, ` ${grouped(count)}`))), denied ? h("span", { class: "dashes" }, "– – denied") : null);
    this.legend.hidden = labels.size === 0;
  }

  private drawChosen(): void {
    const selected = [...this.selection()];
    if (!this.model.graph.order) {
      this.chosen.hidden = true;
      if (!this.note.textContent) this.say("Add a node above to begin, or draw the answer of a question.");
      return;
    }
    this.chosen.hidden = selected.length === 0;
    if (selected.length === 1) {
      const info = this.model.info(selected[0]);
      const here = this.model.graph.degree(selected[0]);
      show(this.chosen, nodeLink(info), info.labels.map(labelChip), h("p", { class: "dim" }, `${counted(here, "relation")} here`, info.identifiers[0] ? `, ${info.identifiers[0]}` : ""));
    } else if (selected.length > 1) {
      show(this.chosen, h("p", null, counted(selected.length, "node"), " chosen"), selected.length === 2 ? h("button", { class: "small", onclick: () => openEvidence(Number(selected[0]), Number(selected[1])) }, "Evidence between them") : null);
    }
  }

  /** The accessible twin: the same nodes and relations as tables, the selection in step. */
  private drawTwin(): void {
    if (!this.twinOpen) return;
    const selected = this.selection();
    const { graph } = this.model;
    const name = (id: number) => this.model.info(String(id)).name;
    show(
      this.twin,
      h("h2", null, counted(graph.order, "node")),
      table<string>({
        caption: "Nodes of the drawing",
        rows: graph.nodes(),
        selected: (id) => selected.has(id),
        open: (id) => this.select(id, false),
        columns: [
          { title: "Node", share: 2, cell: (id) => nodeLink(this.model.info(id)), compare: (a, b) => this.model.info(a).name.localeCompare(this.model.info(b).name) },
          { title: "Label", cell: (id) => this.model.info(id).labels.join(", "), compare: (a, b) => this.model.info(a).labels.join().localeCompare(this.model.info(b).labels.join()) },
          { title: "Here", number: true, cell: (id) => String(graph.degree(id)), compare: (a, b) => graph.degree(a) - graph.degree(b) },
          { title: "", cell: (id) => h("button", { class: "small", "aria-label": `Open ${this.model.info(id).name}`, onclick: () => void this.expand(id) }, "Open") },
        ],
      }),
      h("h2", null, counted(graph.size, "relation")),
      table<string>({
        caption: "Relations of the drawing",
        rows: graph.edges(),
        selected: (key) => graph.extremities(key).some((id) => selected.has(id)),
        open: (key) => this.openEdge(key),
        columns: [
          { title: "Relation", share: 3, cell: (key) => h("button", { class: "quiet", onclick: () => this.openEdge(key) }, edgeWords(this.model.edge(key), name)), compare: (a, b) => edgeWords(this.model.edge(a), name).localeCompare(edgeWords(this.model.edge(b), name)) },
          { title: "Type", cell: (key) => typeChip(this.model.edge(key)), compare: (a, b) => this.model.edge(a).type.localeCompare(this.model.edge(b).type) },
          { title: "Confidence", number: true, cell: (key) => this.model.edge(key).confidence.toFixed(2), compare: (a, b) => this.model.edge(a).confidence - this.model.edge(b).confidence },
          { title: "Evidence", number: true, cell: (key) => grouped(this.model.edge(key).evidence), compare: (a, b) => this.model.edge(a).evidence - this.model.edge(b).evidence },
        ],
      }),
    );
  }

  private say(text: string, more: Node | null = null): void {
    show(this.note, text, more ? " " : null, more);
  }

  private fail(error: unknown): void {
    show(this.note, problem(error));
  }
}
