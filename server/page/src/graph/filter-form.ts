// Which relations count. The same filter decides what is shown and what an expansion brings.

import type { Filter, Overview } from "../api";
import { debounced, h, probability } from "../dom";
import { labelChip, typeChip } from "../parts";

export function filterForm(overview: Overview, filter: Filter, changed: (filter: Filter) => void): HTMLElement {
  const current: Filter = { ...filter };
  const tell = debounced(250, () => changed({ ...current }));
  const set = (change: Partial<Filter>) => {
    Object.assign(current, change);
    tell();
  };
  const boxes = (name: "types" | "labels", all: { value: string; shown: HTMLElement }[]) => {
    const inputs = all.map(({ value }) => h("input", { type: "checkbox", checked: !current[name]?.length || current[name]?.includes(value), onchange: () => {
      const chosen = all.filter((_, at) => inputs[at].checked).map((one) => one.value);
      // Nothing chosen would show nothing; it means all.
      set({ [name]: chosen.length === all.length ? [] : chosen });
    } }));
    return h("div", { class: "boxes" }, all.map(({ shown }, at) => h("label", { class: "check" }, inputs[at], shown)));
  };
  const least = h("input", { type: "range", min: 0, max: 1, step: 0.05, value: current.min_confidence ?? 0, "aria-label": "Least confidence" });
  const leastShown = h("output", null, probability(current.min_confidence ?? 0));
  least.addEventListener("input", () => {
    leastShown.textContent = probability(Number(least.value));
    set({ min_confidence: Number(least.value) || undefined });
  });
  const year = (name: "min_year" | "max_year", label: string) =>
    h("input", { type: "number", min: 1, max: 9999, "aria-label": label, value: current[name] ?? "", oninput: (event: Event) => set({ [name]: Number((event.target as HTMLInputElement).value) || undefined }) });
  const run = h("select", { "aria-label": "Stated by", onchange: (event: Event) => {
    const value = (event.target as HTMLSelectElement).value;
    set({ runs: value ? [Number(value)] : [] });
  } }, h("option", { value: "" }, "any run"), overview.runs.map((one) => h("option", { value: one.id, selected: current.runs?.[0] === one.id }, `${one.id} ${one.name}`)));
  const polarity = h("select", { "aria-label": "Asserted or denied", onchange: (event: Event) => set({ polarity: (event.target as HTMLSelectElement).value as Filter["polarity"] }) },
    (["both", "asserted", "denied"] as const).map((one) => h("option", { value: one, selected: (current.polarity ?? "both") === one }, { both: "asserted and denied", asserted: "asserted only", denied: "denied only" }[one])));
  return h(
    "form",
    { class: "filter-form", "aria-label": "Filter", onsubmit: (event: Event) => event.preventDefault() },
    h("fieldset", null, h("legend", null, "Relations"), boxes("types", overview.types.filter((one) => one.edges > 0).map((one) => ({ value: one.type, shown: typeChip(one) }))), polarity),
    h("fieldset", null, h("legend", null, "Expand to"), boxes("labels", overview.labels.filter((one) => one.nodes > 0).map((one) => ({ value: one.label, shown: labelChip(one.label) })))),
    h("fieldset", null, h("legend", null, "Least confidence"), least, leastShown),
    overview.years.length ? h("fieldset", null, h("legend", null, "Years"), h("div", { class: "years-fields" }, year("min_year", "From year"), h("span", null, "to"), year("max_year", "To year"))) : null,
    overview.runs.length > 1 ? h("fieldset", null, h("legend", null, "Stated by"), run) : null,
  );
}
