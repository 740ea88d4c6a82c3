//! Nodes that a query asks for by name or identifier, and what is told where it finds none of them.

use crate::executor::compute::Context;
use crate::fault::Result;
use crate::notice::{Notice, Notices};
use crate::planner::plan::{Expression, ExpressionKind as Kind, Plan};
use crate::syntax::ast::{BinaryOperator, Span};
use crate::value::Cell;

/// How many nodes of a name are looked at for the one that was meant.
const LOOKED_AT: usize = 16;

/// A comparison `node.key = value` that picks out nodes.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    key: Key,
    value: Wanted,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Name,
    Id,
}

#[derive(Clone, Debug)]
enum Wanted {
    Constant(Cell),
    Parameter(std::sync::Arc<str>),
}

/// The look-ups of a plan.
pub(crate) fn lookups(plan: &Plan) -> Vec<Lookup> {
    let mut found: Vec<Lookup> = plan.expressions().into_iter().filter_map(lookup).collect();
    found.extend(plan.inputs().into_iter().flat_map(lookups));
    found
}

fn lookup(condition: &Expression) -> Option<Lookup> {
    let Kind::Binary(BinaryOperator::Equal, a, b) = &condition.kind else { return None };
    let key = |side: &Expression| match &side.kind {
        Kind::Property(of, key) if of.as_slot().is_some() && &**key == "name" => Some(Key::Name),
        Kind::Property(of, key) if of.as_slot().is_some() && &**key == "id" => Some(Key::Id),
        _ => None,
    };
    let value = |side: &Expression| match &side.kind {
        Kind::Constant(cell @ Cell::Text(_)) => Some(Wanted::Constant(cell.clone())),
        Kind::Parameter(name) => Some(Wanted::Parameter(name.clone())),
        _ => None,
    };
    let found = key(a).zip(value(b)).or_else(|| key(b).zip(value(a)));
    found.map(|(key, value)| Lookup { key, value, span: condition.span })
}

/// Tells of each look-up that was missed by a hair: another spelling of the name, or an identifier that was called id.
pub(crate) fn tell_misses(lookups: &[Lookup], context: &Context<'_>, notices: &mut Notices) -> Result<()> {
    for lookup in lookups {
        let cell = match &lookup.value {
            Wanted::Constant(cell) => Some(cell),
            Wanted::Parameter(name) => context.parameter(name),
        };
        let Some(Cell::Text(text)) = cell else { continue };
        let notice = match lookup.key {
            Key::Name => near_name(text, context)?,
            Key::Id => identifier(text, context)?,
        };
        if let Some((message, help)) = notice {
            notices.add(Notice { message, span: Some(lookup.span), help: Some(help) });
        }
    }
    Ok(())
}

fn near_name(text: &str, context: &Context<'_>) -> Result<Option<(String, String)>> {
    let mut other = None;
    for id in context.view(|view| view.nodes_by_name(text))?.into_iter().take(LOOKED_AT) {
        let Some(node) = context.node(id)? else { continue };
        if node.name == text {
            return Ok(None);
        }
        other = other.or_else(|| Some(node.name.clone()));
    }
    Ok(other.map(|name| {
        let message = format!("no node has the name '{text}', letter for letter; one is called '{name}'");
        (message, format!("{{named: '{text}'}} ignores case and knows the synonyms"))
    }))
}

fn identifier(text: &str, context: &Context<'_>) -> Result<Option<(String, String)>> {
    let found = context.view(|view| view.node_by_identifier(text))?;
    Ok(found.map(|_| {
        let message = format!("no node has a property `id` of '{text}'; it is the identifier of one");
        (message, format!("an identifier is asked for by {{identifier: '{text}'}}"))
    }))
}
