// ForceAtlas2 in a thread of its own, as a file of its own, so that the content policy needs no exception for blobs.

import iterate from "graphology-layout-forceatlas2/iterate.js";

interface Start {
  nodes: Float32Array;
  edges: Float32Array;
  settings: Record<string, unknown>;
  rounds: number;
}

const ROUNDS_AT_ONCE = 4;

let run = 0;
self.onmessage = (event: MessageEvent<Start | "stop">) => {
  run += 1;
  if (event.data === "stop") return;
  const own = run;
  const { nodes, edges, settings, rounds } = event.data;
  let done = 0;
  const step = () => {
    if (own !== run) return;
    const until = performance.now() + 30;
    do {
      for (let at = 0; at < ROUNDS_AT_ONCE; at += 1) iterate(settings, nodes, edges);
      done += ROUNDS_AT_ONCE;
    } while (done < rounds && performance.now() < until);
    const copy = nodes.slice();
    self.postMessage({ nodes: copy, done: done >= rounds }, { transfer: [copy.buffer] });
    if (done < rounds) setTimeout(step, 0);
  };
  step();
};
