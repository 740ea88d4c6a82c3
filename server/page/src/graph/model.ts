// What a drawing holds: nodes, relations, where they stand, and the way back from every change.

import Graph from "graphology";
import type { EdgeInfo, Filter, NodeInfo } from "../api";
import { edgeKey } from "../parts";

interface Kept {
  nodes: { info: NodeInfo; x: number; y: number; fixed: boolean }[];
  edges: EdgeInfo[];
}

const STEPS_KEPT = 50;

export class Model {
  readonly graph = new Graph({ multi: true, type: "undirected", allowSelfLoops: false });
  filter: Filter = { polarity: "both" };
  private past: Kept[] = [];

  info(id: string): NodeInfo {
    return this.graph.getNodeAttribute(id, "info") as NodeInfo;
  }

  edge(key: string): EdgeInfo {
    return this.graph.getEdgeAttribute(key, "info") as EdgeInfo;
  }

  ids(): number[] {
    return this.graph.mapNodes((id) => Number(id));
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  /** Keeps how it is now; to be called before a change that can be taken back. */
  keep(): void {
    this.past.push(this.state());
    if (this.past.length > STEPS_KEPT) this.past.shift();
  }

  undo(): boolean {
    const state = this.past.pop();
    if (!state) return false;
    this.graph.clear();
    for (const { info, x, y, fixed } of state.nodes) this.addNode(info, x, y, fixed);
    this.setEdges(state.edges);
    return true;
  }

  private state(): Kept {
    return {
      nodes: this.graph.mapNodes((_, attributes) => ({ info: attributes.info, x: attributes.x, y: attributes.y, fixed: Boolean(attributes.fixed) })),
      edges: this.graph.mapEdges((_, attributes) => attributes.info as EdgeInfo),
    };
  }

  addNode(info: NodeInfo, x: number, y: number, fixed = false): void {
    const id = String(info.id);
    if (this.graph.hasNode(id)) return;
    this.graph.addNode(id, { info, x, y, fixed, label: info.name, size: 5 });
  }

  /** Adds nodes around another one, or in a ring of their own. */
  addAround(nodes: NodeInfo[], centre: string | null): void {
    const middle = centre && this.graph.hasNode(centre) ? this.graph.getNodeAttributes(centre) : { x: 0, y: 0 };
    const fresh = nodes.filter((node) => !this.graph.hasNode(String(node.id)));
    const radius = 60 + 4 * Math.sqrt(fresh.length) * (centre ? 1 : 6);
    fresh.forEach((node, at) => {
      // The golden angle spreads any number of points evenly.
      const angle = at * 2.399963;
      const distance = centre ? radius : radius * Math.sqrt((at + 1) / fresh.length);
      this.addNode(node, middle.x + distance * Math.cos(angle), middle.y + distance * Math.sin(angle));
    });
  }

  addEdges(edges: EdgeInfo[]): void {
    for (const edge of edges) {
      const [source, target, key] = [String(edge.source), String(edge.target), edgeKey(edge)];
      if (source === target || !this.graph.hasNode(source) || !this.graph.hasNode(target) || this.graph.hasEdge(key)) continue;
      this.graph.addEdgeWithKey(key, source, target, { info: edge });
    }
    this.arrange();
  }

  setEdges(edges: EdgeInfo[]): void {
    this.graph.clearEdges();
    this.addEdges(edges);
  }

  /** Sizes by the number of relations; relations of the same two nodes beside each other. */
  private arrange(): void {
    this.graph.forEachNode((id) => this.graph.setNodeAttribute(id, "size", Math.min(16, 5 + 1.6 * Math.sqrt(this.graph.degree(id)))));
    const between = new Map<string, string[]>();
    this.graph.forEachEdge((key, _, source, target) => {
      const pair = source < target ? `${source} ${target}` : `${target} ${source}`;
      between.set(pair, [...(between.get(pair) ?? []), key]);
    });
    for (const keys of between.values()) {
      keys.forEach((key, at) => this.graph.setEdgeAttribute(key, "aside", keys.length > 1 ? (at - (keys.length - 1) / 2) * 5 : 0));
    }
  }

  remove(ids: string[]): void {
    for (const id of ids) if (this.graph.hasNode(id)) this.graph.dropNode(id);
    this.arrange();
  }

  /** The neighbours that hang on this node alone, and are not pinned. */
  leaves(id: string): string[] {
    return this.graph.neighbors(id).filter((other) => !this.graph.getNodeAttribute(other, "fixed") && this.graph.neighbors(other).every((one) => one === id));
  }

  /** Nodes with their places, for the address: `id.x.y`, whole numbers of a grid, a star behind what is pinned. */
  encode(): string {
    return this.graph
      .mapNodes((id, { x, y, fixed }) => `${Number(id).toString(36)}.${Math.round(x).toString(36)}.${Math.round(y).toString(36)}${fixed ? "*" : ""}`)
      .join("_");
  }

  static decode(text: string): { id: number; x: number; y: number; fixed: boolean }[] {
    return text
      .split("_")
      .filter(Boolean)
      .map((one) => {
        const [id, x, y] = one.replace("*", "").split(".").map((part) => parseInt(part, 36));
        return { id, x, y, fixed: one.endsWith("*") };
      })
      .filter((one) => [one.id, one.x, one.y].every(Number.isFinite));
  }
}
