//! Values as JSON, one rendering for the shell, the server and other programs.
//!
//! [`plain`] is for reading: a node is an object with `id`, `labels`, `properties`. [`exact`] is for programs that go on
//! with the value: it says what is a node, and keeps what JSON has no number for. [`to_value`] reads both kinds of scalar.

use std::collections::BTreeMap;

use hopgraph_engine::Temporal;
use serde_json::{Map, Number, Value as Json, json};

use crate::{NodeValue, RelationshipValue, Value};

/// Whole numbers up to this size are the same in every reader of JSON; JavaScript rounds larger ones.
const SAFE_INTEGER: u64 = 1 << 53;

/// A value as plain JSON. NaN and the infinities, which JSON does not have, become null.
pub fn plain(value: &Value) -> Json {
    render(value, Style::Plain)
}

/// A value as JSON that tells what it is. Nodes, relationships and paths stand under the keys `$node`, `$relationship`
/// and `$path`; values of time under `$date`, `$localtime`, `$time`, `$localdatetime`, `$datetime` and `$duration` as text;
/// whole numbers beyond 2^53 under `$integer` as text; NaN and the infinities under `$float` as text. A map
/// whose own keys begin with `$` has one more `$` before them.
///
/// ```
/// use hopgraph_query::{Value, json};
/// assert_eq!(json::exact(&Value::Float(f64::NAN)).to_string(), r#"{"$float":"NaN"}"#);
/// ```
pub fn exact(value: &Value) -> Json {
    render(value, Style::Exact)
}

/// A value from JSON. Objects of one key `$integer`, `$float`, `$date` and its like are what [`exact`] writes so; numbers without a
/// fraction that fit 64 bits are integers.
///
/// # Errors
/// What is wrong, in words, if an object claims to be a number and is none, or is a node, relationship or path: these
/// belong to one graph and cannot be given to it.
pub fn to_value(json: Json) -> Result<Value, String> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(value),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or(f64::NAN)), Value::Integer)
        }
        Json::String(text) => Value::Text(text),
        Json::Array(values) => Value::List(values.into_iter().map(to_value).collect::<Result<_, _>>()?),
        Json::Object(map) => object(map)?,
    })
}

fn object(map: Map<String, Json>) -> Result<Value, String> {
    let mut values = BTreeMap::new();
    for (key, json) in map {
        let Some(word) = key.strip_prefix('$') else {
            values.insert(key, to_value(json)?);
            continue;
        };
        let number = json.as_str();
        match word {
            "integer" => return number.and_then(|text| text.parse().ok()).map(Value::Integer).ok_or_else(wrong_number),
            "float" => return number.and_then(|text| text.parse().ok()).map(Value::Float).ok_or_else(wrong_number),
            "date" | "localtime" | "time" | "localdatetime" | "datetime" | "duration" => {
                let found = number.and_then(|text| text.parse::<Temporal>().ok()).filter(|found| found.kind() == word);
                return found.map(Value::from).ok_or_else(|| format!("`${word}` holds a {word} as text"));
            }
            _ if word.starts_with('$') => values.insert(word.to_owned(), to_value(json)?),
            _ => return Err(format!("an object with the key {key:?} cannot be given as a value")),
        };
    }
    Ok(Value::Map(values))
}

fn wrong_number() -> String {
    "`$integer` and `$float` hold a number as text".to_owned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Exact,
}

impl Style {
    /// An object that says what it is.
    fn tagged(self, tag: &str, json: Json) -> Json {
        match self {
            Self::Plain => json,
            Self::Exact => Json::Object(Map::from_iter([(tag.to_owned(), json)])),
        }
    }

    fn key(self, key: &str) -> String {
        if self == Self::Exact && key.starts_with('$') { format!("${key}") } else { key.to_owned() }
    }
}

fn render(value: &Value, style: Style) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::Integer(value) if style == Style::Exact && value.unsigned_abs() > SAFE_INTEGER => {
            style.tagged("$integer", Json::String(value.to_string()))
        }
        Value::Integer(value) => Json::from(*value),
        Value::Float(value) => match (Number::from_f64(*value), style) {
            (Some(number), _) => Json::Number(number),
            (None, Style::Plain) => Json::Null,
            (None, Style::Exact) => style.tagged("$float", Json::String(value.to_string())),
        },
        Value::Text(text) => Json::String(text.clone()),
        Value::Temporal(value) => style.tagged(&format!("${}", value.kind()), Json::String(value.to_string())),
        Value::List(values) => Json::Array(values.iter().map(|value| render(value, style)).collect()),
        Value::Map(map) => properties(map, style),
        Value::Node(value) => style.tagged("$node", node(value, style)),
        Value::Relationship(value) => style.tagged("$relationship", relationship(value, style)),
        Value::Path(path) => {
            let nodes: Vec<Json> = path.nodes.iter().map(|value| node(value, style)).collect();
            let relationships: Vec<Json> = path.relationships.iter().map(|value| relationship(value, style)).collect();
            style.tagged("$path", json!({ "nodes": nodes, "relationships": relationships }))
        }
    }
}

fn node(node: &NodeValue, style: Style) -> Json {
    json!({ "id": node.id.get(), "labels": node.labels, "properties": properties(&node.properties, style) })
}

fn relationship(relationship: &RelationshipValue, style: Style) -> Json {
    json!({
        "type": relationship.relation_type,
        "source": relationship.edge.source.get(),
        "target": relationship.edge.target.get(),
        "properties": properties(&relationship.properties, style),
    })
}

fn properties(map: &BTreeMap<String, Value>, style: Style) -> Json {
    Json::Object(map.iter().map(|(key, value)| (style.key(key), render(value, style))).collect())
}

#[cfg(test)]
mod tests {
    use hopgraph_engine::{Edge, NodeId};

    use super::*;
    use crate::PathValue;

    fn a_node() -> NodeValue {
        let properties = BTreeMap::from([("name".to_owned(), Value::Text("BRCA1".to_owned()))]);
        NodeValue { id: NodeId::new(7), labels: vec!["gene".to_owned()], properties }
    }

    #[test]
    fn each_kind_of_value_in_both_styles() {
        let relationship = RelationshipValue {
            edge: Edge { source: NodeId::new(7), target: NodeId::new(8), ..Edge::default() },
            relation_type: "treats".to_owned(),
            properties: BTreeMap::new(),
        };
        let path = PathValue { nodes: vec![a_node()], relationships: vec![] };
        let node = r#"{"id":7,"labels":["gene"],"properties":{"name":"BRCA1"}}"#;
        let treats = r#"{"type":"treats","source":7,"target":8,"properties":{}}"#;
        let cases = [
            (Value::Null, "null".to_owned(), "null".to_owned()),
            (Value::Integer(-3), "-3".into(), "-3".into()),
            (Value::Integer(i64::MIN), i64::MIN.to_string(), format!("{{\"$integer\":\"{}\"}}", i64::MIN)),
            (Value::Integer(1 << 53), (1_i64 << 53).to_string(), (1_i64 << 53).to_string()),
            (Value::Float(0.5), "0.5".into(), "0.5".into()),
            (
                Value::from("2015-07-21".parse::<Temporal>().unwrap()),
                r#""2015-07-21""#.into(),
                r#"{"$date":"2015-07-21"}"#.into(),
            ),
            (Value::Float(f64::INFINITY), "null".into(), r#"{"$float":"inf"}"#.into()),
            (Value::List(vec![Value::Boolean(true)]), "[true]".into(), "[true]".into()),
            (
                Value::Map(BTreeMap::from([("$node".to_owned(), Value::Null)])),
                r#"{"$node":null}"#.into(),
                r#"{"$$node":null}"#.into(),
            ),
            (Value::Node(Box::new(a_node())), node.to_owned(), format!("{{\"$node\":{node}}}")),
            (Value::Relationship(Box::new(relationship)), treats.to_owned(), format!("{{\"$relationship\":{treats}}}")),
            (
                Value::Path(Box::new(path)),
                format!("{{\"nodes\":[{node}],\"relationships\":[]}}"),
                format!("{{\"$path\":{{\"nodes\":[{node}],\"relationships\":[]}}}}"),
            ),
        ];
        for (value, as_plain, as_exact) in cases {
            assert_eq!(plain(&value).to_string(), as_plain);
            assert_eq!(exact(&value).to_string(), as_exact);
        }
    }

    #[test]
    fn what_is_exact_comes_back_as_it_was() {
        let values = [
            Value::Null,
            Value::Integer(i64::MAX),
            Value::Integer(i64::MIN),
            Value::Float(f64::NEG_INFINITY),
            Value::Float(0.1),
            Value::Text("$integer".to_owned()),
            Value::List(vec![Value::Integer(1), Value::Map(BTreeMap::from([("$float".to_owned(), Value::Null)]))]),
        ];
        for value in values {
            assert_eq!(to_value(exact(&value)), Ok(value));
        }
        assert!(to_value(json!({ "$integer": 5 })).is_err());
        assert!(to_value(json!({ "$float": "much" })).is_err());
        assert!(to_value(exact(&Value::Node(Box::new(a_node())))).is_err());
    }
}
