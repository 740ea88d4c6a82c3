// Sigma over the model: colours, widths, fading, and what the mouse does.

import Sigma from "sigma";
import type { NodeDisplayData, PartialButFor } from "sigma/types";
import type { Settings } from "sigma/settings";
import { colourOf, type Inks, inks, mixed } from "../colours";
import { LineProgram } from "./edge-program";
import type { Model } from "./model";

export interface Hooks {
  select: (id: string | null, more: boolean) => void;
  expand: (id: string) => void;
  edge: (key: string) => void;
  moved: () => void;
}

/** Whether this browser can draw with WebGL 2. */
export function canDraw(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

export class Canvas {
  readonly sigma: Sigma;
  private ink: Inks = inks();
  selected = new Set<string>();
  faded = false;

  constructor(
    private readonly model: Model,
    container: HTMLElement,
    hooks: Hooks,
  ) {
    this.sigma = new Sigma(model.graph, container, {
      allowInvalidContainer: true,
      defaultEdgeType: "line",
      edgeProgramClasses: { line: LineProgram },
      enableEdgeEvents: true,
      hideEdgesOnMove: true,
      hideLabelsOnMove: false,
      labelFont: "system-ui, sans-serif",
      labelSize: 13,
      labelWeight: "500",
      labelDensity: 0.7,
      labelGridCellSize: 90,
      labelRenderedSizeThreshold: 5,
      minEdgeThickness: 0.8,
      zIndex: true,
      minCameraRatio: 0.02,
      maxCameraRatio: 8,
      stagePadding: 50,
      labelColor: { color: this.ink.text },
      defaultDrawNodeHover: (context, data, settings) => this.drawHover(context, data, settings),
      nodeReducer: (id, data) => this.node(id, data),
      edgeReducer: (key, data) => this.edge(key, data),
    });
    this.mouse(hooks);
  }

  /** Few edges stay in sight while the drawing moves; many would make it stutter. */
  tune(): void {
    this.sigma.setSetting("hideEdgesOnMove", this.model.graph.size > 1500);
    this.sigma.setSetting("hideLabelsOnMove", this.model.graph.order > 1500);
    // Every pixel under the mouse would be asked for its edge.
    this.sigma.setSetting("enableEdgeEvents", this.model.graph.size <= 8000);
  }

  recolour(): void {
    this.ink = inks();
    this.sigma.setSetting("labelColor", { color: this.ink.text });
    this.sigma.refresh();
  }

  private near(id: string): boolean {
    for (const one of this.selected) if (one === id || this.model.graph.areNeighbors(one, id)) return true;
    return false;
  }

  private node(id: string, data: Record<string, unknown>): Partial<NodeDisplayData> {
    const colour = colourOf(this.model.info(id).labels[0]);
    const base = { ...data, color: colour, zIndex: 1 } as Partial<NodeDisplayData>;
    if (this.selected.has(id)) return { ...base, highlighted: true, forceLabel: true, zIndex: 3, size: (data.size as number) + 2 };
    if (this.faded && this.selected.size && !this.near(id)) return { ...base, color: this.ink.faded, label: "", zIndex: 0 };
    if (data.fixed) return { ...base, forceLabel: true };
    return base;
  }

  private edge(key: string, data: Record<string, unknown>): Record<string, unknown> {
    const info = this.model.edge(key);
    const { ground, line, denied, faded } = this.ink;
    const size = Math.min(6, 1 + Math.log2(1 + info.evidence) * 0.8);
    const strong = mixed(ground, info.denied ? denied : line, 0.22 + 0.78 * Math.min(1, info.confidence));
    const shown = { ...data, size, color: strong, dashed: info.denied, zIndex: 0 };
    if (this.selected.size) {
      const touches = this.model.graph.extremities(key).some((id) => this.selected.has(id));
      if (this.faded && !touches) return { ...shown, color: faded };
      if (touches) return { ...shown, color: info.denied ? strong : mixed(strong, this.ink.chosen, 0.6), zIndex: 1 };
    }
    return shown;
  }

  private drawHover(context: CanvasRenderingContext2D, data: PartialButFor<NodeDisplayData, "x" | "y" | "size" | "label" | "color">, settings: Settings): void {
    const { ground, text } = this.ink;
    context.beginPath();
    context.arc(data.x, data.y, data.size + 4, 0, 2 * Math.PI);
    context.fillStyle = data.color;
    context.globalAlpha = 0.35;
    context.fill();
    context.globalAlpha = 1;
    if (!data.label) return;
    context.font = `600 ${settings.labelSize}px ${settings.labelFont}`;
    const [x, y] = [data.x + data.size + 6, data.y + settings.labelSize / 3];
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = ground;
    context.strokeText(data.label, x, y);
    context.fillStyle = text;
    context.fillText(data.label, x, y);
  }

  private mouse(hooks: Hooks): void {
    const { sigma, model } = this;
    let dragged: string | null = null;
    let moved = false;
    sigma.on("clickNode", ({ node, event }) => {
      if (!moved) hooks.select(node, Boolean((event.original as MouseEvent).shiftKey));
    });
    sigma.on("doubleClickNode", ({ node, preventSigmaDefault }) => {
      preventSigmaDefault();
      hooks.expand(node);
    });
    sigma.on("clickEdge", ({ edge }) => hooks.edge(edge));
    sigma.on("clickStage", () => hooks.select(null, false));
    sigma.on("enterEdge", () => (sigma.getContainer().style.cursor = "pointer"));
    sigma.on("leaveEdge", () => (sigma.getContainer().style.cursor = ""));
    sigma.on("enterNode", () => (sigma.getContainer().style.cursor = "grab"));
    sigma.on("leaveNode", () => (sigma.getContainer().style.cursor = ""));
    sigma.on("downNode", ({ node }) => {
      dragged = node;
      moved = false;
      if (!sigma.getCustomBBox()) sigma.setCustomBBox(sigma.getBBox());
    });
    sigma.getMouseCaptor().on("mousemovebody", (event) => {
      if (!dragged) return;
      moved = true;
      const place = sigma.viewportToGraph(event);
      model.graph.mergeNodeAttributes(dragged, { x: place.x, y: place.y, fixed: true });
      event.preventSigmaDefault();
      event.original.preventDefault();
      event.original.stopPropagation();
    });
    const drop = () => {
      if (dragged && moved) hooks.moved();
      dragged = null;
      sigma.setCustomBBox(null);
      // The click that ends a drag comes after this.
      setTimeout(() => (moved = false), 0);
    };
    sigma.getMouseCaptor().on("mouseup", drop);
    sigma.getMouseCaptor().on("mouseleave", drop);
  }
}
