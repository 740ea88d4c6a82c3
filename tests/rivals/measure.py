"""Measures one rival on one graph, in a process of its own, and prints a line `figure<TAB>value` for each figure.

usage: measure.py ENGINE NODES EDGES SOURCES TARGET_LABEL FOLDER [SECONDS]
"""

import importlib
import os
import resource
import statistics
import sys
import time
from pathlib import Path

from engines import ENGINES, MODULES

COMMITS = 200
LOOK_UPS = 500


def disk_bytes(path):
    if os.path.isfile(path):
        # Write-ahead logs and the like lie beside the file.
        return sum(entry.stat().st_size for entry in Path(path).parent.glob(Path(path).name + "*"))
    return sum(entry.stat().st_size for entry in Path(path).rglob("*") if entry.is_file())


def timed(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def tell(figure, value):
    print(f"{figure}\t{value}", flush=True)


def median_of(work, items, seconds):
    """The median time of `work` on items, as many as fit in the time, and the sum of what it gives for them."""
    times, total, start = [], 0, time.perf_counter()
    for item in items:
        took, result = timed(lambda: work(item))
        times.append(took)
        total += result
        if time.perf_counter() - start > seconds:
            break
    return statistics.median(times), total, len(times)


def main():
    name, nodes, edges, sources, label, folder = sys.argv[1:7]
    seconds = float(sys.argv[7]) if len(sys.argv) > 7 else 20.0
    sources = Path(sources).read_text().split("\n")[:-1]
    engine = ENGINES[name](folder)
    # Reading the library itself is no part of a load.
    for module in MODULES[name]:
        importlib.import_module(module)
    took, _ = timed(lambda: engine.load(Path(nodes), Path(edges)))
    tell("version", engine.version())
    tell("load_s", took)
    tell("load_peak_mib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if engine.path:
        reopen(engine)
        tell("disk_bytes", disk_bytes(engine.path))
        took, _ = timed(lambda: (reopen(engine), engine.neighbours(sources[0])))
        tell("open_to_answer_ms", 1e3 * took)
    for source in sources[:20]:
        engine.label(source)
    looked_up = (sources * LOOK_UPS)[:LOOK_UPS]
    took, _ = timed(lambda: [engine.label(source) for source in looked_up])
    tell("look_up_us", 1e6 * took / LOOK_UPS)
    for hops in (1, 2, 3):
        median, total, count = median_of(lambda source: engine.reached(source, hops), sources[:20], seconds)
        tell(f"hops{hops}_ms", 1e3 * median)
        tell(f"hops{hops}_sum_of_{count}", total)
    pairs(engine, sources, label, seconds)
    if hasattr(engine, "commit"):
        took, _ = timed(lambda: engine.commit(COMMITS))
        tell("commits_per_s", COMMITS / took)
    tell("peak_mib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def reopen(engine):
    for held in ("connection", "database"):
        if hasattr(engine, held):
            getattr(engine, held).close()
    engine.open()


def pairs(engine, sources, label, seconds):
    """All sources at once, in blocks of doubling size until the time is used up: engines that answer many sources
    together are not held back by few."""
    count = 8
    while True:
        some = sources[:count]
        took, found = timed(lambda: engine.pairs(some, label, 4))
        tell("pairs_ms_per_source", 1e3 * took / len(some))
        tell(f"pairs_of_{len(some)}", found)
        if count >= len(sources) or 2.5 * took > seconds:
            return
        count *= 4


if __name__ == "__main__":
    main()
