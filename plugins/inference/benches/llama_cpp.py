"""Sentences classified a second: hopgraph, from JSON Lines to answers, against llama.cpp on the same weights, in one run.

Needs: pip install cyllama (llama.cpp with its own interface) and a built hopgraph. Run from the root of the repository:

    python plugins/inference/benches/llama_cpp.py target/release/hopgraph [MODEL.gguf]

llama.cpp reads the tokens that the reference outputs of the starter model give, so it need not tokenize. "one at a time" is
a prompt after another, each whole; "batched, prefix kept" computes the common beginning once, copies it to as many sequences
as a batch holds, and decodes what is left of these together. The answer must be the same. The rounds take turns, and the
best of each contender counts. Prints CSV.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cyllama.llama.llama_cpp as llama

ROUNDS = 3
SEQUENCES = 32
TOKENS = 2048
FOLDER = Path("data/models/starter-llama-15m")


class Model(llama.LlamaModel):
    """Has what get_logits_ith asks for in cyllama 0.2."""

    @property
    def n_vocab(self):
        return self.get_vocab().n_vocab


def context(model, threads=2):
    parameters = llama.LlamaContextParams()
    parameters.n_ctx = 512 * 16
    parameters.n_batch = parameters.n_ubatch = TOKENS
    parameters.n_seq_max = SEQUENCES + 1
    parameters.kv_unified = True
    parameters.n_threads = parameters.n_threads_batch = threads
    return llama.LlamaContext(model, parameters)


def best(answers, logits):
    return max(range(len(answers)), key=lambda answer: logits[answers[answer]])


def one_at_a_time(context, rows, answers):
    found = []
    for ids in rows:
        context.kv_cache_clear()
        batch = llama.LlamaBatch(n_tokens=len(ids), embd=0, n_seq_max=1)
        for position, token in enumerate(ids):
            batch.add(token, position, [0], position + 1 == len(ids))
        context.decode(batch)
        found.append(best(answers, context.get_logits_ith(-1)))
    return found


def chunks(order, rows, shared):
    """Rows that fit one batch, in their order."""
    chosen, tokens = [], 0
    for row in order:
        own = len(rows[row]) - shared
        if len(chosen) == SEQUENCES or tokens + own > TOKENS:
            yield chosen
            chosen, tokens = [], 0
        chosen.append(row)
        tokens += own
    yield chosen


def batched(context, rows, answers, shared):
    context.kv_cache_clear()
    batch = llama.LlamaBatch(n_tokens=TOKENS, embd=0, n_seq_max=1)
    for position, token in enumerate(rows[0][:shared]):
        batch.add(token, position, [0], False)
    context.decode(batch)
    found = [None] * len(rows)
    for chosen in chunks(sorted(range(len(rows)), key=lambda row: len(rows[row])), rows, shared):
        batch.clear()
        lasts = []
        for sequence, row in enumerate(chosen, 1):
            context.memory_seq_rm(sequence, -1, -1)
            context.memory_seq_cp(0, sequence, 0, shared)
            own = rows[row][shared:]
            for position, token in enumerate(own):
                batch.add(token, shared + position, [sequence], position + 1 == len(own))
            lasts.append((row, batch.n_tokens - 1))
        context.decode(batch)
        for row, last in lasts:
            found[row] = best(answers, context.get_logits_ith(last))
    return found


def hopgraph(program, lines, names):
    done = subprocess.run([program, "classify", "--model", FOLDER, lines], capture_output=True, check=True, text=True)
    return [names.index(json.loads(line)["answer"]) for line in done.stdout.splitlines()]


def main():
    program = sys.argv[1]
    weights = sys.argv[2] if len(sys.argv) > 2 else str(FOLDER / "starter-llama-15m-q8_0.gguf")
    golden = json.loads((FOLDER / "golden-dev.json").read_text())
    rows = [row["ids"] for row in golden["rows"]]
    names = list(golden["rows"][0]["logits"])
    answers = [1374, 1371, 1372]
    expected = [max(range(3), key=lambda answer: row["logits"][names[answer]]) for row in golden["rows"]]
    shared = next(i for i in range(len(rows[0])) if any(row[i] != rows[0][i] for row in rows))
    llama.disable_logging()
    model = Model(path_model=weights)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as lines:
        for row in golden["rows"]:
            lines.write(json.dumps({"sentence": row["sentence"]}) + "\n")
        lines.flush()
        single, many = context(model), context(model)
        contenders = {
            "llama.cpp, one at a time": lambda: one_at_a_time(single, rows, answers),
            "llama.cpp, batched, prefix kept": lambda: batched(many, rows, answers, shared),
            "hopgraph, JSON Lines to answers": lambda: hopgraph(program, lines.name, names),
        }
        seconds, same = dict.fromkeys(contenders, float("inf")), {}
        for _ in range(ROUNDS):
            for name, work in contenders.items():
                start = time.perf_counter()
                found = work()
                seconds[name] = min(seconds[name], time.perf_counter() - start)
                same[name] = sum(a == b for a, b in zip(found, expected))
    print("what,sentences,seconds,sentences_a_second,same_answer_as_transformers_f32")
    for name, best_seconds in seconds.items():
        print(f'"{name}",{len(rows)},{best_seconds:.3f},{len(rows) / best_seconds:.1f},{same[name]}')


main()
