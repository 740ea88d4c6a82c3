//! The plan in words: an indented tree, one line an operator, with the rows that are expected, and after a profile the
//! work that was counted. The text is stable: tests compare it.

use hopgraph_engine::Direction;
use hopgraph_engine::traverse::PathMode;

use crate::planner::Estimator;
use crate::planner::plan::Slot;
use crate::planner::plan::{
    Access, Aggregate, Answer, Branch, CountBy, Edit, Expression, ExpressionKind, Hop, NodePattern, PairTest, Plan,
    Query, Range, Reach, Removal,
};
use crate::syntax::ast::Span;

/// What an operator did when it ran, its inputs included (but for the rows).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) rows: u64,
    pub(crate) neighbors: u64,
    pub(crate) nanoseconds: u64,
}

/// The lines of a plan, the last operator first, each input two spaces deeper.
pub(crate) fn explain(query: &Query, text: &str, estimator: &Estimator, profile: Option<&[Measured]>) -> Vec<String> {
    let mut writer = Writer { query, text, estimator, profile, met: 0, lines: Vec::new() };
    writer.plan(&query.plan, 0);
    writer.lines
}

struct Writer<'w> {
    query: &'w Query,
    text: &'w str,
    estimator: &'w Estimator,
    /// The work of the operators, in the order in which they are met here.
    profile: Option<&'w [Measured]>,
    met: usize,
    lines: Vec<String>,
}

impl Writer<'_> {
    /// Writes a plan. Gives the place of its work in the profile.
    fn plan(&mut self, plan: &Plan, depth: usize) -> usize {
        let (place, line) = (self.met, self.lines.len());
        self.met += 1;
        if *plan == Plan::Row && line > 0 {
            return place;
        }
        self.lines.push(String::new());
        let mut below = Vec::new();
        // In the order in which `lower` meets them.
        for subquery in plan.expressions().into_iter().flat_map(Expression::subqueries) {
            let asked = match subquery.answer {
                Answer::Exists => "Exists",
                Answer::Count => "Count",
                Answer::Collect(_) => "Collect",
            };
            self.lines.push(format!("{}{asked}", "  ".repeat(depth + 1)));
            below.push(self.plan(&subquery.plan, depth + 2));
        }
        for input in plan.inputs() {
            below.push(self.plan(input, depth + 1));
        }
        let rows = rounded(self.estimator.rows(plan));
        let plural = if rows == "1" { "" } else { "s" };
        let (operator, measured) = (self.operator(plan), self.measured(place, &below));
        self.lines[line] = format!("{}{operator}  (about {rows} row{plural}{measured})", "  ".repeat(depth));
        place
    }

    /// What an operator itself did: its work without that of the operators inside.
    fn measured(&self, place: usize, below: &[usize]) -> String {
        let Some(profile) = self.profile else { return String::new() };
        let own = |count: fn(&Measured) -> u64| {
            count(&profile[place]).saturating_sub(below.iter().map(|&inside| count(&profile[inside])).sum())
        };
        let neighbors = own(|work| work.neighbors);
        let nanoseconds = own(|work| work.nanoseconds);
        let rows = profile[place].rows;
        format!("; gave {rows}, touched {neighbors} neighbours, took {:.2} ms", nanoseconds as f64 / 1e6)
    }

    fn operator(&self, plan: &Plan) -> String {
        match plan {
            Plan::Row => "Row".into(),
            Plan::Match { .. } => "Match".into(),
            Plan::Scan { node, access, .. } => format!("Scan {} {}", self.node(node), self.access(access)),
            Plan::Expand { from, to, hop, keep, .. } => {
                let pattern = self.hop(*from, to, hop, None, Some(hop.edge));
                let ends = if keep.distinct_ends { ", each end once" } else { "" };
                format!("Expand {pattern}{ends}{}", self.unlike(&keep.unlike))
            }
            Plan::ExpandPaths { from, to, hop, walk, .. } => {
                let pattern = self.hop(*from, to, hop, Some(walk.range), Some(walk.slot));
                format!("ExpandPaths {} {pattern}{}", mode(walk.mode), self.unlike(&walk.unlike))
            }
            Plan::Reach { reach, .. } => format!("Reach {}", self.reach(reach)),
            Plan::CountReach { reach, by, .. } => {
                let name = if *by == CountBy::Paths { "CountPaths" } else { "CountReach" };
                format!("{name} {}{}", self.reach(reach), self.count_by(reach, by))
            }
            Plan::ShortestPath { from, to, hop, choice, .. } => {
                let end =
                    NodePattern { slot: *to, bound: true, named: true, labels: Vec::new(), conditions: Vec::new() };
                let cost = choice.cost.as_ref().map(|cost| format!(" by {}", self.expression(&cost.of_hop)));
                let pattern = self.hop(*from, &end, hop, Some(choice.range), Some(choice.slot));
                format!("ShortestPath {} {pattern}{}", choice.which, cost.unwrap_or_default())
            }
            Plan::Unrepeated { mode: kept, .. } => format!("Unrepeated {}", mode(*kept)),
            Plan::Filter { conditions, .. } => format!("Filter {}", self.all(conditions, " AND ")),
            Plan::Project { items, .. } => {
                let items = items.iter().map(|(slot, item)| self.item(*slot, item)).collect::<Vec<_>>();
                format!("Project {}", items.join(", "))
            }
            Plan::Aggregate { keys, aggregates, .. } => {
                let keys = keys.iter().map(|(slot, key)| self.item(*slot, key));
                let aggregates = aggregates.iter().map(|aggregate| self.aggregate(aggregate));
                format!("Aggregate {}", keys.chain(aggregates).collect::<Vec<_>>().join(", "))
            }
            Plan::Distinct { slots, .. } => format!("Distinct {}", self.names(slots)),
            Plan::Sort { keys, limit, .. } => {
                let keys = keys.iter().map(|key| {
                    format!("{}{}", self.expression(&key.expression), if key.descending { " DESC" } else { "" })
                });
                let keys = keys.collect::<Vec<_>>().join(", ");
                match limit {
                    None => format!("Sort {keys}"),
                    Some(limit) => {
                        let skip = limit.skip.as_ref().map(|skip| format!("{} + ", self.expression(skip)));
                        format!("Top {}{} by {keys}", skip.unwrap_or_default(), self.expression(&limit.limit))
                    }
                }
            }
            Plan::Skip { count, .. } => format!("Skip {}", self.expression(count)),
            Plan::Limit { count, .. } => format!("Limit {}", self.expression(count)),
            Plan::Call { procedure, options, .. } => {
                let options = options.as_ref().map(|options| self.expression(options)).unwrap_or_default();
                format!("Call {}({options})", procedure.name)
            }
            Plan::Unwind { list, slot, .. } => format!("Unwind {} AS {}", self.expression(list), self.name(*slot)),
            Plan::Apply { optional, .. } => if *optional { "Optional" } else { "Apply" }.into(),
            Plan::Union { slots, .. } => format!("Union {}", self.names(slots)),
            Plan::Join { .. } | Plan::CountHops { .. } | Plan::CountPaths { .. } | Plan::Combine { .. } => {
                self.of_rows_together(plan)
            }
            Plan::Create { .. } | Plan::Merge { .. } | Plan::Set { .. } | Plan::Delete { .. } => self.writer(plan),
        }
    }

    /// What joins rows by their values, or stands for many of them at once.
    fn of_rows_together(&self, plan: &Plan) -> String {
        match plan {
            Plan::Join { keys, .. } => {
                let key = |(left, right): &(Expression, Expression)| {
                    format!("{} = {}", self.expression(left), self.expression(right))
                };
                format!("Join on {}", keys.iter().map(key).collect::<Vec<_>>().join(" AND "))
            }
            Plan::CountHops { from, branch, unlike, .. } => {
                format!("CountHops ({}){}{}", self.name(*from), self.branch(branch), self.unlike(unlike))
            }
            Plan::CountPaths { from, to, hop, walk, .. } => {
                let pattern = self.hop(*from, to, hop, Some(walk.range), None);
                format!("CountPaths {} {pattern}{}", mode(walk.mode), self.unlike(&walk.unlike))
            }
            Plan::Combine { run, node, .. } => {
                let slots: Vec<Slot> = run.iter().chain([node]).copied().collect();
                format!("Combine {}", self.names(&slots))
            }
            _ => unreachable!("asked only for what joins or counts rows"),
        }
    }

    fn writer(&self, plan: &Plan) -> String {
        match plan {
            Plan::Create { creation, .. } => {
                format!("Create {} nodes, {} relationships", creation.nodes.len(), creation.relationships.len())
            }
            Plan::Merge { creation, .. } => {
                format!("Merge {} nodes, {} relationships", creation.nodes.len(), creation.relationships.len())
            }
            Plan::Set { edits, .. } => {
                format!("Set {}", edits.iter().map(|edit| self.edit(edit)).collect::<Vec<_>>().join(", "))
            }
            Plan::Delete { targets, detach, .. } => {
                format!("{}Delete {}", if *detach { "Detach" } else { "" }, self.all(targets, ", "))
            }
            _ => unreachable!("only plans that write come here"),
        }
    }

    fn node(&self, node: &NodePattern) -> String {
        let labels = node.labels.iter().map(|alternatives| {
            let names: Vec<&str> = alternatives.iter().map(|label| &*label.name).collect();
            format!(":{}", names.join("|"))
        });
        let name = if node.named { self.name(node.slot) } else { String::new() };
        let conditions = if node.conditions.is_empty() {
            String::new()
        } else {
            format!(" where {}", self.all(&node.conditions, " AND "))
        };
        format!("({name}{}{conditions})", labels.collect::<String>())
    }

    fn access(&self, access: &Access) -> String {
        match access {
            Access::Id(value) => format!("by number {}", self.expression(value)),
            Access::Identifier(value) => format!("by identifier {}", self.expression(value)),
            Access::Name(value) => format!("by name {}", self.expression(value)),
            Access::Label(alternatives) => {
                let names: Vec<&str> = alternatives.iter().map(|label| &*label.name).collect();
                format!("by label {}", names.join("|"))
            }
            Access::All => "one by one".into(),
        }
    }

    fn hop(&self, from: Slot, to: &NodePattern, hop: &Hop, range: Option<Range>, slot: Option<Slot>) -> String {
        format!("({}){}{}", self.name(from), self.arrow(hop, range, slot), self.node(to))
    }

    /// What is counted: each way on in brackets, if there are several.
    fn branch(&self, branch: &Branch) -> String {
        let inner: Vec<String> = branch.inner.iter().map(|inner| self.branch(inner)).collect();
        let inner = match &inner[..] {
            [one] => one.clone(),
            several => several.iter().map(|one| format!("[{one}]")).collect(),
        };
        format!("{}{}{inner}", self.arrow(&branch.hop, None, None), self.node(&branch.to))
    }

    fn reach(&self, reach: &Reach) -> String {
        let arrow = self.arrow(&reach.hop, Some(reach.range), None);
        let tests: String = reach.tests.iter().map(|test| self.pair_test(test)).collect();
        let different = if reach.different { ", different nodes" } else { "" };
        format!("{} {}{arrow}{}{different}{tests}", mode(reach.mode), self.node(&reach.from), self.node(&reach.to))
    }

    fn pair_test(&self, test: &PairTest) -> String {
        let wanted = if test.wanted { "also" } else { "but not" };
        let arrow = self.arrow(&test.hop, test.path.map(|(range, _)| range), None);
        let mode = test.path.map(|(_, kept)| format!("{} ", mode(kept))).unwrap_or_default();
        format!(", {wanted} {mode}{arrow}")
    }

    fn count_by(&self, reach: &Reach, by: &CountBy) -> String {
        let node = by.end().map(|end| self.name(reach.end(end).slot)).unwrap_or_default();
        let each = match by {
            CountBy::Nothing | CountBy::Paths => String::new(),
            CountBy::Each(_) => format!(", each {node}"),
            CountBy::Group(end, keys) if keys.is_empty() => {
                format!(", each {} once", self.name(reach.end(end.other()).slot))
            }
            CountBy::Group(_, keys) => format!(", each {}", self.all(keys, ", ")),
        };
        let hops = reach.hops.map(|hops| format!(", each number of {}", self.name(hops)));
        each + &hops.unwrap_or_default()
    }

    fn arrow(&self, hop: &Hop, range: Option<Range>, slot: Option<Slot>) -> String {
        let types: Vec<&str> = hop.types.iter().map(|relation| &*relation.name).collect();
        let types = if types.is_empty() { String::new() } else { format!(":{}", types.join("|")) };
        let range = range.map(|range| match range.most {
            Some(most) if most == range.least => format!("*{most}"),
            most => format!("*{}..{}", range.least, most.map(|most| most.to_string()).unwrap_or_default()),
        });
        let evidence = hop.evidence.entries().iter().map(|(key, value)| format!("{key}: {}", self.expression(value)));
        let asked = evidence.chain(hop.conditions.iter().map(|condition| self.expression(condition)));
        let asked = asked.collect::<Vec<_>>().join(" AND ");
        let conditions = if asked.is_empty() { asked } else { format!(" where {asked}") };
        let name = slot.map(|slot| self.name(slot)).unwrap_or_default();
        let inside = format!("{name}{types}{}{conditions}", range.unwrap_or_default());
        let inside = if inside.is_empty() { String::new() } else { format!("[{inside}]") };
        let (left, right) = match hop.direction {
            Direction::Out => ("-", "->"),
            Direction::In => ("<-", "-"),
            Direction::Both => ("-", "-"),
        };
        format!("{left}{inside}{right}")
    }

    fn unlike(&self, slots: &[Slot]) -> String {
        if slots.is_empty() { String::new() } else { ", no edge twice".into() }
    }

    fn aggregate(&self, aggregate: &Aggregate) -> String {
        let distinct = if aggregate.distinct { "DISTINCT " } else { "" };
        let argument = aggregate.argument.as_ref().map_or_else(|| "*".into(), |argument| self.expression(argument));
        format!("{}({distinct}{argument})", aggregate.kind.name())
    }

    fn edit(&self, edit: &Edit) -> String {
        match edit {
            Edit::Property { target, key, .. } => format!("{}.{key}", self.expression(target)),
            Edit::Computed { target, key, .. } => format!("{}[{}]", self.expression(target), self.expression(key)),
            Edit::Replace { target, .. } | Edit::Merge { target, .. } => self.expression(target),
            Edit::AddLabels { target, labels } => format!("{}:{}", self.expression(target), labels.join(":")),
            Edit::Remove { target, removal: Removal::Property(key) } => format!("-{}.{key}", self.expression(target)),
            Edit::Remove { target, removal: Removal::Labels(labels) } => {
                format!("-{}:{}", self.expression(target), labels.join(":"))
            }
        }
    }

    fn item(&self, slot: Slot, item: &Expression) -> String {
        let (name, expression) = (self.name(slot), self.expression(item));
        if name == expression { name } else { format!("{expression} AS {name}") }
    }

    fn names(&self, slots: &[Slot]) -> String {
        slots.iter().map(|&slot| self.name(slot)).collect::<Vec<_>>().join(", ")
    }

    fn all(&self, expressions: &[Expression], separator: &str) -> String {
        expressions.iter().map(|expression| self.expression(expression)).collect::<Vec<_>>().join(separator)
    }

    fn name(&self, slot: Slot) -> String {
        self.query.slot_names.get(slot.0).cloned().unwrap_or_default()
    }

    /// An expression as it was written; one that was made here, in words.
    fn expression(&self, expression: &Expression) -> String {
        if let Some(slot) = expression.as_slot() {
            return self.name(slot);
        }
        if expression.span != Span::default() {
            let written = &self.text[expression.span.start..expression.span.end];
            return written.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        match &expression.kind {
            ExpressionKind::Path { .. } => "path".into(),
            ExpressionKind::HopCount(_) => "number of hops".into(),
            ExpressionKind::Constant(crate::value::Cell::Integer(integer)) => integer.to_string(),
            _ => "expression".into(),
        }
    }
}

fn mode(mode: PathMode) -> &'static str {
    match mode {
        PathMode::Walk => "WALK",
        PathMode::Trail => "TRAIL",
        PathMode::Acyclic => "ACYCLIC",
        PathMode::Simple => "SIMPLE",
    }
}

/// A guess needs no more than two digits.
fn rounded(rows: f64) -> String {
    if rows < 1.0 {
        return if rows > 0.0 { "1".into() } else { "0".into() };
    }
    if rows >= 1e15 {
        return "very many".into();
    }
    let scale = 10_f64.powf((rows.log10().floor() - 1.0).max(0.0));
    format!("{:.0}", (rows / scale).round() * scale)
}
