//! The graph for an assistant: the Model Context Protocol over standard input and output, for reading only.
//!
//! A message a line, JSON-RPC 2.0. What there is to ask is a list of tools; each answer carries the identifiers of the
//! documents that it stands on, so that an assistant can cite them.

use std::io::{self, BufRead, Write};

use serde_json::{Map, Value as Json, json};

use crate::answer::{Answer, EdgeName, Failure, Request, Service, Stop, TOPICS, documents};

/// Versions of the protocol that are spoken, the newest first.
const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// Documents that are named for one relation.
const DOCUMENTS_NAMED: usize = 5;
/// Pairs for which a path with its documents is looked up.
const PAIRS_EXPLAINED: usize = 25;

const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;

/// Something that an assistant can ask for.
struct Tool {
    name: &'static str,
    description: &'static str,
    /// The topic that answers.
    topic: &'static str,
    /// Its arguments: name, type in JSON Schema, what it is, whether it has to be there.
    arguments: &'static [(&'static str, &'static str, &'static str, bool)],
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "overview",
        description: "What the graph holds: labels, relation types, years, models. Ask this first.",
        topic: "overview",
        arguments: &[],
    },
    Tool {
        name: "search",
        description: "Find genes, diseases, chemicals and other nodes by name, synonym or identifier. Gives their numbers.",
        topic: "search",
        arguments: &[
            ("q", "string", "a name, a synonym, an identifier such as MESH:D001943, or the beginning of one", true),
            ("label", "string", "only nodes with this label", false),
            ("limit", "integer", "how many; 20 if it is not given", false),
        ],
    },
    Tool {
        name: "neighbors",
        description: "What a node is related to, best evidence first, each relation with its documents.",
        topic: "expand",
        arguments: &[
            ("node", "integer", "the number of the node", true),
            ("limit", "integer", "how many neighbours; 25 if it is not given", false),
            ("filter", "object", FILTER, false),
        ],
    },
    Tool {
        name: "pairs",
        description: "Hypotheses: pairs of nodes that no relation joins and that a few hops do, each with a path and the \
                      documents of its steps.",
        topic: "discover",
        arguments: &[
            ("to_label", "string", "the label of the other end, such as disease", true),
            ("from_label", "string", "pairs start at the nodes of this label", false),
            ("from_names", "array", "or at the nodes of these names", false),
            ("from_nodes", "array", "or at the nodes of these numbers", false),
            ("hops", "integer", "2 to 4; 3 if it is not given", false),
            ("limit", "integer", "how many; 200 if it is not given", false),
            ("filter", "object", FILTER, false),
        ],
    },
    Tool {
        name: "paths",
        description: "The shortest paths between two nodes, the strongest first, each step with its documents.",
        topic: "paths",
        arguments: &[
            ("source", "integer", "the number of one node", true),
            ("target", "integer", "the number of the other", true),
            ("hops", "integer", "at most so many steps, 1 to 4", false),
            ("longer", "boolean", "longer paths behind the shortest ones, too", false),
            ("filter", "object", FILTER, false),
        ],
    },
    Tool {
        name: "evidence",
        description: "The sentences that say how two nodes are related, supporting and denying, with document, year, \
                      model and probability.",
        topic: "evidence",
        arguments: &[
            ("source", "integer", "the number of one node", true),
            ("target", "integer", "the number of the other", true),
            ("search", "string", "only sentences with these words", false),
            ("limit", "integer", "how many; 50 if it is not given", false),
        ],
    },
    Tool {
        name: "query",
        description: "Run a query in the language of hopgraph, a subset of openCypher, for reading only. \
                      Example: MATCH (g:gene {named: 'brca1'})-[r]-(d:disease) RETURN d.name, r, r.confidence LIMIT 10",
        topic: "query",
        arguments: &[
            ("text", "string", "the query", true),
            ("parameters", "object", "values for $names in it", false),
            ("limit", "integer", "most rows; 1000 if it is not given", false),
        ],
    },
];

const FILTER: &str = "which relations count: {types: [..], labels: [..], polarity: asserted|denied|both, \
                      min_confidence, min_year, max_year, runs: [..]}";

impl Tool {
    fn json(&self) -> Json {
        let property = |(name, kind, what, _): &(&str, &str, &str, bool)| {
            ((*name).to_owned(), json!({ "type": kind, "description": what }))
        };
        let properties: Map<String, Json> = self.arguments.iter().map(property).collect();
        let required: Vec<&str> =
            self.arguments.iter().filter(|(.., needed)| *needed).map(|(name, ..)| *name).collect();
        json!({
            "name": self.name,
            "description": self.description,
            "inputSchema": {
                "type": "object", "properties": properties, "required": required, "additionalProperties": false,
            },
            "annotations": { "readOnlyHint": true, "openWorldHint": false },
        })
    }

    fn answer(&self, request: &Request<'_>, arguments: Json) -> Answer {
        let topic = TOPICS.iter().find(|topic| topic.name == self.topic);
        let topic = topic.ok_or_else(|| Failure::missing("the tool asks for nothing"))?;
        let mut answer = topic.answer(request, arguments.clone())?;
        match self.name {
            "pairs" => explain_pairs(request, &arguments, &mut answer)?,
            _ => name_documents(request, &mut answer)?,
        }
        Ok(answer)
    }
}

/// Adds to everything that looks like a relation the documents that speak of it.
fn name_documents(request: &Request<'_>, json: &mut Json) -> Result<(), Failure> {
    match json {
        Json::Array(values) => values.iter_mut().try_for_each(|value| name_documents(request, value)),
        Json::Object(map) => {
            if let Some(named) = edge_name(map) {
                let snapshot = request.snapshot()?;
                if let Ok(edge) = named.find(&snapshot) {
                    map.insert("documents".to_owned(), json!(documents(&snapshot, edge, DOCUMENTS_NAMED)?));
                }
            }
            map.values_mut().try_for_each(|value| name_documents(request, value))
        }
        _ => Ok(()),
    }
}

fn edge_name(map: &Map<String, Json>) -> Option<EdgeName> {
    // A piece of evidence names its own document.
    if map.contains_key("document") || map.contains_key("documents") {
        return None;
    }
    let number = |key: &str| map.get(key).and_then(Json::as_u64).and_then(|number| u32::try_from(number).ok());
    let (source, target) = (number("source")?, number("target")?);
    Some(EdgeName { source, relation: map.get("type")?.as_str()?.to_owned(), target })
}

/// Adds to the first pairs a path with the documents of its steps.
fn explain_pairs(request: &Request<'_>, arguments: &Json, answer: &mut Json) -> Result<(), Failure> {
    let paths = TOPICS.iter().find(|topic| topic.name == "paths");
    let paths = paths.ok_or_else(|| Failure::missing("there are no paths"))?;
    let Some(pairs) = answer["pairs"].as_array_mut() else { return Ok(()) };
    for pair in pairs.iter_mut().take(PAIRS_EXPLAINED) {
        let mut question = json!({ "source": pair["source"]["id"], "target": pair["target"]["id"], "limit": 1 });
        if let Some(filter) = arguments.get("filter") {
            question["filter"] = filter.clone();
        }
        let mut path = paths.answer(request, question)?;
        name_documents(request, &mut path)?;
        pair["path"] =
            json!({ "nodes": path["nodes"], "edges": path["edges"], "strength": path["paths"][0]["strength"] });
    }
    Ok(())
}

/// Answers an assistant until its input ends.
///
/// # Errors
/// If the input cannot be read or the output cannot be written.
pub fn run(service: &Service, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    for line in input.lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        if let Some(reply) = reply(service, &line) {
            writeln!(output, "{reply}")?;
            output.flush()?;
        }
    }
    Ok(())
}

/// The reply to one message; none for a notification.
fn reply(service: &Service, line: &str) -> Option<Json> {
    let message: Json = match serde_json::from_str(line) {
        Ok(message) => message,
        Err(error) => return Some(failed(&Json::Null, PARSE_ERROR, &format!("not JSON: {error}"))),
    };
    let Some(method) = message.get("method").and_then(Json::as_str) else {
        return Some(failed(message.get("id").unwrap_or(&Json::Null), INVALID_REQUEST, "a message has a `method`"));
    };
    let id = message.get("id")?;
    let parameters = message.get("params").cloned().unwrap_or_else(|| json!({}));
    let result = match method {
        "initialize" => initialize(&parameters),
        "ping" => json!({}),
        "tools/list" => json!({ "tools": TOOLS.iter().map(Tool::json).collect::<Vec<_>>() }),
        "tools/call" => match call(service, &parameters) {
            Ok(result) => result,
            Err(message) => return Some(failed(id, INVALID_PARAMS, &message)),
        },
        other => return Some(failed(id, METHOD_NOT_FOUND, &format!("there is no method {other:?}"))),
    };
    Some(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

fn failed(id: &Json, code: i32, message: &str) -> Json {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

fn initialize(parameters: &Json) -> Json {
    let wanted = parameters["protocolVersion"].as_str().unwrap_or_default();
    let version = VERSIONS.into_iter().find(|version| *version == wanted).unwrap_or(VERSIONS[0]);
    json!({
        "protocolVersion": version,
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "hopgraph", "version": env!("CARGO_PKG_VERSION") },
        "instructions": "A graph of genes, diseases and chemicals read from the literature. Find the numbers of nodes with \
                         `search`; every relation stands on sentences, which `evidence` gives. Cite the documents.",
    })
}

/// A call of a tool. What goes wrong in it is a result for the assistant to read, not an error of the protocol.
fn call(service: &Service, parameters: &Json) -> Result<Json, String> {
    let name = parameters["name"].as_str().unwrap_or_default();
    let tool = TOOLS.iter().find(|tool| tool.name == name).ok_or_else(|| format!("there is no tool {name:?}"))?;
    let arguments = parameters.get("arguments").cloned().unwrap_or_else(|| json!({}));
    let followed = service.follow().map_err(Failure::from);
    let answer = followed.and_then(|()| tool.answer(&service.request(Stop::default()), arguments));
    Ok(match answer {
        Ok(answer) => json!({
            "content": [{ "type": "text", "text": answer.to_string() }],
            "structuredContent": answer,
            "isError": false,
        }),
        Err(failure) => {
            let help = failure.help.map(|help| format!("\nhelp: {help}")).unwrap_or_default();
            json!({ "content": [{ "type": "text", "text": failure.message + &help }], "isError": true })
        }
    })
}

#[cfg(test)]
mod tests;
