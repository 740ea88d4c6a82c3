"""Compares the graph algorithms with networkx, on a database of any kind.

    python3 engine/benches/networkx_check.py HOPGRAPH DB ['{labels: ["gene", "disease"]}' ...]

HOPGRAPH is the program, DB a database that it has loaded; each further argument is a map of options as `CALL` takes
them (without: the whole graph). Needs networkx. What is compared, and how far it may differ, is printed; the exit code
is 1 if something differs more. Results that count are kept in `benches/record`.
"""

import csv
import io
import subprocess
import sys
import time

import networkx
from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python

# Networkx needs a search from each node, which takes hours beyond this many.
BETWEENNESS_NODES = 3_000
# Its clustering, its Louvain and its PageRank (without scipy) take minutes beyond this many.
SLOW_EDGES = 300_000


def ask(program, database, query):
    start = time.time()
    run = subprocess.run(
        [program, "query", database, query, "--format", "csv", "--memory-limit", "none"], capture_output=True, text=True
    )
    if run.returncode:
        sys.exit(f"{query}\n{run.stderr}")
    rows = list(csv.reader(io.StringIO(run.stdout)))[1:]
    return rows, time.time() - start


def graph_of(program, database, options):
    nodes, _ = ask(program, database, f"CALL algo.degree({options}) YIELD node RETURN id(node)")
    graph = networkx.MultiGraph()
    graph.add_nodes_from(int(row[0]) for row in nodes)
    # A symmetric relationship is walked both ways, and stands in the graph once.
    edges, _ = ask(program, database, "MATCH (a)-[r]->(b) WHERE startNode(r) = a RETURN id(a), id(b)")
    pairs = ((int(a), int(b)) for a, b in edges)
    graph.add_edges_from((a, b) for a, b in pairs if a in graph and b in graph)
    return graph


def called(program, database, name, options, columns, more=""):
    options = f"{options[:-1]}{', ' if len(options) > 2 else ''}{more}}}" if more else options
    query = f"CALL algo.{name}({options}) YIELD node, {columns} RETURN id(node), {columns}"
    rows, seconds = ask(program, database, query)
    return {int(row[0]): row[1:] for row in rows}, seconds


class Comparison:
    def __init__(self):
        self.failed = False

    def near(self, name, ours, theirs, tolerance, seconds):
        worst = max((abs(float(ours[node]) - theirs[node]) for node in theirs), default=0.0)
        self.tell(name, set(ours) == set(theirs) and worst <= tolerance, f"differ by {worst:.2g} at most", seconds)

    def tell(self, name, agrees, words, seconds):
        self.failed |= not agrees
        print(f"  {name}: {'agree' if agrees else 'DISAGREE'}, {words} (hopgraph {seconds[0]:.2f} s, networkx {seconds[1]:.2f} s)")


def timed(run):
    start = time.time()
    found = run()
    return found, time.time() - start


def communities_of(rows):
    groups = {}
    for node, (community, *_) in rows.items():
        groups.setdefault(community, set()).add(node)
    return list(groups.values())


def is_settled(graph, communities, node):
    counts = {}
    for _, other in graph.edges(node):
        counts[communities[other]] = counts.get(communities[other], 0) + 1
    return not counts or counts.get(communities[node], 0) == max(counts.values())


def compare(program, database, options, comparison):
    graph = graph_of(program, database, options)
    simple = networkx.Graph(graph)
    simple.remove_edges_from(list(networkx.selfloop_edges(simple)))
    print(f"{options}: {graph.number_of_nodes()} nodes, {graph.number_of_edges()} edges")

    def first(name, columns, more=""):
        rows, seconds = called(program, database, name, options, columns, more)
        return {node: row[0] for node, row in rows.items()}, seconds

    ours, seconds = first("degree", "degree")
    # Here a loop is one relationship of its node; networkx counts both of its ends.
    theirs, took = timed(lambda: {n: d - graph.number_of_edges(n, n) for n, d in graph.degree()})
    comparison.near("degree", ours, theirs, 0, (seconds, took))

    ours, seconds = first("triangles", "triangles")
    theirs, took = timed(lambda: networkx.triangles(simple))
    comparison.near("triangles", ours, theirs, 0, (seconds, took))

    rows, seconds = called(program, database, "components", options, "component")
    theirs, took = timed(lambda: list(networkx.connected_components(graph)))
    same = sorted(map(sorted, communities_of(rows))) == sorted(map(sorted, theirs))
    comparison.tell("components", same, f"{len(theirs)} of them", (seconds, took))

    if graph.number_of_edges() <= SLOW_EDGES:
        ours, seconds = first("triangles", "clustering")
        theirs, took = timed(lambda: networkx.clustering(simple))
        comparison.near("clustering", ours, theirs, 1e-9, (seconds, took))

        ours, seconds = first("pagerank", "score", "tolerance: 1e-12, iterations: 1000")
        weighted = networkx.Graph()
        weighted.add_nodes_from(graph)
        for a, b in graph.edges():
            weight = weighted.get_edge_data(a, b, {"weight": 0})["weight"]
            weighted.add_edge(a, b, weight=weight + 1)
        theirs, took = timed(lambda: _pagerank_python(weighted, tol=1e-12, max_iter=1000))
        comparison.near("pagerank", ours, theirs, 1e-9, (seconds, took))

        rows, seconds = called(program, database, "louvain", options, "community")
        ours = networkx.community.modularity(graph, communities_of(rows))
        best, took = timed(lambda: networkx.community.louvain_communities(graph, seed=0))
        theirs = networkx.community.modularity(graph, best)
        words = f"modularity {ours:.4f} against {theirs:.4f}; may be 2 % less"
        comparison.tell("louvain", ours >= 0.98 * theirs, words, (seconds, took))

    rows, seconds = called(program, database, "label_propagation", options, "community", "iterations: 1000")
    ours = {node: row[0] for node, row in rows.items()}
    # Ties may fall either way, so what is compared is what makes an answer one of the method: no node has more neighbours
    # in another community. The modularity of networkx's answer, with ties by lot, is told beside it.
    unstable = sum(not is_settled(graph, ours, node) for node in graph)
    best, took = timed(lambda: list(networkx.community.asyn_lpa_communities(graph, seed=0)))
    modularity = [networkx.community.modularity(graph, groups) for groups in (communities_of(rows), best)]
    words = f"{unstable} nodes not settled, modularity {modularity[0]:.4f}, networkx's {modularity[1]:.4f}"
    comparison.tell("label_propagation", unstable == 0, words, (seconds, took))

    if graph.number_of_nodes() <= BETWEENNESS_NODES:
        ours, seconds = first("betweenness", "score", f"samples: {max(1, graph.number_of_nodes())}")
        theirs, took = timed(lambda: networkx.betweenness_centrality(simple))
        comparison.near("betweenness", ours, theirs, 1e-9, (seconds, took))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, database, *options = sys.argv[1:]
    comparison = Comparison()
    for chosen in options or ["{}"]:
        compare(program, database, chosen, comparison)
    sys.exit(comparison.failed)


if __name__ == "__main__":
    main()
