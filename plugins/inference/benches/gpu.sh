#!/usr/bin/env bash
# The whole check of a graphics card in one command: the logits against those of transformers, the table of the bench `gpu`,
# and, where python3 has torch and transformers, the same prompts through them.
#
#     plugins/inference/benches/gpu.sh [PART_OF_A_NAME...]
#
# A machine without cargo can run programs built elsewhere: HOPGRAPH_GPU_PROGRAMS names the folder that holds `tests` and
# `gpu`, which `plugins/inference/benches/gpu.sh --build FOLDER` puts there.
set -euo pipefail
cd "$(dirname "$0")/../../.."

# The path of the program that cargo builds for a target, from cargo's own messages.
program() {
    cargo "$@" --profile release --locked --package hopgraph-inference --features cuda --no-run --message-format json |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -1
}

if [[ ${1:-} == --build ]]; then
    mkdir -p "$2"
    cp "$(program test --lib)" "$2/tests"
    cp "$(program bench --bench gpu)" "$2/gpu"
    exit
fi

if [[ -n ${HOPGRAPH_GPU_PROGRAMS:-} ]]; then
    tests=$HOPGRAPH_GPU_PROGRAMS/tests
    gpu=$HOPGRAPH_GPU_PROGRAMS/gpu
else
    tests=$(program test --lib)
    gpu=$(program bench --bench gpu)
fi

echo "== logits against transformers"
"$tests" --ignored --nocapture --test-threads 1 cuda::tests
echo "== speed"
"$gpu" "$@"
if python3 -c 'import torch, transformers' 2>/dev/null; then
    echo "== the same prompts through transformers"
    python3 plugins/inference/benches/transformers_gpu.py "$@"
fi
