//! The variables that an expression may name.

use crate::fault::{Result, meaning, meaning_with_help};
use crate::planner::plan::{Expression, Slot};
use crate::syntax::ast::{Name, Span};
use crate::syntax::suggest::nearest;

/// What a variable stands for, as far as is known before the query runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VariableKind {
    Node,
    Relationship,
    /// The relationships of a pattern of variable length.
    Relationships,
    Path,
    Boolean,
    Integer,
    Float,
    Text,
    List,
    Map,
    /// Anything.
    Value,
}

impl VariableKind {
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Node => "a node",
            Self::Relationship => "a relationship",
            Self::Relationships => "a list of relationships",
            Self::Path => "a path",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Value => "a value",
        }
    }
}

/// A variable and its place in the row.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) slot: Slot,
    pub(super) kind: VariableKind,
    /// Whether a pattern brings it without being asked, as `hops`: it gives way to any other variable of its name and
    /// is not among all variables (`*`).
    pub(super) implied: bool,
    /// What it stands for, if that is not simply what its place in the row holds.
    pub(super) meaning: Option<Expression>,
}

impl Variable {
    /// What it stands for.
    pub(super) fn expression(&self, span: Span) -> Expression {
        match &self.meaning {
            Some(meaning) => Expression { span, ..meaning.clone() },
            None => Expression::slot(self.slot, span),
        }
    }
}

/// Variables in the order in which they appeared.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    variables: Vec<Variable>,
}

impl Scope {
    /// The variable of this name.
    pub(super) fn find(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().rev().find(|variable| variable.name == name)
    }

    /// The variable of this name that was not merely implied.
    pub(super) fn find_explicit(&self, name: &str) -> Option<&Variable> {
        self.find(name).filter(|variable| !variable.implied)
    }

    /// The variable of this name, or an error with the nearest one.
    pub(super) fn resolve(&self, name: &str, span: Span) -> Result<&Variable> {
        self.find(name).ok_or_else(|| {
            let near = nearest(name, self.variables.iter().map(|variable| variable.name.as_str()));
            let help = near.map(|near| format!("did you mean {near}?"));
            meaning_with_help(span, format!("the variable `{name}` is not known here"), help)
        })
    }

    /// Adds a variable; one of the same name that was merely implied goes.
    pub(super) fn add(&mut self, name: impl Into<String>, slot: Slot, kind: VariableKind) {
        let name = name.into();
        self.variables.retain(|variable| variable.name != name);
        self.variables.push(Variable { name, slot, kind, implied: false, meaning: None });
    }

    /// A pattern that has this variable as a node makes it one: what is none gives no row.
    pub(super) fn be_node(&mut self, name: &str) {
        if let Some(variable) = self.variables.iter_mut().find(|variable| variable.name == name) {
            variable.kind = VariableKind::Node;
        }
    }

    /// Adds a variable that stands for an expression.
    pub(super) fn add_meaning(&mut self, name: &str, slot: Slot, kind: VariableKind, meaning: Expression) {
        self.add(name, slot, kind);
        if let Some(last) = self.variables.last_mut() {
            last.meaning = Some(meaning);
        }
    }

    /// What is known of what a place in the row holds.
    pub(super) fn kind_of(&self, slot: Slot) -> VariableKind {
        let found = self.variables.iter().rev().find(|variable| variable.slot == slot && variable.meaning.is_none());
        found.map_or(VariableKind::Value, |variable| variable.kind)
    }

    /// Adds a variable that a pattern implies, unless the name is taken.
    pub(super) fn imply(&mut self, name: &str, slot: Slot) {
        if self.find_explicit(name).is_none() {
            self.add(name, slot, VariableKind::Value);
            if let Some(last) = self.variables.last_mut() {
                last.implied = true;
            }
        }
    }

    /// Fails if the name is taken.
    pub(super) fn check_new(&self, name: &Name) -> Result<()> {
        match self.find_explicit(&name.node) {
            Some(_) => Err(meaning(name.span, format!("the variable `{}` is in use already", name.node))),
            None => Ok(()),
        }
    }

    /// All variables that were not merely implied, in the order in which they appeared.
    pub(super) fn explicit(&self) -> impl Iterator<Item = &Variable> {
        self.variables.iter().filter(|variable| !variable.implied)
    }

    /// The slots of all variables.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let mut slots: Vec<_> = self.variables.iter().map(|variable| variable.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}
