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

# The words between the steps.
say() { printf '\n%s\n' "$@"; }

# One command, shown without the folder of the program.
hopgraph() {
    printf '\n$ hopgraph'
    for word in "$@"; do
        case "$word" in
            *[!A-Za-z0-9_./:=-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$program" "$@"
}

say "1. Read. data/biored/Dev.PubTator holds 100 PubMed abstracts in which curators marked genes and diseases." \
    "   A language model of 15 million parameters, 8-bit quantized, reads every sentence that names one of each," \
    "   here on this machine, and says what the sentence says of the two: associated, denied, or nothing."
rm -rf "$graph"
hopgraph ingest "$graph" data/biored/Dev.PubTator --model data/models/starter-llama-15m

say "2. What came of it. Nodes are genes and diseases; edges are what the model read, each with its sentences."
hopgraph info "$graph"

say "3. Ask. Which gene and disease that no sentence joins are two to four hops apart? (The pair joined by most" \
    "   certain evidence need not be true: this is where a hypothesis begins, not where it ends.)"
hopgraph query "$graph" 'MATCH gene -[*2..4]- disease WHERE NOT (gene)--(disease) RETURN gene.name, disease.name, hops ORDER BY hops, gene.name, disease.name LIMIT 10'

say "4. Why? The path between the two ends of the first row, and the sentences behind each of its edges."
hopgraph query "$graph" 'MATCH gene -[*2..4]- disease WHERE NOT (gene)--(disease) WITH gene, disease, hops ORDER BY hops, gene.name, disease.name LIMIT 1 MATCH p = shortestPath((gene)-[*..4]-(disease)) RETURN [n IN nodes(p) | n.name] AS path'

say "5. Denied associations are kept apart, and walked only when they are named."
hopgraph query "$graph" 'MATCH (g:gene)-[r:not_associated]-(d:disease) UNWIND evidence(r) AS e RETURN g.name, d.name, e.probability, e.sentence ORDER BY e.probability DESC LIMIT 3'

say "That was the demo. The graph is in $graph; go on with:" \
    "" \
    "    $program $graph                the interactive shell; :help says what it can do" \
    "    $program --help                reading your own texts, loading tables, scripting" \
    "    README.md                      the five-minute tour" \
    "    query/LANGUAGE.md              the language, with an example for everything"
