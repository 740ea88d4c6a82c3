// Paths drawn in layers from left to right: a node stands in the layer of its distance; the surest steps are the thickest.

import type { EdgeInfo, Paths } from "./api";
import { hue } from "./colours";
import { fresh, h, svg } from "./dom";
import { edgeWords } from "./parts";

const LAYER = 190;
const LINE = 44;
const BOX = 150;

export function layers(found: Paths, choose: (edge: EdgeInfo) => void): HTMLElement {
  const layer = new Map<number, number>();
  for (const path of found.paths) path.nodes.forEach((id, at) => layer.set(id, Math.max(layer.get(id) ?? 0, at)));
  const deepest = Math.max(0, ...layer.values());
  const columns: number[][] = Array.from({ length: deepest + 1 }, () => []);
  for (const path of found.paths) for (const id of path.nodes) {
    const column = columns[layer.get(id) as number];
    if (!column.includes(id)) column.push(id);
  }
  settle(columns, found);
  const tallest = Math.max(...columns.map((column) => column.length));
  const [width, height] = [deepest * LAYER + BOX + 20, tallest * LINE + 20];
  const place = new Map<number, { x: number; y: number }>();
  columns.forEach((column, at) => column.forEach((id, line) => place.set(id, { x: 10 + at * LAYER, y: 10 + ((tallest - column.length) / 2 + line) * LINE + LINE / 2 })));
  const names = new Map(found.nodes.map((node) => [node.id, node]));
  const title = fresh("layers");
  const lines = found.edges.map((edge, index) => {
    const [a, b] = [place.get(edge.source), place.get(edge.target)];
    if (!a || !b) return null;
    const [left, right] = a.x <= b.x ? [a, b] : [b, a];
    const [x1, x2] = left.x === right.x ? [left.x + BOX, right.x + BOX] : [left.x + BOX, right.x];
    const bend = Math.max(30, (x2 - x1) / 2);
    const words = edgeWords(edge, (id) => names.get(id)?.name ?? "");
    const d = left.x === right.x ? `M${x1},${left.y} C${x1 + 40},${left.y} ${x2 + 40},${right.y} ${x2},${right.y}` : `M${x1},${left.y} C${x1 + bend},${left.y} ${x2 - bend},${right.y} ${x2},${right.y}`;
    const line = svg("g", { class: edge.denied ? "step-line denied" : "step-line", "data-edge": index, tabindex: "0", role: "button", "aria-label": `${words}, confidence ${edge.confidence.toFixed(2)}`, onclick: () => choose(edge), onkeydown: (event: KeyboardEvent) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(edge);
      }
    } }, svg("title", null, words), svg("path", { d, class: "wide" }), svg("path", { d, class: "line", "stroke-width": 1 + 3 * edge.confidence, "stroke-opacity": 0.3 + 0.7 * edge.confidence, "stroke-dasharray": edge.denied ? "6 4" : undefined }));
    return line;
  });
  const boxes = found.nodes.filter((node) => place.has(node.id)).map((node) => {
    const { x, y } = place.get(node.id) as { x: number; y: number };
    const shown = node.name.length > 22 ? `${node.name.slice(0, 21)}…` : node.name;
    return svg("g", { class: `box hue-${hue(node.labels[0])}` }, svg("title", null, `${node.name} (${node.labels.join(", ")})`), svg("rect", { x, y: y - 15, width: BOX, height: 30, rx: 8 }), svg("text", { x: x + BOX / 2, y: y + 5, "text-anchor": "middle" }, shown));
  });
  return h("div", { class: "layers" }, svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-labelledby": title, class: "layers-drawing", width, height }, svg("title", { id: title }, `Paths in ${deepest + 1} layers`), ...lines, ...boxes));
}

/** Orders each layer by where its neighbours in the layer before stand, so that fewer lines cross. */
function settle(columns: number[][], found: Paths): void {
  for (let round = 0; round < 4; round += 1) {
    for (let at = 1; at < columns.length; at += 1) {
      const before = new Map(columns[at - 1].map((id, line) => [id, line]));
      const centre = (id: number) => {
        const lines = found.edges.flatMap((edge) => (edge.source === id && before.has(edge.target) ? [before.get(edge.target) as number] : edge.target === id && before.has(edge.source) ? [before.get(edge.source) as number] : []));
        return lines.length ? lines.reduce((sum, line) => sum + line, 0) / lines.length : columns[at].indexOf(id);
      };
      const centres = new Map(columns[at].map((id) => [id, centre(id)]));
      columns[at].sort((a, b) => (centres.get(a) as number) - (centres.get(b) as number));
    }
  }
}
