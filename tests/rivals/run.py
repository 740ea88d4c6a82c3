"""Compares hopgraph with its rivals on the same graphs in one run, and measures how its figures grow with the graph.

usage: run.py OUT [--graph NAME NODES EDGES FROM_LABEL TO_LABEL]... [--made NAME NODES EDGES]... [--engines a,b,c]
              [--growth NODES EDGES] [--seconds 20] [--work FOLDER]

OUT gets, under today's date: a CSV of all figures, a table of the main ones, and with --growth a CSV and a plot. README.md
beside this file has an example.
"""

import argparse
import csv
import datetime
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import graph
from engines import ENGINES

HERE = Path(__file__).resolve().parent
SOURCES = 128
# For hopgraph on the largest graph of a growth: all pairs are some two hundred times those of the smallest.
GROWTH_SECONDS_MAX = 1_800

MAIN = {
    "load_s": "load, s",
    "load_peak_mib": "memory of the load, MiB",
    "disk_bytes": "on disk, MB",
    "open_to_answer_ms": "open to first answer, ms",
    "look_up_us": "look-up by id, µs",
    "hops2_ms": "2 hops of one node, ms",
    "hops3_ms": "3 hops of one node, ms",
    "pairs_ms_per_source": "pairs at most 4 hops apart, ms for each source",
    "commits_per_s": "synced commits/s",
}

GROWTH = [
    "load_s", "load_peak_mib", "disk_bytes", "open_to_answer_ms", "open_to_multi_hop_ms", "look_up_by_number_us",
    "look_up_by_name_us", "hops2_ms", "hops3_ms", "pairs_all_ms", "peak_mib", "commits_synced_per_s",
]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--graph", nargs=5, action="append", default=[])
    parser.add_argument("--made", nargs=3, action="append", default=[])
    parser.add_argument("--growth", nargs=2)
    parser.add_argument("--engines", default=",".join(["hopgraph", *ENGINES]))
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--work", type=Path, help="folder on the disk to be measured; graphs made there are kept")
    return parser.parse_args()


def command(engine):
    """hopgraph's figures come from a program of its own, which cargo builds and names."""
    if engine != "hopgraph":
        return [sys.executable, str(HERE / "measure.py"), engine]
    given = os.environ.get("HOPGRAPH_FIGURES")
    if given:
        return [given]
    build = ["cargo", "bench", "--profile", "release", "--locked", "-p", "hopgraph-tests", "--bench", "figures", "--no-run"]
    text = subprocess.run(build, cwd=HERE, check=True, capture_output=True, text=True).stderr
    return [str(HERE.parent.parent / text.rsplit("(", 1)[1].split(")")[0])]


def figures(engine, program, nodes, edges, sources, label, seconds, work, limit=None):
    """The figures of one engine on one graph; what went wrong is one of them."""
    limit = limit or 30 * seconds + 120
    folder = Path(tempfile.mkdtemp(dir=work))
    try:
        call = [*program, str(nodes), str(edges), str(sources), label, str(folder)]
        call += [str(seconds)] if engine != "hopgraph" else []
        done = subprocess.run(call, cwd=HERE, capture_output=True, text=True, timeout=limit)
        found = dict(line.split("\t") for line in done.stdout.splitlines() if "\t" in line)
        if done.returncode:
            found["failed"] = (done.stderr.strip().splitlines() or ["without a word"])[-1]
    except subprocess.TimeoutExpired:
        found = {"failed": f"took longer than {limit:.0f} s"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if engine == "hopgraph":
        found["pairs_ms_per_source"] = found.get("pairs_all_walk_ms_per_source", "")
        found["commits_per_s"] = found.get("commits_synced_per_s", "")
    return found


def disagreements(by_engine):
    """Counts that two engines do not have in common. Only counts of the same questions are compared."""
    complaints = []
    counts = sorted({figure for found in by_engine.values() for figure in found if "_of_" in figure and figure[-1].isdigit()})
    for figure in counts:
        values = {engine: found[figure] for engine, found in by_engine.items() if figure in found}
        if len(set(values.values())) > 1:
            complaints.append(f"{figure}: {values}")
    return complaints


def shown(figure, text):
    try:
        value = float(text)
    except ValueError:
        return "-"
    if figure == "disk_bytes":
        value /= 1e6
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def table(name, by_engine):
    lines = ["", f"## {name}", "", "| | " + " | ".join(by_engine) + " |", "|---|" + "---:|" * len(by_engine)]
    for figure, words in MAIN.items():
        cells = [shown(figure, found.get(figure, "")) for found in by_engine.values()]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    lines += [f"- {engine} failed: {found['failed']}" for engine, found in by_engine.items() if "failed" in found]
    lines += [f"- disagreement on {complaint}" for complaint in disagreements(by_engine)]
    return lines


def machine():
    text = subprocess.run(["lscpu"], capture_output=True, text=True).stdout
    model = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("Model name")]
    return f"{len(os.sched_getaffinity(0))} cores, {model[0] if model else 'unknown processor'}"


def made(work, name, nodes, edges):
    folder = work / name
    if not (folder / "edges.tsv").exists():
        graph.make(folder, int(float(nodes)), int(float(edges)), seed=7)
    return folder / "nodes.tsv", folder / "edges.tsv"


def write_sources(work, name, nodes, edges, label):
    path = work / f"{name}.sources"
    path.write_text("".join(f"{source}\n" for source in graph.sample(nodes, edges, label, SOURCES)))
    return path


def compare(given, work, programs, out, stamp):
    graphs = [(name, Path(nodes).resolve(), Path(edges).resolve(), start, end) for name, nodes, edges, start, end in given.graph]
    graphs += [(name, *made(work, name, nodes, edges), "gene", "disease") for name, nodes, edges in given.made]
    lines = [f"# {stamp}, {machine()}"]
    with open(out / f"{stamp}-rivals.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["graph", "engine", "figure", "value"])
        for name, nodes, edges, start, end in graphs:
            sources = write_sources(work, name, nodes, edges, start)
            by_engine = {}
            for engine, program in programs.items():
                by_engine[engine] = figures(engine, program, nodes, edges, sources, end, given.seconds, work)
                writer.writerows([name, engine, *entry] for entry in by_engine[engine].items())
                file.flush()
                print(name, engine, by_engine[engine].get("failed", "done"), flush=True)
            lines += table(name, by_engine)
    (out / f"{stamp}-rivals.md").write_text("\n".join(lines) + "\n")


def grow(given, work, program, out, stamp):
    nodes, edges = (int(float(text)) for text in given.growth)
    rows = []
    with open(out / f"{stamp}-growth.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["nodes", "edges", *GROWTH])
        writer.writeheader()
        for factor in (1, 2, 4, 8):
            name = f"growth-{nodes}-{factor}"
            files = made(work, name, factor * nodes, factor * edges)
            sources = write_sources(work, name, *files, "gene")
            found = figures("hopgraph", program, *files, sources, "disease", given.seconds, work, GROWTH_SECONDS_MAX)
            rows.append({"nodes": factor * nodes, "edges": factor * edges} | {key: found.get(key, "") for key in GROWTH})
            writer.writerow(rows[-1])
            file.flush()
            print(name, found.get("failed", "done"), flush=True)
    plot(rows, out / f"{stamp}-growth.svg")


def plot(rows, path):
    import matplotlib

    matplotlib.use("svg")
    # The same picture from the same figures: no date in it, and no random names.
    matplotlib.rcParams["svg.hashsalt"] = "hopgraph"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(3, 4, figsize=(14, 9), layout="constrained")
    edges = [row["edges"] for row in rows]
    for axis, name in zip(axes.flat, GROWTH):
        values = [float(row[name]) if row[name] else float("nan") for row in rows]
        axis.loglog(edges, values, marker="o")
        axis.loglog(edges, [values[0] * count / edges[0] for count in edges], linestyle=":", color="grey")
        axis.set_title(name)
        axis.set_xticks(edges, [f"{count / 1e6:g} M" for count in edges])
        axis.minorticks_off()
        axis.set_xlabel("edges")
    figure.suptitle("hopgraph's figures as the graph grows; dotted: in proportion to the graph")
    figure.savefig(path, metadata={"Date": None})


def main():
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    work = (given.work or Path(tempfile.mkdtemp())).resolve()
    work.mkdir(parents=True, exist_ok=True)
    stamp = datetime.date.today().isoformat()
    programs = {engine: command(engine) for engine in given.engines.split(",")}
    if given.graph or given.made:
        compare(given, work, programs, given.out, stamp)
    if given.growth:
        grow(given, work, programs.get("hopgraph") or command("hopgraph"), given.out, stamp)


if __name__ == "__main__":
    main()
