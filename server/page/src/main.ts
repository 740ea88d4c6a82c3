// The page: which view the address names, and what stands around all of them.

import { ask, type EdgeInfo, type NodeInfo, type Overview, takeToken } from "./api";
import { askView } from "./ask";
import { orderLabels } from "./colours";
import { onCorrection } from "./correct";
import { discoverView } from "./discover";
import { h, show } from "./dom";
import { closeEvidence, setOverview } from "./evidence";
import { GraphView } from "./graph/view";
import { go, problem, waiting } from "./parts";
import { runsView } from "./runs";
import { startView } from "./start";
import { setTheme, theme } from "./store";
import { documentView, nodeView } from "./things";

const VIEWS = [
  ["start", "Start"],
  ["discover", "Discover"],
  ["ask", "Ask"],
  ["graph", "Graph"],
  ["runs", "Runs"],
] as const;

let overview: Overview;
let graph: GraphView | null = null;
/** What is to be drawn as soon as the graph is shown. */
let drawing: { nodes: NodeInfo[]; edges: EdgeInfo[] } | null = null;

const main = document.getElementById("main") as HTMLElement;
const nav = document.getElementById("nav") as HTMLElement;

function draw(nodes: NodeInfo[], edges: EdgeInfo[]): void {
  drawing = { nodes, edges };
  go("#/graph");
  route();
}

let shownAddress = "";
function route(): void {
  if (location.hash === shownAddress && !drawing) return;
  shownAddress = location.hash;
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parameters = new URLSearchParams(query);
  const name = path || "start";
  graph?.leave();
  graph = null;
  closeEvidence();
  for (const link of nav.querySelectorAll("a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.body.dataset.view = name;
  show(main, view(name, parameters));
  document.title = `${VIEWS.find(([one]) => one === name)?.[1] ?? "hopgraph"} – ${overview.name}`;
  window.scrollTo(0, 0);
}

function view(name: string, parameters: URLSearchParams): HTMLElement {
  switch (name) {
    case "start":
      return startView(overview);
    case "ask":
      return askView(overview, parameters, draw);
    case "discover":
      return discoverView(overview, parameters, draw);
    case "graph": {
      graph = new GraphView(overview, parameters);
      const wanted = drawing;
      drawing = null;
      const shown = graph;
      if (wanted) requestAnimationFrame(() => requestAnimationFrame(() => void shown.draw(wanted.nodes, wanted.edges)));
      return graph.element;
    }
    case "node":
      return nodeView(overview, Number(parameters.get("id")), again);
    case "document":
      return documentView(overview, parameters.get("identifier") ?? "");
    case "runs":
      return runsView(overview, again);
    default:
      return h("div", null, h("h1", null, "There is no such view"), h("a", { href: "#/start" }, "To the start"));
  }
}

/** The same view again, with what the graph says now. */
function again(): void {
  shownAddress = "?";
  void load().then(route);
}

async function load(): Promise<void> {
  overview = await ask<Overview>("overview");
  setOverview(overview);
  orderLabels([...overview.labels].sort((one, other) => other.nodes - one.nodes).map((one) => one.label));
}

function applyTheme(): void {
  const chosen = theme();
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  graph?.recolour();
}

function frame(): void {
  const button = h("button", { class: "quiet theme", onclick: () => {
    const next = { auto: "light", light: "dark", dark: "auto" } as const;
    setTheme(next[theme()]);
    applyTheme();
    name();
  } });
  const name = () => {
    button.textContent = { auto: "◐", light: "☀", dark: "☾" }[theme()];
    button.setAttribute("aria-label", `Theme: ${theme()}`);
    button.title = `Theme: ${theme()}`;
  };
  name();
  show(
    nav,
    h("a", { class: "brand", href: "#/start", "aria-label": "hopgraph, to the start" }, h("img", { src: "/icon.svg", alt: "", width: 24, height: 24 }), "hopgraph"),
    h("ul", null, VIEWS.map(([one, title]) => h("li", null, h("a", { href: `#/${one}`, "data-view": one }, title)))),
    h("span", { class: "database", title: overview.writable ? "open for reading and writing" : "open for reading only" }, overview.name, overview.writable ? h("span", { class: "can-write" }, "can be corrected") : null),
    button,
  );
}

async function begin(): Promise<void> {
  takeToken();
  applyTheme();
  show(main, waiting("Opening the graph"));
  try {
    await load();
  } catch (error) {
    show(main, h("div", { class: "start" }, h("h1", null, "hopgraph"), problem(error)));
    return;
  }
  frame();
  onCorrection(() => void load());
  window.addEventListener("hashchange", () => {
    takeToken();
    route();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => graph?.recolour());
  shownAddress = "?";
  route();
}

void begin();
