"""Graphs to compare on: made ones, and reading them back for engines that have no loader of their own."""

import csv
from pathlib import Path

import numpy

LABELS = {"gene": 0.45, "disease": 0.18, "chemical": 0.20, "species": 0.05, "variant": 0.10, "cell": 0.02}
TYPES = {
    "associated": 0.45,
    "increases": 0.15,
    "decreases": 0.12,
    "binds": 0.08,
    "treats_with": 0.08,
    "compared": 0.06,
    "interacts": 0.04,
    "becomes": 0.02,
}
# A few entities are in most papers: the popularity of a node falls with its rank to this power.
ZIPF_EXPONENT = 0.75


def make(folder: Path, nodes: int, edges: int, seed: int) -> None:
    """Writes `nodes.tsv` (id, name, label) and `edges.tsv` (source, type, target), each edge once, no loops."""
    random = numpy.random.default_rng(seed)
    labels = list(LABELS)
    types = list(TYPES)
    label_of = random.choice(len(labels), nodes, p=list(LABELS.values()))
    weights = numpy.arange(1, nodes + 1, dtype=float) ** -ZIPF_EXPONENT
    # The exact sum of probabilities is not one, so the last bound is set by hand.
    bounds = numpy.cumsum(weights) / weights.sum()
    bounds[-1] = 1.0
    by_rank = random.permutation(nodes)
    found = numpy.empty(0, dtype=numpy.int64)
    while len(found) < edges:
        count = int(1.2 * (edges - len(found))) + 100
        source, target = (by_rank[numpy.searchsorted(bounds, random.random(count))] for _ in range(2))
        kind = random.choice(len(types), count, p=list(TYPES.values()))
        number = (source.astype(numpy.int64) * nodes + target) * len(types) + kind
        found = numpy.concatenate([found, number[source != target]])
        _, first = numpy.unique(found, return_index=True)
        found = found[numpy.sort(first)]
    folder.mkdir(parents=True, exist_ok=True)
    ids = [f"{labels[label]}:{node}" for node, label in enumerate(label_of)]
    with open(folder / "nodes.tsv", "w") as file:
        file.write("id\tname\tlabel\n")
        file.writelines(f"{name}\t{labels[label]} number {node}\t{labels[label]}\n" for node, (name, label) in enumerate(zip(ids, label_of)))
    with open(folder / "edges.tsv", "w") as file:
        file.write("source\ttype\ttarget\n")
        for number in found[:edges].tolist():
            ends, kind = divmod(number, len(types))
            source, target = divmod(ends, nodes)
            file.write(f"{ids[source]}\t{types[kind]}\t{ids[target]}\n")


def rows(path: Path):
    """The rows of a file without its header row. Quotes are letters."""
    with open(path, newline="") as file:
        reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(reader)
        yield from reader


def sample(nodes: Path, edges: Path, label: str, count: int, seed: int = 1) -> list[str]:
    """Some nodes of a label that have an edge."""
    of_label = {identifier for identifier, _, kind in rows(nodes) if kind.lower() == label.lower()}
    ends = sorted({end for source, _, target in rows(edges) for end in (source, target) if end in of_label})
    chosen = numpy.random.default_rng(seed).permutation(len(ends))[:count]
    return [ends[index] for index in chosen]
