// A box that completes the names of nodes: the combobox pattern of ARIA, with the keyboard.

import { ask, type NodeInfo } from "./api";
import { announce, counted, debounced, fresh, h, show } from "./dom";
import { labelChip } from "./parts";

interface Options {
  label: string;
  placeholder: string;
  /** Only nodes with this label. */
  only?: () => string | undefined;
  chosen: (node: NodeInfo) => void;
  autofocus?: boolean;
}

export function searchBox(options: Options): HTMLElement {
  const list = h("ul", { class: "choices", role: "listbox", id: fresh("choices"), "aria-label": "Found", hidden: true });
  const input = h("input", {
    type: "search",
    role: "combobox",
    "aria-label": options.label,
    "aria-expanded": "false",
    "aria-controls": list.id,
    "aria-autocomplete": "list",
    placeholder: options.placeholder,
    autocomplete: "off",
    spellcheck: "false",
  });
  let found: NodeInfo[] = [];
  let active = -1;
  let asked = 0;

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (node: NodeInfo) => {
    input.value = "";
    close();
    options.chosen(node);
  };
  const mark = (index: number) => {
    active = index;
    list.querySelectorAll("li").forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    const item = list.children[index];
    if (item) {
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    }
  };
  const look = debounced(120, async () => {
    const q = input.value.trim();
    const own = ++asked;
    if (!q) return close();
    try {
      const answer = await ask<{ found: NodeInfo[] }>("search", { q, limit: 12, label: options.only?.() });
      if (own !== asked) return;
      found = answer.found;
    } catch {
      if (own === asked) close();
      return;
    }
    const items = found.map((node, index) =>
      h(
        "li",
        { role: "option", id: fresh("choice"), "aria-selected": "false", onmousedown: (event: Event) => {
          event.preventDefault();
          choose(found[index]);
        } },
        h("span", { class: "choice-name" }, node.name),
        node.matched && node.matched.toLowerCase() !== node.name.toLowerCase()
          ? h("span", { class: "choice-matched" }, node.matched)
          : null,
        node.labels.map(labelChip),
      ),
    );
    show(list, items.length ? items : h("li", { class: "nothing", role: "option", "aria-disabled": "true", "aria-selected": "false" }, "Nothing goes by this name"));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    announce(counted(found.length, "node"));
    mark(found.length ? 0 : -1);
  });
  input.addEventListener("input", look);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden || !found.length) return;
      event.preventDefault();
      mark((active + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else if (event.key === "Enter" && !list.hidden && found[active]) {
      event.preventDefault();
      choose(found[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
  if (options.autofocus) setTimeout(() => input.focus({ preventScroll: true }), 0);
  return h("div", { class: "search-box" }, input, list);
}
