#!/usr/bin/env python3
"""Makes the lexicons of data/lexicon/ from the tables of their sources.

    python3 plugins/literature/prepare_lexicons.py SOURCES OUT

SOURCES holds genes.tsv (human genes of NCBI), genes_NCBI_10090_ProteinCoding.py (mouse genes of NCBI, as the Python
package goatools 1.6.7 has them), diseases_do2016.tsv and disease-ontology-2026/ (Disease Ontology),
mesh_descriptors_2016.tsv and mesh_tree_numbers.tsv (MeSH), chemicals_drugbank.tsv (DrugBank's open vocabulary), and
sentences.tsv.gz (corpus, document and sentence: any large sample, for the frequencies of words). What tests are made of is
not counted: excluded-pmids.txt lists documents, one PMID a line, and gad.tsv and gene_disease.tsv (GAD, EU-ADR) have
sentences of which a tenth is for tests. OUT gets genes.tsv, genes_mouse.tsv,
diseases.tsv, chemicals.tsv and words.tsv; `zstd -19 --rm OUT/*.tsv` packs them.

Each lexicon has the columns id, name, synonyms, xrefs and kind; lists are separated by `|`. Where sources know the same
thing, it is one entry: under its MeSH id if it has one, else OMIM, else the id of its source.
"""
import collections
import csv
import gzip
import hashlib
import pathlib
import re
import runpy
import sys


def rows(path, delimiter="\t", quoting=csv.QUOTE_NONE):
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=delimiter, quoting=quoting)


def straight(name):
    """`Carcinoma, Hepatocellular` as it is written in a text."""
    parts = [part.strip() for part in name.split(", ")]
    return " ".join(reversed(parts)) if len(parts) > 1 else name


def key(name):
    name = name.lower().replace("'s ", " ")
    return re.sub(r"[^a-z0-9]+", " ", name).strip()


def clean(name):
    return re.sub(r"\s+", " ", name.replace("|", " ").replace("\t", " ")).strip()


class Entry:
    def __init__(self, identifier, name, kind):
        self.identifier, self.name, self.kind = identifier, clean(name), kind
        self.synonyms, self.xrefs = {}, {}

    def add(self, names, xrefs=()):
        for name in map(clean, names):
            if name and name != self.name:
                self.synonyms[name] = True
        for xref in xrefs:
            if xref != self.identifier:
                self.xrefs[xref] = True


def write(path, entries):
    entries = list(entries)
    own = {entry.identifier for entry in entries}
    with open(path, "w", encoding="utf-8") as file:
        file.write("id\tname\tsynonyms\txrefs\tkind\n")
        for entry in entries:
            # What is an entry of its own is not the same as another.
            xrefs = [xref for xref in entry.xrefs if xref not in own]
            fields = [entry.identifier, entry.name, "|".join(entry.synonyms), "|".join(xrefs), entry.kind]
            file.write("\t".join(fields) + "\n")


def mesh(source):
    """Descriptors with the branches of the tree that they stand in."""
    names = {row["mesh_id"]: row["mesh_name"] for row in rows(source / "mesh_descriptors_2016.tsv")}
    branches = collections.defaultdict(list)
    for row in rows(source / "mesh_tree_numbers.tsv"):
        branches[row["mesh_id"]].append(row["mesh_tree_number"])
    return {identifier: (name, sorted(branches[identifier])) for identifier, name in names.items()}


def mesh_entry(identifier, name, branch):
    entry = Entry(f"MESH:{identifier}", straight(name), branch)
    entry.add([name])
    return entry


def diseases(source):
    entries = {}
    for identifier, (name, trees) in mesh(source).items():
        branches = [tree[:3] for tree in trees if tree[0] == "C" or tree.startswith("F03")]
        if branches and not (branches == ["C23"] * len(branches) and trees[0].startswith(("E", "G", "N"))):
            entries[f"MESH:{identifier}"] = mesh_entry(identifier, name, branches[0])
    terms, parents = {}, {}
    for row in rows(source / "diseases_do2016.tsv"):
        parents[row["id"]] = [parent for parent in row["is_a"].split("|") if parent]
        xrefs = [xref.strip() for xref in row["xrefs"].split("|")]
        terms[row["id"]] = (row["name"], [s.strip() for s in row["synonyms"].split("|")], xrefs)
    for row in rows(source / "disease-ontology-2026" / "allXREFinDO.tsv", quoting=csv.QUOTE_MINIMAL):
        name, synonyms, xrefs = terms.setdefault(row["id"], (row["label"], [], []))
        if row["label"] != name:
            synonyms.append(row["label"])
        xrefs.append(row["xref"])
    schemes = {"MSH": "MESH", "MESH": "MESH", "OMIM": "OMIM", "MIM": "OMIM", "UMLS_CUI": "UMLS"}
    by_mesh = collections.defaultdict(list)
    references = {}
    for identifier, (_, _, xrefs) in terms.items():
        known = dict.fromkeys(f"{schemes[x.split(':')[0]]}:{x.split(':', 1)[1]}" for x in xrefs if x.split(":")[0] in schemes)
        references[identifier] = list(known)
        for x in known:
            if x.startswith("MESH:"):
                by_mesh[x].append(identifier)
    by_key = {key(entry.name): identifier for identifier, entry in entries.items()}
    for identifier, (name, synonyms, _) in terms.items():
        known = references[identifier]
        # Descriptors before supplementary concepts, which are often subtypes.
        meshes = sorted((x for x in known if x.startswith("MESH:")), key=lambda mesh: mesh not in entries)
        omims = [x for x in known if x.startswith("OMIM:") and not x.startswith("OMIM:PS")]
        same = by_key.get(key(name))
        target = same or next(iter(meshes), None)
        if target is None:
            target = omims[0] if len(omims) == 1 else identifier
        if target not in entries:
            entries[target] = Entry(target, name, "DO")
        # Of several terms under one MeSH heading only the one of its own name, or else the widest, is the same thing.
        group = by_mesh.get(target, [])
        named = [term for term in group if by_key.get(key(terms[term][0])) == target]
        is_same = identifier == widest(named or group, parents) if group else True
        # Several ids of one scheme are subtypes.
        single = [*(meshes if len(meshes) == 1 else []), *(omims if len(omims) == 1 else [])]
        others = [x for x in known if not x.startswith(("MESH:", "OMIM:"))]
        entries[target].add([name, *synonyms], [identifier, *single, *others] if is_same else [])
    return entries.values()


def widest(terms, parents):
    """The term that most of the others come under, or the one with the lowest number."""

    def ancestors(term, seen):
        for parent in parents.get(term, []):
            if parent not in seen:
                seen.add(parent)
                ancestors(parent, seen)
        return seen

    over = collections.Counter(parent for term in terms for parent in ancestors(term, set()) if parent in terms)
    return min(terms, key=lambda term: (-over[term], int(term.split(":")[1])), default=None)


def chemicals(source):
    entries = {}
    for identifier, (name, trees) in mesh(source).items():
        branches = [tree[:3] for tree in trees if tree[0] == "D"]
        proteins = [tree for tree in trees if tree.startswith(("D12.776", "D08.811"))]
        if branches and not proteins:
            entries[f"MESH:{identifier}"] = mesh_entry(identifier, name, branches[0])
    by_key = {key(entry.name): identifier for identifier, entry in entries.items()}
    for row in rows(source / "chemicals_drugbank.tsv"):
        names = [name for name in [row["name"], *row["synonyms"].split("|")] if name]
        identifier = "DrugBank:" + row["id"].split("::")[1]
        target = next((by_key[key(name)] for name in names if key(name) in by_key), identifier)
        if target not in entries:
            entries[target] = Entry(target, row["name"], "DrugBank")
        cas = [f"CAS:{row['cas']}"] if row["cas"] else []
        entries[target].add(names, [identifier, *cas])
    return entries.values()


def genes(source):
    for row in rows(source / "genes.tsv"):
        entry = Entry("NCBIGene:" + row["id"].split("::")[1], row["name"], row["type"])
        wanted = [x for x in row["xrefs"].split("|") if x.startswith(("HGNC", "Ensembl"))]
        entry.add(row["synonyms"].split("|"), [x.replace("HGNC:HGNC", "HGNC") for x in wanted])
        yield entry


def mouse_genes(source, human):
    """Genes of the mouse, under the names of the human gene with the same symbol too, since texts use these for both."""
    by_symbol = {entry.name.upper(): entry for entry in human}
    table = runpy.run_path(str(source / "genes_NCBI_10090_ProteinCoding.py"))["GENEID2NT"]
    for gene in sorted(table.values(), key=lambda gene: gene.GeneID):
        if gene.Status != "live" or re.match(r"(Gm|LOC|ENSMUSG)\d+$|.*Rik$", gene.Symbol):
            continue
        entry = Entry(f"NCBIGene:{gene.GeneID}", gene.Symbol, "mouse")
        names = [name for name in gene.Aliases.split(", ") if not re.match(r"[A-Z]{1,2}\d{6}$|.*Rik$", name)]
        same = by_symbol.get(gene.Symbol.upper())
        entry.add([*names, gene.description, *(list(same.synonyms) if same else [])])
        yield entry


def normal(sentence):
    """A sentence without what differs from copy to copy: case, white space and signs."""
    return re.sub(r"[^a-z0-9]+", " ", sentence.lower()).strip()


def held_out(source):
    """Documents that tests are made of, and the sentences of GAD and EU-ADR that are."""
    documents = set((source / "excluded-pmids.txt").read_text().split())
    sentences = set()
    for file, prefix in [("gad", "gad"), ("gene_disease", "euadr")]:
        for row in rows(source / f"{file}.tsv"):
            digest = hashlib.md5(f"{prefix}-group-{row['group']}".encode()).digest()
            if int.from_bytes(digest) % 10 == 0:
                sentences.add(normal(row["raw_sentence"]))
    return documents, sentences


def words(source, path):
    documents, test_sentences = held_out(source)
    with gzip.open(source / "sentences.tsv.gz", "rt", encoding="utf-8") as file:
        table = [line.rstrip("\n").split("\t", 2) for line in file][1:]
    # The same sentence may stand under another id, or none, in another corpus.
    test_sentences |= {normal(sentence) for _, document, sentence in table if document in documents}
    counts, left_out = collections.Counter(), 0
    for corpus, document, sentence in table:
        if corpus in ("gad", "eu-adr", "deep-gdae") or document in documents or normal(sentence) in test_sentences:
            left_out += 1
            continue
        counts.update(re.findall(r"(?<![\w-])[a-z]{2,24}(?![\w-])", sentence))
    print(f"words: {len(table) - left_out} sentences counted, {left_out} left out", file=sys.stderr)
    with open(path, "w", encoding="utf-8") as file:
        file.write("word\tcount\n")
        for word, count in sorted(counts.items()):
            if count >= 20:
                file.write(f"{word}\t{count}\n")


def main():
    source, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    human = list(genes(source))
    write(out / "genes.tsv", human)
    write(out / "genes_mouse.tsv", mouse_genes(source, human))
    write(out / "diseases.tsv", diseases(source))
    write(out / "chemicals.tsv", chemicals(source))
    words(source, out / "words.tsv")


main()
