// Fifty clients at once: random questions, clients that leave, readers that are slow. Every question that was waited for must
// be answered, and the memory of the server must not grow.
//
//     HOPGRAPH=target/release/hopgraph node server/page/test/crowd.mjs [SECONDS]

import { readFileSync, rmSync } from "node:fs";
import { demoGraph, folder, serve } from "./harness.mjs";

const SECONDS = Number(process.argv[2] ?? 600);
const CLIENTS = 50;

const place = folder();
const server = await serve(demoGraph(place));
const headers = { "Content-Type": "application/json", Authorization: `Bearer ${server.token}` };
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const node = () => Math.floor(Math.random() * 200);
const QUESTIONS = [
  () => ["overview", {}],
  () => ["search", { q: pick(["a", "can", "brca", "dia", "MESH:D0"]) }],
  () => ["expand", { node: node(), limit: 50, filter: { polarity: "both" } }],
  () => ["evidence", { source: node(), target: node() }],
  () => ["paths", { source: node(), target: node() }],
  () => ["discover", { from_label: "gene", to_label: "disease", hops: pick([2, 3, 4]) }],
  () => ["query", { text: "MATCH (g:gene)-[*1..3]-(d:disease) RETURN g, d, hops LIMIT 2000" }],
  () => ["query", { text: "MATCH (a)-[r]-(b) RETURN a, r, b, evidence(r)" }],
  () => ["check", { text: "MATCH (g:gene) RETRUN g" }],
  () => ["runs", {}],
];

const counts = { answered: 0, left: 0, slow: 0, refused: 0 };
const lost = [];
const ask = (topic, question, signal) => fetch(`${server.origin}/api/v1/${topic}`, { method: "POST", headers, body: JSON.stringify(question), signal });

async function client(until) {
  while (Date.now() < until) {
    const [topic, question] = pick(QUESTIONS)();
    const chance = Math.random();
    try {
      if (chance < 0.15) {
        // One that leaves in the middle of a query without end.
        const abort = new AbortController();
        setTimeout(() => abort.abort(), 20 + Math.random() * 100);
        await ask("query", { text: "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b UNWIND range(1, 100000) AS c RETURN sum((a * b + c) % 7)" }, abort.signal).catch(() => null);
        counts.left += 1;
      } else if (chance < 0.25) {
        const response = await ask("export", { text: "MATCH (a)-[r]-(b) RETURN a, b, evidence(r)", format: pick(["csv", "jsonl"]) });
        const reader = response.body.getReader();
        for (let piece = await reader.read(); !piece.done; piece = await reader.read()) await new Promise((resolve) => setTimeout(resolve, 20));
        counts.slow += 1;
      } else {
        const response = await ask(topic, question);
        const json = await response.json();
        if (response.ok) counts.answered += 1;
        else if (json.error.kind === "missing") counts.refused += 1;
        else lost.push(`${topic} ${JSON.stringify(question)}: ${JSON.stringify(json.error)}`);
      }
    } catch (error) {
      lost.push(`${topic}: ${error.message}`);
    }
  }
}

const megabytes = () => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]) / 1024);
const until = Date.now() + SECONDS * 1000;
const memory = [];
const watch = setInterval(() => memory.push(megabytes()), Math.max(1000, SECONDS * 50));
await Promise.all(Array.from({ length: CLIENTS }, () => client(until)));
clearInterval(watch);
console.log(JSON.stringify({ seconds: SECONDS, clients: CLIENTS, ...counts, lost: lost.length, memory_megabytes: memory }));
if (lost.length) console.log(lost.slice(0, 10).join("\n"));
await server.stop();
rmSync(place, { recursive: true, force: true });
process.exit(lost.length ? 1 : 0);
