//! Syntax trees as text again: for plans, and for tests. What is printed parses to the same tree.

use std::fmt::{Display, Formatter, Result, Write};

use super::print_expression::{Base, BeforeBar};
use crate::syntax::ast::{
    Arrow, Call, Clause, Expression, Imports, LabelExpression, Length, Match, Mode, Name, NodePattern, OrderItem,
    PathModeName, PathPattern, Projection, ProjectionItem, Query, RelationshipPattern, RemoveItem, Retractable,
    Retraction, SetItem, Shortest, SingleQuery, Spanned, Statement, Verification,
};
use crate::syntax::keyword::is_reserved;
use crate::syntax::parse::lexeme::is_plain_name;

/// A name, in back-quotes where it needs them.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if is_plain_name(self.0) && !is_reserved(self.0) {
            return f.write_str(self.0);
        }
        write!(f, "`{}`", self.0.replace('`', "``"))
    }
}

pub(crate) fn name(name: &Name) -> Quoted<'_> {
    Quoted(&name.node)
}

/// Writes items with a separator between them.
pub(crate) fn separated<T>(
    f: &mut Formatter<'_>,
    separator: &str,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Formatter<'_>, T) -> Result,
) -> Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write(f, item)?;
    }
    Ok(())
}

pub(crate) fn listed<T: Display>(f: &mut Formatter<'_>, separator: &str, items: impl IntoIterator<Item = T>) -> Result {
    separated(f, separator, items, |f, item| write!(f, "{item}"))
}

pub(crate) fn entries(f: &mut Formatter<'_>, entries: &[(Name, Expression)]) -> Result {
    f.write_char('{')?;
    separated(f, ", ", entries, |f, (key, value)| write!(f, "{}: {value}", name(key)))?;
    f.write_char('}')
}

pub(crate) fn clause_part<T: Display>(f: &mut Formatter<'_>, keyword: &str, part: Option<&T>) -> Result {
    part.map_or(Ok(()), |part| write!(f, " {keyword} {part}"))
}

impl<T: Display> Display for Spanned<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.node.fmt(f)
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self.mode {
            Mode::Run => "",
            Mode::Explain => "EXPLAIN ",
            Mode::Profile => "PROFILE ",
        })?;
        if let Some(Retraction { what, name }) = &self.retraction {
            let what = match what {
                Retractable::Document => "DOCUMENT",
                Retractable::Run => "RUN",
            };
            write!(f, "RETRACT {what} {name}")?;
        }
        listed(f, if self.union_all { " UNION ALL " } else { " UNION " }, &self.parts)?;
        if let Some(Verification { source, target, insert }) = &self.verification {
            write!(f, " VERIFY ({})-({}){}", name(source), name(target), if *insert { " INSERT" } else { "" })?;
        }
        Ok(())
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        listed(f, if self.union_all { " UNION ALL " } else { " UNION " }, &self.parts)
    }
}

impl Display for SingleQuery {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        listed(f, " ", &self.clauses)
    }
}

impl Display for Clause {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Match(found) => write!(f, "{found}"),
            Self::Unwind { list, variable } => write!(f, "UNWIND {list} AS {}", name(variable)),
            Self::With { projection, condition } => {
                write!(f, "WITH {projection}")?;
                clause_part(f, "WHERE", condition.as_ref())
            }
            Self::Call(call) => write!(f, "{call}"),
            Self::Subquery { imports, query } => {
                f.write_str("CALL ")?;
                match imports {
                    None => {}
                    Some(Imports::All) => f.write_str("(*) ")?,
                    Some(Imports::Some(names)) => {
                        f.write_char('(')?;
                        listed(f, ", ", names.iter().map(name))?;
                        f.write_str(") ")?;
                    }
                }
                write!(f, "{{ {query} }}")
            }
            Self::Foreach { variable, list, updates } => {
                write!(f, "FOREACH ({} IN {} | ", name(variable), BeforeBar(list))?;
                listed(f, " ", updates)?;
                f.write_char(')')
            }
            Self::LoadCsv { headers, file, variable, separator } => {
                let headers = if *headers { "WITH HEADERS " } else { "" };
                write!(f, "LOAD CSV {headers}FROM {file} AS {}", name(variable))?;
                clause_part(f, "FIELDTERMINATOR", separator.as_ref())
            }
            Self::Return(projection) if projection.items.is_empty() && !projection.star => {
                f.write_str(page(projection).trim_start())
            }
            Self::Return(projection) => write!(f, "RETURN {projection}"),
            Self::Create(paths) => {
                f.write_str("CREATE ")?;
                listed(f, ", ", paths)
            }
            Self::Merge { pattern, on_create, on_match } => {
                write!(f, "MERGE {pattern}")?;
                for (event, items) in [("CREATE", on_create), ("MATCH", on_match)] {
                    if !items.is_empty() {
                        write!(f, " ON {event} SET ")?;
                        listed(f, ", ", items)?;
                    }
                }
                Ok(())
            }
            Self::Set(items) => {
                f.write_str("SET ")?;
                listed(f, ", ", items)
            }
            Self::Remove(items) => {
                f.write_str("REMOVE ")?;
                listed(f, ", ", items)
            }
            Self::Delete { detach, targets } => {
                f.write_str(if *detach { "DETACH DELETE " } else { "DELETE " })?;
                listed(f, ", ", targets)
            }
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("CALL ")?;
        separated(f, ".", self.procedure.node.split('.'), |f, part| write!(f, "{}", Quoted(part)))?;
        f.write_char('(')?;
        listed(f, ", ", &self.arguments)?;
        f.write_char(')')?;
        if let Some(items) = &self.yields {
            f.write_str(if items.is_empty() { " YIELD *" } else { " YIELD " })?;
            separated(f, ", ", items, |f, item| {
                write!(f, "{}", name(&item.column))?;
                item.alias.as_ref().map_or(Ok(()), |alias| write!(f, " AS {}", name(alias)))
            })?;
        }
        clause_part(f, "WHERE", self.condition.as_ref())
    }
}

impl Display for Match {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.optional { "OPTIONAL MATCH " } else { "MATCH " })?;
        if let Some(mode) = &self.path_mode {
            write!(f, "{mode} ")?;
        }
        listed(f, ", ", &self.patterns)?;
        clause_part(f, "WHERE", self.condition.as_ref())
    }
}

impl Display for PathModeName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Walk => "WALK",
            Self::Trail => "TRAIL",
            Self::Acyclic => "ACYCLIC",
            Self::Simple => "SIMPLE",
        })
    }
}

impl Display for Shortest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Any => f.write_str("ANY SHORTEST"),
            Self::All => f.write_str("ALL SHORTEST"),
            Self::First(count) => write!(f, "SHORTEST {count}"),
            Self::AnyCheapest => f.write_str("ANY CHEAPEST"),
            Self::FirstCheapest(count) => write!(f, "CHEAPEST {count}"),
        }
    }
}

impl Display for PathPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(variable) = &self.variable {
            write!(f, "{} = ", name(variable))?;
        }
        if let Some(shortest) = self.shortest {
            write!(f, "{shortest} ")?;
        }
        if let Some(mode) = &self.path_mode {
            write!(f, "{mode} ")?;
        }
        if !is_unwritten(&self.start) || self.steps.first().is_none_or(|(first, _)| first.ends.is_none()) {
            write!(f, "{}", self.start)?;
        }
        self.steps.iter().try_for_each(|(relationship, node)| {
            if relationship.ends.is_some() {
                write!(f, "{relationship}")?;
                return if is_unwritten(node) { Ok(()) } else { write!(f, "{node}") };
            }
            let dashes = if node.bare || self.start.bare { " " } else { "" };
            write!(f, "{dashes}{relationship}{dashes}{node}")
        })
    }
}

/// Whether the node is the end of a part that is repeated and has not been written.
fn is_unwritten(node: &NodePattern) -> bool {
    node.span.start == node.span.end
}

impl Display for NodePattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.bare {
            labels(f, "", &self.labels)?;
            if !self.properties.is_empty() {
                f.write_char(' ')?;
                entries(f, &self.properties)?;
            }
            return Ok(());
        }
        f.write_char('(')?;
        if let Some(variable) = &self.variable {
            write!(f, "{}", name(variable))?;
        }
        labels(f, ":", &self.labels)?;
        if !self.properties.is_empty() {
            let named = self.variable.is_some() || !self.labels.is_empty();
            f.write_str(if named { " " } else { "" })?;
            entries(f, &self.properties)?;
        }
        clause_part(f, "WHERE", self.condition.as_ref())?;
        f.write_char(')')
    }
}

pub(crate) fn labels(f: &mut Formatter<'_>, opening: &str, groups: &[LabelExpression]) -> Result {
    groups.iter().try_for_each(|group| write!(f, "{opening}{group}"))
}

impl Display for LabelExpression {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let inner = |f: &mut Formatter<'_>, part: &Self| match part {
            Self::And(_) | Self::Or(_) => write!(f, "({part})"),
            _ => write!(f, "{part}"),
        };
        match self {
            Self::Name(label) => write!(f, "{}", name(label)),
            Self::Any(_) => f.write_char('%'),
            Self::Not(negated) => {
                f.write_char('!')?;
                inner(f, negated)
            }
            Self::And(parts) => separated(f, "&", parts, inner),
            Self::Or(parts) => separated(f, "|", parts, inner),
        }
    }
}

/// `((a)-[r]->(b) WHERE condition){2,4}`
fn repeated_part(f: &mut Formatter<'_>, part: &RelationshipPattern, [from, to]: &[NodePattern; 2]) -> Result {
    let inner = RelationshipPattern { length: None, condition: None, ends: None, ..part.clone() };
    write!(f, "({from}{inner}{to}")?;
    clause_part(f, "WHERE", part.condition.as_ref())?;
    f.write_char(')')?;
    match part.length {
        Some(Length { least, most, .. }) => {
            let bound = |bound: Option<u32>| bound.map_or(String::new(), |bound| bound.to_string());
            write!(f, "{{{},{}}}", bound(least), bound(most))
        }
        None => Ok(()),
    }
}

impl Display for RelationshipPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(ends) = &self.ends {
            return repeated_part(f, self, ends);
        }
        f.write_str(if self.arrow == Arrow::Left { "<-" } else { "-" })?;
        let typed = !self.types.is_empty() || self.type_expression.is_some();
        let names = self.variable.is_some() || typed || self.length.is_some();
        if names || !self.properties.is_empty() || self.condition.is_some() || self.cost.is_some() {
            f.write_char('[')?;
            if let Some(variable) = &self.variable {
                write!(f, "{}", name(variable))?;
            }
            if !self.types.is_empty() {
                f.write_char(':')?;
                listed(f, "|", self.types.iter().map(name))?;
            }
            if let Some(expression) = &self.type_expression {
                write!(f, ":{expression}")?;
            }
            if let Some(length) = &self.length {
                write!(f, "{length}")?;
            }
            if !self.properties.is_empty() {
                f.write_char(' ')?;
                entries(f, &self.properties)?;
            }
            clause_part(f, "WHERE", self.condition.as_ref())?;
            clause_part(f, "COST", self.cost.as_ref())?;
            f.write_char(']')?;
        }
        f.write_str(if self.arrow == Arrow::Right { "->" } else { "-" })
    }
}

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match (self.least, self.most) {
            (None, None) => f.write_str("*"),
            (Some(least), None) => write!(f, "*{least}.."),
            (None, Some(most)) => write!(f, "*..{most}"),
            (Some(least), Some(most)) if least == most => write!(f, "*{least}"),
            (Some(least), Some(most)) => write!(f, "*{least}..{most}"),
        }
    }
}

impl Display for Projection {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.distinct { "DISTINCT " } else { "" })?;
        f.write_str(if self.star { "*" } else { "" })?;
        f.write_str(if self.star && !self.items.is_empty() { ", " } else { "" })?;
        listed(f, ", ", &self.items)?;
        f.write_str(&page(self))
    }
}

/// ORDER BY, SKIP and LIMIT, a space before each.
fn page(projection: &Projection) -> String {
    let mut page = String::new();
    for (index, item) in projection.order.iter().enumerate() {
        page.push_str(if index == 0 { " ORDER BY " } else { ", " });
        page.push_str(&item.to_string());
    }
    for (keyword, part) in [("SKIP", &projection.skip), ("LIMIT", &projection.limit)] {
        page.extend(part.iter().map(|part| format!(" {keyword} {part}")));
    }
    page
}

impl Display for ProjectionItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", self.expression)?;
        clause_part(f, "AS", self.alias.as_ref().map(name).as_ref())
    }
}

impl Display for OrderItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", self.expression, if self.descending { " DESC" } else { "" })
    }
}

impl Display for SetItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Property { target, key, value } => write!(f, "{}.{} = {value}", Base(target), name(key)),
            Self::Computed { target, key, value } => write!(f, "{}[{key}] = {value}", Base(target)),
            Self::Replace { variable, value } => write!(f, "{} = {value}", name(variable)),
            Self::Merge { variable, value } => write!(f, "{} += {value}", name(variable)),
            Self::Labels { variable, labels } => {
                write!(f, "{}:", name(variable))?;
                listed(f, ":", labels.iter().map(name))
            }
        }
    }
}

impl Display for RemoveItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Property { target, key } => write!(f, "{}.{}", Base(target), name(key)),
            Self::Computed { target, key } => write!(f, "{}[{key}]", Base(target)),
            Self::Labels { variable, labels } => {
                write!(f, "{}:", name(variable))?;
                listed(f, ":", labels.iter().map(name))
            }
        }
    }
}
