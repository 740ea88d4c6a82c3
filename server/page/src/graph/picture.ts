// A drawing as a file: PNG as it is on the screen, SVG as shapes.

import type Sigma from "sigma";
import { inks } from "../colours";
import type { Model } from "./model";

/** What is on the screen, as PNG. */
export function png(sigma: Sigma): Promise<Blob> {
  const { width, height } = sigma.getDimensions();
  const ratio = window.devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  if (!context) return Promise.reject(new Error("no canvas"));
  context.fillStyle = inks().ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  // The picture of WebGL is there only until the browser shows it, so it is drawn and taken in one go.
  sigma.refresh({ skipIndexation: true, schedule: false });
  const layers = sigma.getCanvases();
  for (const name of ["edges", "nodes", "edgeLabels", "labels"]) {
    if (layers[name]) context.drawImage(layers[name], 0, 0, canvas.width, canvas.height);
  }
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"));
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** The whole drawing as SVG, with every name. */
export function svgText(sigma: Sigma, model: Model): string {
  const { width, height } = sigma.getDimensions();
  const { ground, text } = inks();
  const point = (id: string) => sigma.graphToViewport(model.graph.getNodeAttributes(id) as { x: number; y: number });
  const parts: string[] = [];
  model.graph.forEachEdge((key, attributes, source, target) => {
    const shown = sigma.getEdgeDisplayData(key);
    if (!shown || shown.hidden) return;
    const [a, b] = [point(source), point(target)];
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const [dx, dy] = [(-(b.y - a.y) / length) * (attributes.aside ?? 0), ((b.x - a.x) / length) * (attributes.aside ?? 0)];
    const dash = model.edge(key).denied ? ' stroke-dasharray="6 4"' : "";
    parts.push(`<line x1="${(a.x + dx).toFixed(1)}" y1="${(a.y + dy).toFixed(1)}" x2="${(b.x + dx).toFixed(1)}" y2="${(b.y + dy).toFixed(1)}" stroke="${shown.color}" stroke-width="${shown.size.toFixed(1)}"${dash}><title>${escaped(model.edge(key).type)}</title></line>`);
  });
  model.graph.forEachNode((id) => {
    const shown = sigma.getNodeDisplayData(id);
    if (!shown || shown.hidden) return;
    const { x, y } = point(id);
    const size = sigma.scaleSize(shown.size);
    parts.push(`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${size.toFixed(1)}" fill="${shown.color}"/>`);
    parts.push(`<text x="${(x + size + 3).toFixed(1)}" y="${(y + 4).toFixed(1)}" font-size="12" fill="${text}">${escaped(model.info(id).name)}</text>`);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="${ground}"/>${parts.join("")}</svg>`;
}
