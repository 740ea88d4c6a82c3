// Where nodes stand: forces in a worker, or layers by the distance from a node.

import type Graph from "graphology";
import { graphToByteArrays } from "graphology-layout-forceatlas2/helpers.js";
import defaults from "graphology-layout-forceatlas2/defaults.js";

/** Numbers of a node in the array of the worker: x, y, and eight more. */
const NUMBERS = 10;

export class Forces {
  private worker: Worker | null = null;
  private order: string[] = [];

  constructor(
    private readonly graph: Graph,
    private readonly moved: () => void,
    private readonly ended: () => void,
  ) {}

  get running(): boolean {
    return this.worker !== null;
  }

  /** Moves nodes until they have settled; nodes that are fixed stay. */
  start(): void {
    this.stop();
    const { graph } = this;
    if (graph.order < 2) return this.ended();
    this.order = graph.nodes();
    const { nodes, edges } = graphToByteArrays(graph, () => 1);
    const settings = {
      ...defaults,
      adjustSizes: graph.order < 400,
      barnesHutOptimize: graph.order > 500,
      barnesHutTheta: 0.8,
      gravity: graph.order < 100 ? 0.6 : 1,
      scalingRatio: graph.order < 100 ? 18 : 10,
      slowDown: 1 + Math.log(graph.order),
      outboundAttractionDistribution: graph.order > 300,
    };
    const worker = new Worker("/layout.js");
    this.worker = worker;
    worker.onmessage = (event: MessageEvent<{ nodes: Float32Array; done: boolean }>) => {
      if (this.worker !== worker) return;
      this.place(event.data.nodes);
      this.moved();
      if (event.data.done) {
        this.stop();
        this.ended();
      }
    };
    const rounds = Math.max(60, Math.min(600, Math.round(200_000 / (graph.order + graph.size))));
    worker.postMessage({ nodes, edges, settings, rounds });
  }

  stop(): void {
    this.worker?.terminate();
    this.worker = null;
  }

  private place(numbers: Float32Array): void {
    const at = new Map(this.order.map((id, index) => [id, index * NUMBERS]));
    this.graph.updateEachNodeAttributes(
      (id, attributes) => {
        const start = at.get(id);
        if (start === undefined || attributes.fixed) return attributes;
        attributes.x = numbers[start];
        attributes.y = numbers[start + 1];
        return attributes;
      },
      { attributes: ["x", "y"] },
    );
  }
}

/** Layers by the distance from a node, from left to right; what is not joined to it stands last. */
export function layered(graph: Graph, from: string): void {
  const distance = new Map<string, number>([[from, 0]]);
  const queue = [from];
  for (const node of queue) {
    for (const next of graph.neighbors(node)) {
      if (!distance.has(next)) {
        distance.set(next, (distance.get(node) as number) + 1);
        queue.push(next);
      }
    }
  }
  const deepest = Math.max(...distance.values());
  const layers: string[][] = [];
  graph.forEachNode((node) => {
    const layer = distance.get(node) ?? deepest + 1;
    (layers[layer] ??= []).push(node);
  });
  const filled = layers.filter(Boolean);
  // As wide as it is long, or wider: a drawing fills a screen.
  const apart = Math.max(30, (filled.length * 70) / Math.max(...filled.map((layer) => layer.length)));
  filled.forEach((layer, at) => {
    layer.sort((one, other) => graph.getNodeAttribute(one, "label").localeCompare(graph.getNodeAttribute(other, "label")));
    layer.forEach((node, line) => {
      graph.mergeNodeAttributes(node, { x: at * 120, y: (line - (layer.length - 1) / 2) * -apart });
    });
  });
}
