// Values of rows: what the server marks as nodes, relationships and paths, shown as such.

import type { EdgeInfo, NodeInfo } from "./api";
import { h, probability } from "./dom";
import { nodeLink, typeChip } from "./parts";

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

interface RawNode {
  id: number;
  labels: string[];
  properties: Record<string, Value>;
}
interface RawRelationship {
  type: string;
  source: number;
  target: number;
  properties: Record<string, Value>;
}

/** The one thing under a `$` key. */
export function tagged(value: Value): { tag: string; inside: Value } | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  const [key] = Object.keys(value);
  return key && /^\$[a-z]/.test(key) ? { tag: key, inside: value[key] } : null;
}

export function toNode(raw: RawNode): NodeInfo {
  const identifiers = raw.properties.identifiers;
  const list = Array.isArray(identifiers) ? identifiers.map(String) : [];
  const name = raw.properties.name;
  return { id: raw.id, labels: raw.labels, identifiers: list, name: name ? String(name) : (list[0] ?? `node ${raw.id}`) };
}

/** Every node and relationship of a value, wherever it is. */
export function collect(value: Value, nodes: Map<number, NodeInfo>, edges: RawRelationship[]): void {
  const found = tagged(value);
  if (found?.tag === "$node") {
    const node = toNode(found.inside as unknown as RawNode);
    nodes.set(node.id, node);
  } else if (found?.tag === "$relationship") {
    edges.push(found.inside as unknown as RawRelationship);
  } else if (found?.tag === "$path") {
    const path = found.inside as unknown as { nodes: RawNode[]; relationships: RawRelationship[] };
    path.nodes.forEach((node) => nodes.set(node.id, toNode(node)));
    edges.push(...path.relationships);
  } else if (Array.isArray(value)) {
    value.forEach((inside) => collect(inside, nodes, edges));
  } else if (value !== null && typeof value === "object") {
    Object.values(value).forEach((inside) => collect(inside, nodes, edges));
  }
}

/** A value as text: for sorting, for copying. */
export function plain(value: Value): string {
  const found = tagged(value);
  if (found?.tag === "$integer" || found?.tag === "$float") return String(found.inside);
  if (found?.tag === "$node") return toNode(found.inside as unknown as RawNode).name;
  if (found?.tag === "$relationship") return (found.inside as unknown as RawRelationship).type;
  if (found?.tag === "$path") {
    const path = found.inside as unknown as { nodes: RawNode[] };
    return path.nodes.map((node) => toNode(node).name).join(" – ");
  }
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([key, inside]) => `${key}: ${plain(inside)}`).join(", ");
  return String(value);
}

/** A value as it is shown in a cell. */
export function cell(value: Value, evidence: (edge: { source: number; target: number }) => void): Node {
  const found = tagged(value);
  if (found?.tag === "$node") return nodeLink(toNode(found.inside as unknown as RawNode));
  if (found?.tag === "$relationship") {
    const edge = found.inside as unknown as RawRelationship;
    const denied = /^not_|^no_/i.test(edge.type);
    return h("button", { class: "quiet", title: "Show the evidence", onclick: () => evidence(edge) }, typeChip({ type: edge.type, denied }));
  }
  if (found?.tag === "$path") {
    const path = found.inside as unknown as { nodes: RawNode[]; relationships: RawRelationship[] };
    const line = h("span", { class: "path-cell" });
    path.nodes.forEach((node, at) => {
      if (at > 0) line.append(h("span", { class: "dim" }, " – "));
      line.append(nodeLink(toNode(node)));
    });
    return line;
  }
  if (value === null) return h("span", { class: "dim" }, "null");
  if (typeof value === "number" && !Number.isInteger(value)) return document.createTextNode(Math.abs(value) < 1e-3 || Math.abs(value) > 1e9 ? String(value) : probability(value));
  if (Array.isArray(value)) {
    const line = h("span", { class: "list-cell" });
    value.slice(0, 50).forEach((inside, at) => {
      if (at > 0) line.append(h("span", { class: "dim" }, ", "));
      line.append(cell(inside, evidence));
    });
    if (value.length > 50) line.append(h("span", { class: "dim" }, ` … ${value.length} in all`));
    return line;
  }
  return document.createTextNode(plain(value));
}

/** Whether two values are in order, for sorting a column. */
export function compare(one: Value, other: Value): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
  if (typeof one === "number" && typeof other === "number") return one - other;
  return plain(one).localeCompare(plain(other), undefined, { numeric: true });
}

export type { EdgeInfo, RawRelationship };
