#!/bin/sh
# The demo: real abstracts become a graph by a real quantized language model, and the graph answers multi-hop questions.
# `make demo` builds the program first. Each command is shown as you would type it, then run.
set -eu
cd "$(dirname "$0")/.."

program="${HOPGRAPH:-target/release/hopgraph}"
graph=demo.hopgraph
if [ ! -x "$program" ]; then
    echo "There is no program at $program: run \`make demo\`, or say where it is with HOPGRAPH=/path/to/hopgraph." >&2
    exit 1
fi

# The words between the steps, one argument a line.
say() {
    echo
    printf '%s\n' "$@"
}

# One command, shown without the folder of the program, then run.
hopgraph() {
    printf '\n$ hopgraph'
    for word in "$@"; do
        case "$word" in
            *[!A-Za-z0-9_./:=-]*) printf ' "%s"' "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$program" "$@"
}

# Paths of three hops between ends that no sentence joins, with evidence from more than one abstract.
paths='MATCH p = (g:gene)-[:associated*3]-(d:disease) WHERE NOT (g)--(d)
UNWIND relationships(p) AS r UNWIND evidence(r) AS e
WITH p, g, d, round(min(r.confidence), 3) AS weakest, count(DISTINCT e.document) AS abstracts WHERE abstracts > 1'

say "1. Read. data/biored/Dev.PubTator holds 100 PubMed abstracts in which curators marked genes and diseases." \
    "   A language model of 15 million parameters, 8-bit quantized, reads every sentence that names one of each," \
    "   here on this machine, and says what the sentence says of the two: associated, not associated, or nothing."
rm -rf "$graph"
hopgraph ingest "$graph" data/biored/Dev.PubTator --model data/models/starter-llama-15m

say "2. What came of it. A relationship is what the model read; each keeps its sentences as evidence. What a" \
    "   sentence denies has a type of its own, which is walked only when it is named."
hopgraph info "$graph"

say "3. Ask. Which genes and diseases that no sentence joins are two to four hops apart?"
hopgraph query "$graph" 'MATCH gene -[*2..4]- disease WHERE NOT (gene)--(disease)
RETURN gene.name, disease.name, hops ORDER BY hops, gene.name, disease.name LIMIT 10'

say "4. Rank. Paths that are put together from several abstracts, by their weakest step. A pair like these is where" \
    "   a hypothesis begins; whether it holds is another question."
hopgraph query "$graph" "$paths
RETURN [n IN nodes(p) | n.name] AS path, weakest, abstracts ORDER BY weakest DESC, path LIMIT 5"

say "5. Why? The sentences behind each step of the first of them."
hopgraph query "$graph" "$paths
WITH p, weakest, [n IN nodes(p) | n.name] AS names ORDER BY weakest DESC, names LIMIT 1
UNWIND range(0, 2) AS step UNWIND evidence(relationships(p)[step]) AS e
RETURN names[step] AS one, names[step + 1] AS other, e.document AS abstract, round(e.probability, 3) AS probability,
       e.sentence AS sentence"

say "6. And what was denied?"
hopgraph query "$graph" 'MATCH (g:gene)-[r:not_associated]-(d:disease) UNWIND evidence(r) AS e
RETURN g.name, d.name, round(e.probability, 3) AS probability, e.sentence AS sentence ORDER BY probability DESC LIMIT 3'

say "That was the demo. The graph is in $graph. Go on with:" \
    "    $program $graph" \
    "                              the interactive shell; :help says what it can do" \
    "    $program --help" \
    "                              your own texts and tables, scripting" \
    "    README.md                 the five-minute tour" \
    "    query/LANGUAGE.md         the language, with an example for everything"
