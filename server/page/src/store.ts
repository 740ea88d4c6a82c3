// What this browser remembers: past and saved questions, the theme. Nothing of it leaves the machine.

export interface Saved {
  title: string;
  text: string;
}

function read<T>(key: string, otherwise: T): T {
  try {
    return (JSON.parse(localStorage.getItem(`hopgraph-${key}`) ?? "null") as T | null) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(`hopgraph-${key}`, JSON.stringify(value));
  } catch {
    // A full or forbidden store loses convenience, not work.
  }
}

const HISTORY = 50;

/** Past questions, the newest first. */
export function past(): string[] {
  return read<string[]>("history", []);
}

export function remember(text: string): void {
  write("history", [text, ...past().filter((other) => other !== text)].slice(0, HISTORY));
}

export function saved(): Saved[] {
  return read<Saved[]>("saved", []);
}

export function save(one: Saved): void {
  write("saved", [...saved().filter((other) => other.title !== one.title), one]);
}

export function forget(title: string): void {
  write("saved", saved().filter((other) => other.title !== title));
}

export function theme(): "light" | "dark" | "auto" {
  return read<"light" | "dark" | "auto">("theme", "auto");
}

export function setTheme(value: "light" | "dark" | "auto"): void {
  write("theme", value);
}
