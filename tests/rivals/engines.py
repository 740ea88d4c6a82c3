"""The rivals. Each class answers the same questions in the way that is fastest in its engine; paths are undirected.

load(nodes, edges)         everything that the later questions need, on the disk where the engine has one
open()                     opens again what was loaded
label(id)                  one property of one node
neighbours(id)             how many distinct nodes are one edge away
reached(id, hops)          how many distinct other nodes are at most so many edges away
pairs(ids, label, hops)    how many distinct pairs of one of these nodes and a node of the label, at most so many hops apart
commit(count)              commits so many edges one by one, each on the disk before the next
"""

import os
import sqlite3

from graph import rows


class InMemory:
    """What is common to libraries without a store."""

    path = None

    def read(self, nodes, edges):
        self.label_of, self.index = {}, {}
        for number, (identifier, _, label) in enumerate(rows(nodes)):
            self.label_of[identifier], self.index[identifier] = label, number
        return [(self.index[source], self.index[target]) for source, _, target in rows(edges)]

    def label(self, identifier):
        return self.label_of[identifier]


class Networkx(InMemory):
    def load(self, nodes, edges):
        import networkx

        self.networkx = networkx
        self.graph = networkx.Graph()
        pairs = self.read(nodes, edges)
        self.graph.add_nodes_from(range(len(self.index)))
        self.graph.add_edges_from(pairs)
        self.labels = list(self.label_of.values())

    def version(self):
        return self.networkx.__version__

    def neighbours(self, identifier):
        node = self.index[identifier]
        return sum(1 for other in self.graph[node] if other != node)

    def reached(self, identifier, hops):
        return len(self.networkx.single_source_shortest_path_length(self.graph, self.index[identifier], cutoff=hops)) - 1

    def pairs(self, identifiers, label, hops):
        count = 0
        for identifier in identifiers:
            node = self.index[identifier]
            found = self.networkx.single_source_shortest_path_length(self.graph, node, cutoff=hops)
            count += sum(1 for other in found if other != node and self.labels[other] == label)
        return count


class Igraph(InMemory):
    def load(self, nodes, edges):
        import igraph

        self.module = igraph
        pairs = self.read(nodes, edges)
        self.graph = igraph.Graph(n=len(self.index), edges=pairs, directed=False)
        self.graph.simplify()
        self.labels = list(self.label_of.values())

    def version(self):
        return self.module.__version__

    def neighbours(self, identifier):
        return self.graph.neighborhood_size(self.index[identifier], order=1) - 1

    def reached(self, identifier, hops):
        return self.graph.neighborhood_size(self.index[identifier], order=hops) - 1

    def pairs(self, identifiers, label, hops):
        wanted = [found == label for found in self.labels]
        count = 0
        for identifier in identifiers:
            node = self.index[identifier]
            count += sum(map(wanted.__getitem__, self.graph.neighborhood(node, order=hops))) - wanted[node]
        return count


class Graphblas(InMemory):
    """SuiteSparse:GraphBLAS: breadth-first search of many sources at once as products of boolean matrices."""

    BLOCK = 256

    def load(self, nodes, edges):
        import graphblas
        import numpy

        self.gb, self.numpy = graphblas, numpy
        pairs = numpy.array(self.read(nodes, edges))
        self.size = len(self.index)
        ends = numpy.concatenate([pairs, pairs[:, ::-1]])
        self.matrix = graphblas.Matrix.from_coo(ends[:, 0], ends[:, 1], True, nrows=self.size, ncols=self.size)
        self.labels = numpy.array(list(self.label_of.values()))

    def version(self):
        return self.gb.__version__

    def neighbours(self, identifier):
        return self.reached(identifier, 1)

    def reached(self, identifier, hops):
        return int(self.search([self.index[identifier]], hops).nvals) - 1

    def search(self, nodes, hops):
        gb = self.gb
        new = gb.Matrix.from_coo(list(range(len(nodes))), nodes, True, nrows=len(nodes), ncols=self.size)
        seen = new.dup()
        for _ in range(hops):
            new(~seen.S, replace=True) << gb.semiring.any_pair(new @ self.matrix)
            if new.nvals == 0:
                break
            seen(gb.binary.any) << new
        return seen

    def pairs(self, identifiers, label, hops):
        wanted = self.labels == label
        count = 0
        for start in range(0, len(identifiers), self.BLOCK):
            nodes = [self.index[identifier] for identifier in identifiers[start : start + self.BLOCK]]
            _, ends, _ = self.search(nodes, hops).to_coo(values=False)
            count += int(wanted[ends].sum()) - int(wanted[nodes].sum())
        return count


class Sqlite:
    WALK = """WITH RECURSIVE walk(node, hop) AS (
        SELECT number, 0 FROM node WHERE id = ?
        UNION SELECT target, hop + 1 FROM walk JOIN step ON source = node WHERE hop < ?)"""

    def __init__(self, folder):
        self.path = os.path.join(folder, "graph.sqlite")

    def version(self):
        return sqlite3.sqlite_version

    def open(self):
        self.database = sqlite3.connect(self.path, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")

    def load(self, nodes, edges):
        self.open()
        run = self.database.execute
        run("BEGIN")
        run("CREATE TABLE node(number INTEGER PRIMARY KEY, id TEXT UNIQUE, name TEXT, label TEXT)")
        run("CREATE TABLE edge(source INT, target INT, type TEXT, PRIMARY KEY(source, target, type)) WITHOUT ROWID")
        run("CREATE TABLE step(source INT, target INT, PRIMARY KEY(source, target)) WITHOUT ROWID")
        index = {}
        def numbered():
            for number, (identifier, name, label) in enumerate(rows(nodes)):
                index[identifier] = number
                yield number, identifier, name, label
        self.database.executemany("INSERT INTO node VALUES(?, ?, ?, ?)", numbered())
        ends = ((index[source], index[target], kind) for source, kind, target in rows(edges))
        self.database.executemany("INSERT OR IGNORE INTO edge VALUES(?, ?, ?)", ends)
        run("INSERT OR IGNORE INTO step SELECT source, target FROM edge UNION SELECT target, source FROM edge")
        run("CREATE INDEX node_name ON node(name)")
        run("COMMIT")
        run("PRAGMA wal_checkpoint(TRUNCATE)")

    def one(self, text, *values):
        return self.database.execute(text, values).fetchone()[0]

    def label(self, identifier):
        return self.one("SELECT label FROM node WHERE id = ?", identifier)

    def neighbours(self, identifier):
        return self.one("SELECT count(*) FROM step JOIN node ON number = source WHERE id = ? AND target <> source", identifier)

    def reached(self, identifier, hops):
        return self.one(self.WALK + "SELECT count(DISTINCT node) - 1 FROM walk", identifier, hops)

    def pairs(self, identifiers, label, hops):
        question = self.WALK + "SELECT count(DISTINCT node) FROM walk JOIN node ON number = node WHERE label = ? AND id <> ?"
        return sum(self.one(question, identifier, hops, label, identifier) for identifier in identifiers)

    def commit(self, count):
        for number in range(count):
            self.database.execute("INSERT OR IGNORE INTO edge VALUES(?, ?, 'hand')", (number, number + 1))


class Duckdb:
    def __init__(self, folder):
        self.path = os.path.join(folder, "graph.duckdb")

    def version(self):
        import duckdb

        return duckdb.__version__

    def open(self):
        import duckdb

        self.database = duckdb.connect(self.path)

    def load(self, nodes, edges):
        self.open()
        run = self.database.execute
        read = "read_csv('{}', delim = '\t', quote = '', escape = '', header = true, all_varchar = true)"
        nodes, edges = read.format(nodes), read.format(edges)
        run(f"CREATE TABLE node AS SELECT (row_number() OVER ())::INT AS number, #1 AS id, #2 AS name, #3 AS label FROM {nodes}")
        run("CREATE UNIQUE INDEX node_id ON node(id)")
        run(f"""CREATE TABLE edge AS SELECT a.number AS source, b.number AS target, e.type FROM {edges} e
            JOIN node a ON a.id = e.source JOIN node b ON b.id = e.target""")
        run("""CREATE TABLE step AS SELECT DISTINCT source, target FROM
            (SELECT source, target FROM edge UNION ALL SELECT target, source FROM edge) ORDER BY source""")
        run("CHECKPOINT")

    def one(self, text, *values):
        return self.database.execute(text, values).fetchone()[0]

    def label(self, identifier):
        return self.one("SELECT label FROM node WHERE id = ?", identifier)

    def neighbours(self, identifier):
        return self.one("SELECT count(*) FROM step JOIN node ON number = source WHERE id = ? AND target <> source", identifier)

    def reached(self, identifier, hops):
        return self.pairs_of([identifier], hops, "", "")

    def pairs(self, identifiers, label, hops):
        return self.pairs_of(identifiers, hops, "JOIN node ON number = node", f"AND label = '{label}'")

    def pairs_of(self, identifiers, hops, join, condition):
        return self.one(f"""WITH RECURSIVE walk(start, node, hop) AS (
            SELECT number, number, 0 FROM node WHERE id IN (SELECT unnest(?))
            UNION SELECT start, target, hop + 1 FROM walk JOIN step ON source = node WHERE hop < {hops})
            SELECT count(*) FROM (SELECT DISTINCT start, node FROM walk {join} WHERE node <> start {condition})""", identifiers)

    def commit(self, count):
        for number in range(count):
            self.database.execute("INSERT INTO edge VALUES(?, ?, 'hand')", [number, number + 1])


class Kuzu:
    module_name = "kuzu"

    def __init__(self, folder):
        self.path = os.path.join(folder, "graph.db")

    def module(self):
        return __import__(self.module_name)

    def version(self):
        return self.module().__version__

    def open(self):
        self.database = self.module().Database(self.path)
        self.connection = self.module().Connection(self.database)

    def load(self, nodes, edges):
        self.open()
        run = self.connection.execute
        # One table of nodes and one of edges is the fastest layout for paths of any type. Names hold quotes but no backtick.
        form = "(file_format = 'csv', DELIM = '\t', HEADER = true, QUOTE = '`')"
        run("CREATE NODE TABLE Node(id STRING PRIMARY KEY, name STRING, label STRING)")
        run("CREATE REL TABLE Edge(FROM Node TO Node, type STRING)")
        run(f"COPY Node FROM '{nodes}' {form}")
        run(f"COPY Edge FROM (LOAD FROM '{edges}' {form} RETURN source, target, type)")

    def one(self, text, **values):
        result = self.connection.execute(text, values)
        value = result.get_next()[0]
        result.close()
        return value

    def label(self, identifier):
        return self.one("MATCH (a:Node) WHERE a.id = $id RETURN a.label", id=identifier)

    def neighbours(self, identifier):
        return self.one("MATCH (a:Node)-[:Edge]-(b:Node) WHERE a.id = $id AND b.id <> $id RETURN count(DISTINCT b.id)", id=identifier)

    def reached(self, identifier, hops):
        return self.one(f"MATCH (a:Node)-[:Edge* SHORTEST 1..{hops}]-(b:Node) WHERE a.id = $id AND b.id <> $id RETURN count(*)", id=identifier)

    def pairs(self, identifiers, label, hops):
        question = f"""MATCH (a:Node)-[:Edge* SHORTEST 1..{hops}]-(b:Node)
            WHERE a.id IN $ids AND b.label = $label AND a.id <> b.id RETURN count(*)"""
        return self.one(question, ids=identifiers, label=label)

    def commit(self, count):
        ids = []
        result = self.connection.execute(f"MATCH (a:Node) RETURN a.id LIMIT {count + 1}")
        while result.has_next():
            ids.append(result.get_next()[0])
        for source, target in zip(ids, ids[1:]):
            self.connection.execute(
                "MATCH (a:Node {id: $a}), (b:Node {id: $b}) CREATE (a)-[:Edge {type: 'hand'}]->(b)", {"a": source, "b": target})


class Ladybug(Kuzu):
    module_name = "ladybug"


ENGINES = {
    "kuzu": Kuzu,
    "ladybug": Ladybug,
    "duckdb": Duckdb,
    "sqlite": Sqlite,
    "igraph": lambda _: Igraph(),
    "graphblas": lambda _: Graphblas(),
    "networkx": lambda _: Networkx(),
}

MODULES = {
    "kuzu": ["kuzu"],
    "ladybug": ["ladybug"],
    "duckdb": ["duckdb"],
    "sqlite": [],
    "igraph": ["igraph"],
    "graphblas": ["graphblas", "graphblas.semiring", "graphblas.binary", "numpy"],
    "networkx": ["networkx"],
}
