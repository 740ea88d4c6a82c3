// Elements without a framework. Texts are always text nodes: nothing that a graph holds is ever read as HTML.

type Child = Node | string | number | null | undefined | false | Child[];
type Props = Record<string, unknown>;

function fill(element: Element, props: Props | null): void {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value as EventListener);
    else if (key === "class") element.setAttribute("class", String(value));
    else if (key === "value" && "value" in element) (element as HTMLInputElement).value = String(value);
    else if (value === true) element.setAttribute(key, "");
    else element.setAttribute(key, String(value));
  }
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** An HTML element with attributes, listeners (`onclick`) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props?: Props | null,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, props ?? null);
  append(element, children);
  return element;
}

/** The same for SVG. */
export function svg(tag: string, props?: Props | null, ...children: Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(element, props ?? null);
  append(element, children);
  return element;
}

/** Puts these in place of what an element holds. */
export function show(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** Says something to those who hear the page and do not see it. */
export function announce(text: string): void {
  const place = document.getElementById("announcer");
  if (place) place.textContent = text;
}

const GROUPED = new Intl.NumberFormat("en");
/** 1234567 as 1,234,567. */
export function grouped(count: number): string {
  return GROUPED.format(count);
}

/** "1 row", "2 rows". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

/** A probability with three digits behind the point at most. */
export function probability(value: number): string {
  return value.toFixed(3).replace(/0+$/, "").replace(/\.$/, "");
}

/** A time in words. */
export function spoken(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

/** Runs at most once in so many milliseconds, the last call counts. */
export function debounced<A extends unknown[]>(wait: number, run: (...args: A) => void): (...args: A) => void {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => run(...args), wait);
  };
}

/** Saves bytes or text as a file. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

let last = 0;
/** A name for an element that another one points to. */
export function fresh(prefix: string): string {
  last += 1;
  return `${prefix}-${last}`;
}

/** A dialog that asks before something is done. Gives what was chosen; null if it was closed. */
export function dialog<T>(title: string, build: (close: (value: T | null) => void) => Child[]): Promise<T | null> {
  return new Promise((resolve) => {
    const name = fresh("dialog");
    const box = h("dialog", { "aria-labelledby": name });
    const close = (value: T | null) => {
      box.close();
      box.remove();
      resolve(value);
    };
    append(box, [h("h2", { id: name }, title), ...build(close)]);
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(null);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** A dialog with a question and two buttons. */
export async function confirmed(title: string, lines: string[], action: string): Promise<boolean> {
  const answer = await dialog<boolean>(title, (close) => [
    ...lines.map((line) => h("p", null, line)),
    h(
      "div",
      { class: "actions" },
      h("button", { class: "danger", onclick: () => close(true) }, action),
      h("button", { onclick: () => close(false), autofocus: true }, "Cancel"),
    ),
  ]);
  return answer === true;
}
