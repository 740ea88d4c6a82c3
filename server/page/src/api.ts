// The API of the server: the token, questions and answers.

export interface NodeInfo {
  id: number;
  name: string;
  labels: string[];
  identifiers: string[];
  degree?: number;
  matched?: string;
}

export interface EdgeInfo {
  source: number;
  target: number;
  type: string;
  denied: boolean;
  symmetric: boolean;
  confidence: number;
  evidence: number;
}

export interface RunInfo {
  id: number;
  kind: "hand" | "load" | "model";
  name: string;
  started: string;
  program: string;
}

export interface Overview {
  name: string;
  nodes: number;
  edges: number;
  documents: number;
  sentences: number;
  evidence: number;
  labels: { label: string; nodes: number }[];
  types: { type: string; edges: number; denied: boolean; symmetric: boolean }[];
  years: { year: number; documents: number }[];
  documents_without_year: number;
  runs: RunInfo[];
  examples: { title: string; text: string }[];
  writable: boolean;
  model: boolean;
  state: number;
  version: string;
}

export interface Filter {
  types?: string[];
  labels?: string[];
  polarity?: "asserted" | "denied" | "both";
  min_confidence?: number;
  min_year?: number;
  max_year?: number;
  runs?: number[];
}

export interface Mention {
  node: number;
  start: number;
  end: number;
}

export interface DocumentInfo {
  identifier: string;
  title: string;
  year: number | null;
}

export interface Piece {
  type: string;
  source: number;
  target: number;
  denied: boolean;
  probability: number;
  run: RunInfo | null;
  document: DocumentInfo | null;
  sentence?: number;
  answers?: { answer: string; relation: string | null; probability: number }[];
  text?: string;
  mentions?: Mention[];
}

export interface Evidence {
  source: NodeInfo;
  target: NodeInfo;
  edges: EdgeInfo[];
  pieces: Piece[];
  all: number;
  total: number;
  supporting: number;
  denying: number;
  offset: number;
  together: number;
}

export interface Path {
  nodes: number[];
  edges: number[];
  hops: number;
  strength: number;
}

export interface Paths {
  paths: Path[];
  nodes: NodeInfo[];
  edges: EdgeInfo[];
  looked_at: number;
  more: boolean;
}

export interface Pair {
  source: NodeInfo;
  target: NodeInfo;
  hops: number;
  shortest_paths: number;
  strength: number | null;
}

/** What the server says when it has no answer. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly kind: string,
    readonly help: string | null = null,
    readonly place: { from: number; to: number } | null = null,
  ) {
    super(message);
  }
}

const TOKEN = "hopgraph-token";

/** Takes the token out of the address, where it would be seen and bookmarked, and keeps it for this tab. */
export function takeToken(): void {
  const given = /(?:^#|&)token=([\w-]+)/.exec(location.hash);
  if (!given) return;
  sessionStorage.setItem(TOKEN, given[1]);
  const rest = location.hash.replace(given[0], "").replace(/^&/, "#");
  history.replaceState(null, "", location.pathname + (rest === "#" ? "" : rest));
}

function headers(): Record<string, string> {
  return {
    "Content-Type": "application/json",
    Authorization: `Bearer ${sessionStorage.getItem(TOKEN) ?? ""}`,
  };
}

async function post(topic: string, question: unknown, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    const body = JSON.stringify(question);
    response = await fetch(`/api/v1/${topic}`, { method: "POST", headers: headers(), body, signal });
  } catch (error) {
    if (signal?.aborted) throw new Failure("stopped", "stopped");
    throw new Failure("the server does not answer; is it still running?", "unreachable");
  }
  if (response.ok) return response;
  const json = await response.json().catch(() => null);
  const error = json?.error;
  throw new Failure(
    error?.message ?? `the server answered ${response.status}`,
    response.status === 401 ? "token" : (error?.kind ?? "internal"),
    error?.help ?? null,
    error?.place ?? null,
  );
}

/** Asks; `signal` stops the work on the server, too. */
export async function ask<T>(topic: string, question: unknown = {}, signal?: AbortSignal): Promise<T> {
  const response = await post(topic, question, signal);
  try {
    return (await response.json()) as T;
  } catch {
    throw signal?.aborted ? new Failure("stopped", "stopped") : new Failure("the answer broke off", "unreachable");
  }
}

/** All rows of a query as a file. */
export async function exported(text: string, format: string): Promise<Blob> {
  const response = await post("export", { text, format });
  try {
    return await response.blob();
  } catch {
    throw new Failure("the file broke off: it is not whole, and was not saved", "unreachable");
  }
}
