//! Messages of an assistant and the replies to them, line by line.

use hopgraph::Graph;
use serde_json::{Value as Json, json};

use super::*;
use crate::answer::Limits;

/// BRCA1 and cancer in a sentence of PMID:1; cancer and TP53 as a fact.
fn service() -> Service {
    use hopgraph::engine::{Edge, Mention, NewDocument, NewSentence, Node, NodeId, Polarity, RelationType, View};
    let graph = Graph::temporary().unwrap();
    let mut change = graph.write().unwrap();
    for (label, name) in [("gene", "BRCA1"), ("disease", "cancer"), ("gene", "TP53")] {
        let labels = vec![change.label(label).unwrap()];
        change.add_node(Node { labels, name: name.to_owned(), ..Node::default() }).unwrap();
    }
    let kind = RelationType { name: "associated".to_owned(), polarity: Polarity::Asserted, symmetric: true };
    let relation = change.relation_type(&kind).unwrap();
    let mentions = [(0, 0, 5), (1, 6, 12)].map(|(node, start, end)| Mention { node: NodeId::new(node), start, end });
    let sentences = vec![NewSentence { text: "BRCA1 cancer".into(), mentions: mentions.into(), start: 0 }];
    let document = NewDocument { identifier: "PMID:1".into(), sentences, ..NewDocument::default() };
    let document = change.add_document(&document).unwrap();
    let sentence = change.document(document).unwrap().unwrap().first_sentence;
    let hand = change.hand().unwrap();
    let edge = |source, target| Edge { relation, source: NodeId::new(source), target: NodeId::new(target) };
    change.add_evidence(edge(0, 1), sentence, hand, 0.9, &[]).unwrap();
    change.add_fact(edge(1, 2), hand).unwrap();
    change.commit().unwrap();
    Service::new(graph, Limits::default(), None)
}

fn converse(lines: &[Json]) -> Vec<Json> {
    let input = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let mut output = Vec::new();
    run(&service(), input.as_bytes(), &mut output).unwrap();
    String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn call(name: &str, arguments: Json) -> Json {
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call",
                          "params": { "name": name, "arguments": arguments } });
    converse(&[request]).remove(0)
}

#[test]
fn it_greets_and_lists_what_can_be_asked() {
    let replies = converse(&[
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "protocolVersion": "2025-06-18" } }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": "two", "method": "tools/list" }),
        json!({ "jsonrpc": "2.0", "id": 3, "method": "ping" }),
    ]);
    assert_eq!(replies.len(), 3, "a notification has no reply");
    assert_eq!(replies[0]["result"]["protocolVersion"], "2025-06-18");
    assert_eq!(replies[1]["id"], "two");
    let tools = replies[1]["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["overview", "search", "neighbors", "pairs", "paths", "evidence", "query"]);
    for tool in tools {
        assert_eq!(tool["inputSchema"]["type"], "object");
        assert_eq!(tool["annotations"]["readOnlyHint"], true);
    }
    let unknown = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "protocolVersion": "1" } });
    assert_eq!(converse(&[unknown])[0]["result"]["protocolVersion"], VERSIONS[0]);
}

#[test]
fn every_answer_names_the_documents_that_it_stands_on() {
    let cases = [
        ("neighbors", json!({ "node": 1 }), "/edges/0/documents"),
        ("paths", json!({ "source": 0, "target": 2 }), "/edges/0/documents"),
        ("pairs", json!({ "from_label": "gene", "to_label": "gene" }), "/pairs/0/path/edges/0/documents"),
        (
            "query",
            json!({ "text": "MATCH (:gene {name: 'BRCA1'})-[r]-() RETURN r" }),
            "/rows/0/0/$relationship/documents",
        ),
    ];
    for (name, arguments, place) in cases {
        let reply = call(name, arguments);
        let answer = &reply["result"]["structuredContent"];
        assert_eq!(answer.pointer(place), Some(&json!(["PMID:1"])), "{name}: {reply}");
        let text = reply["result"]["content"][0]["text"].as_str().unwrap();
        assert_eq!(&serde_json::from_str::<Json>(text).unwrap(), answer);
    }
    let evidence = call("evidence", json!({ "source": 0, "target": 1 }));
    assert_eq!(evidence["result"]["structuredContent"]["pieces"][0]["document"]["identifier"], "PMID:1");
}

#[test]
fn what_goes_wrong_in_a_tool_is_told_to_the_assistant() {
    let reply = call("query", json!({ "text": "MATCH gen -[*1..2]- disease" }));
    assert_eq!(reply["result"]["isError"], true);
    assert!(reply["result"]["content"][0]["text"].as_str().unwrap().contains("gene"), "{reply}");
    assert_eq!(call("search", json!({ "name": "x" }))["result"]["isError"], true);
    assert_eq!(call("write", json!({}))["error"]["code"], INVALID_PARAMS);
}

#[test]
fn messages_that_are_none_get_an_error_of_the_protocol() {
    let mut output = Vec::new();
    run(&service(), &b"not json\n\n{\"id\":1}\n{\"id\":2,\"method\":\"none\"}\n"[..], &mut output).unwrap();
    let codes: Vec<i64> = String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap()["error"]["code"].as_i64().unwrap())
        .collect();
    assert_eq!(codes, [PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND].map(i64::from));
}
