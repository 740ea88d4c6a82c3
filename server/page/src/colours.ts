// Colours that mean something: one for each label, the same everywhere, told apart in both themes and by people who see
// fewer colours.

const LIGHT = ["#0f7b8a", "#c4532d", "#6f57b5", "#4a7d2c", "#b03a74", "#8a6a12", "#3d62b8", "#5d6a73"];
const DARK = ["#4cc3d1", "#f08e62", "#b29df0", "#96cc6f", "#f083b6", "#dcb650", "#86a9f5", "#a7b4bd"];
const KNOWN = ["gene", "disease", "chemical"];

let order: string[] = [...KNOWN];

/** Gives labels their colours, the frequent ones the most distinct. */
export function orderLabels(labels: string[]): void {
  const others = labels.filter((label) => !KNOWN.includes(label.toLowerCase()));
  order = [...KNOWN, ...others.map((label) => label.toLowerCase())];
}

/** Whether the page is dark now. */
export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** The place of a label among the colours; CSS has a class for each. */
export function hue(label: string | undefined): number {
  const place = order.indexOf((label ?? "").toLowerCase());
  return place < 0 ? LIGHT.length - 1 : place % LIGHT.length;
}

/** The colour of a label in the theme of now. */
export function colourOf(label: string | undefined): string {
  return (isDark() ? DARK : LIGHT)[hue(label)];
}

export interface Inks {
  ground: string;
  text: string;
  line: string;
  denied: string;
  faded: string;
  chosen: string;
}

/** What a drawing needs beside the colours of labels. */
export function inks(): Inks {
  return isDark()
    ? { ground: "#14191d", text: "#e4eaed", line: "#8fa2ad", denied: "#f07f7f", faded: "#252d33", chosen: "#55c4d1" }
    : { ground: "#fbfaf7", text: "#1e2a30", line: "#5f737e", denied: "#b3261e", faded: "#e4e4de", chosen: "#0b6875" };
}

function parts(colour: string): number[] {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/** Between two colours; 0 is the first. */
export function mixed(one: string, other: string, share: number): string {
  const [a, b] = [parts(one), parts(other)];
  return `#${a.map((value, at) => Math.round(value + (b[at] - value) * share).toString(16).padStart(2, "0")).join("")}`;
}
