// A table of any number of rows: only those in sight are elements. Sorted by a click on a column; moved through with keys.

import { fresh, grouped, h, show } from "./dom";

export interface Column<R> {
  title: string;
  cell: (row: R) => Node | string;
  compare?: (one: R, other: R) => number;
  number?: boolean;
  /** Sorted downwards first: the largest is what is looked for. */
  down?: boolean;
  /** Its share of the width. */
  share?: number;
}

interface Options<R> {
  caption: string;
  columns: Column<R>[];
  rows: R[];
  /** What Enter or a click on a row does. */
  open?: (row: R) => void;
  selected?: (row: R) => boolean;
}

const ROW = 2.6;
const AROUND = 12;

export function table<R>(options: Options<R>): HTMLElement {
  const { columns } = options;
  let rows = [...options.rows];
  let sorted: { at: number; down: boolean } | null = null;
  let active = 0;
  const name = fresh("table");
  const head = h("div", { class: "grid-row grid-head", role: "row", "aria-rowindex": "1" });
  const body = h("div", { class: "grid-body", role: "presentation" });
  const scroller = h("div", { class: "grid-scroller", tabindex: "0", role: "rowgroup", "aria-label": `${options.caption}: rows` }, body);
  const grid = h(
    "div",
    { class: "grid", role: "table", "aria-label": options.caption, "aria-rowcount": rows.length + 1, "aria-colcount": columns.length, id: name },
    h("div", { role: "rowgroup" }, head),
    scroller,
  );
  const template = columns.map((column) => `minmax(${column.number ? "4.4rem" : (column.share ?? 1) < 1 ? "5.5rem" : "8rem"}, ${column.share ?? 1}fr)`).join(" ");
  grid.style.setProperty("--columns", template);
  grid.style.setProperty("--least", `${columns.reduce((sum, column) => sum + (column.number ? 4.4 : (column.share ?? 1) < 1 ? 5.5 : 8), 0)}rem`);

  const pixels = () => ROW * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const draw = () => {
    const height = pixels();
    body.style.height = `${rows.length * height}px`;
    const first = Math.max(0, Math.floor(scroller.scrollTop / height) - AROUND);
    const last = Math.min(rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / height) + AROUND);
    const drawn: HTMLElement[] = [];
    for (let at = first; at < last; at += 1) {
      const row = rows[at];
      const line = h(
        "div",
        {
          class: `grid-row${options.open ? " can-open" : ""}${at === active ? " active" : ""}${options.selected?.(row) ? " selected" : ""}`,
          role: "row",
          "aria-rowindex": at + 2,
          onclick: (event: Event) => {
            active = at;
            if (options.open && !(event.target as Element).closest("a, button")) options.open(row);
            draw();
          },
        },
        columns.map((column) => h("div", { role: "cell", class: column.number ? "grid-cell number" : "grid-cell" }, column.cell(row))),
      );
      line.style.top = `${at * height}px`;
      drawn.push(line);
    }
    const focused = body.contains(document.activeElement);
    body.replaceChildren(...drawn);
    if (focused) scroller.focus({ preventScroll: true });
  };
  const drawHead = () =>
    show(
      head,
      columns.map((column, at) => {
        const order = sorted?.at === at ? (sorted.down ? "descending" : "ascending") : "none";
        const sign = order === "none" ? "" : order === "descending" ? " ↓" : " ↑";
        return h(
          "div",
          { role: "columnheader", class: column.number ? "grid-cell number" : "grid-cell", "aria-sort": column.compare ? order : undefined },
          column.compare
            ? h("button", { class: "quiet sorter", onclick: () => sort(at) }, column.title, h("span", { "aria-hidden": "true" }, sign))
            : column.title || h("span", { class: "hidden" }, "Open"),
        );
      }),
    );
  const sort = (at: number) => {
    const order = columns[at].compare;
    if (!order) return;
    const down: boolean = sorted?.at === at ? !sorted.down : Boolean(columns[at].number || columns[at].down);
    sorted = { at, down };
    rows = [...options.rows].sort((one, other) => (down ? order(other, one) : order(one, other)));
    active = 0;
    scroller.scrollTop = 0;
    drawHead();
    draw();
    (head.children[at].firstElementChild as HTMLElement | null)?.focus();
  };
  scroller.addEventListener("scroll", draw, { passive: true });
  scroller.addEventListener("keydown", (event) => {
    if (event.target !== scroller) return;
    const page = Math.max(1, Math.floor(scroller.clientHeight / pixels()) - 1);
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    if (event.key in moves) {
      event.preventDefault();
      active = Math.max(0, Math.min(rows.length - 1, active + moves[event.key]));
      const [top, height] = [active * pixels(), pixels()];
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      if (top + height > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + height - scroller.clientHeight;
      draw();
    } else if (event.key === "Enter" && rows[active] && options.open) {
      event.preventDefault();
      options.open(rows[active]);
    }
  });
  new ResizeObserver(draw).observe(scroller);
  drawHead();
  draw();
  if (!rows.length) show(body, h("p", { class: "nothing" }, "No rows"));
  grid.dataset.rows = grouped(rows.length);
  return grid;
}
