//! Expressions made ready for columns: what they read of the graph is fetched here, once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use hopgraph_engine::{Direction, NodeSet, TopologyKey, View};

use super::kernel::Kind;
use super::{Bits, Kernel, LabelColumn, PropertyReader, Records};
use crate::executor::compute::Context;
use crate::fault::Result;
use crate::planner::plan::{Expression, ExpressionKind, Hop, Label, Slot};
use crate::syntax::ast::BinaryOperator;
use crate::value::Cell;

/// What is known while the expressions of a pipeline are made ready.
pub(in crate::executor) struct Compiler<'c, 'g> {
    pub(in crate::executor) context: &'c Context<'g>,
    /// The slots that hold nodes or null, and those that hold relationships or null.
    pub(in crate::executor) nodes: BTreeSet<Slot>,
    pub(in crate::executor) edges: BTreeSet<Slot>,
    /// About how many rows are going to be read.
    pub(in crate::executor) expected: u64,
    readers: HashMap<Arc<str>, Arc<PropertyReader>>,
    records: Arc<Records>,
}

impl<'c, 'g> Compiler<'c, 'g> {
    /// Nothing known yet.
    pub(in crate::executor) fn new(context: &'c Context<'g>) -> Self {
        let (nodes, edges) = (BTreeSet::new(), BTreeSet::new());
        Self { context, nodes, edges, expected: 0, readers: HashMap::new(), records: Arc::default() }
    }

    /// The expression for columns.
    pub(in crate::executor) fn kernel(&mut self, expression: &Expression) -> Result<Kernel> {
        let kind = match self.columnar(expression)? {
            Some(kind) => kind,
            None => Kind::Row(expression.clone(), expression.reads().into_iter().collect()),
        };
        Ok(Kernel { kind, span: expression.span })
    }

    /// All of them.
    pub(in crate::executor) fn kernels(&mut self, expressions: &[Expression]) -> Result<Vec<Kernel>> {
        expressions.iter().map(|expression| self.kernel(expression)).collect()
    }

    fn boxed(&mut self, expression: &Expression) -> Result<Box<Kernel>> {
        self.kernel(expression).map(Box::new)
    }

    fn columnar(&mut self, expression: &Expression) -> Result<Option<Kind>> {
        use ExpressionKind as Written;
        Ok(Some(match &expression.kind {
            Written::Constant(cell) => Kind::Constant(cell.clone()),
            Written::Parameter(name) => match self.context.parameter(name) {
                Some(cell) => Kind::Constant(cell.clone()),
                None => return Ok(None),
            },
            Written::Slot(slot) => Kind::Slot(*slot),
            Written::Subquery(subquery) => Kind::Slot(subquery.slot),
            Written::Property(inner, key) if self.is_node(inner) => {
                let reader = self.reader(key)?;
                Kind::Property(self.boxed(inner)?, reader)
            }
            Written::Property(inner, key) if &**key == "confidence" && self.is_edge(inner) => self.confidence(inner)?,
            Written::Not(inner) => Kind::Not(self.boxed(inner)?),
            Written::IsNull(inner) => Kind::IsNull(self.boxed(inner)?),
            Written::Binary(BinaryOperator::Xor | BinaryOperator::Matches | BinaryOperator::Join, ..) => {
                return Ok(None);
            }
            Written::Binary(operator, a, b) => Kind::Binary(*operator, self.boxed(a)?, self.boxed(b)?),
            Written::HasLabels(inner, groups) if self.is_node(inner) => {
                Kind::HasLabels(self.boxed(inner)?, self.label_sets(groups)?)
            }
            Written::Connects(from, to, hop) if self.is_node(from) && self.is_node(to) && hop.is_plain() => {
                let topology = self.context.topology(&self.key(hop)?)?;
                Kind::Connects(self.boxed(from)?, self.boxed(to)?, topology)
            }
            Written::Index(list, index) => match (&list.kind, &index.kind) {
                (Written::Call(function, arguments), Written::Constant(Cell::Integer(0)))
                    if function.name() == "labels" && self.is_node(&arguments[0]) =>
                {
                    Kind::FirstLabel(self.boxed(&arguments[0])?, LabelColumn::of(self.context.snapshot())?)
                }
                _ => return Ok(None),
            },
            Written::Call(function, arguments) => return self.call(function.name(), arguments),
            _ => return Ok(None),
        }))
    }

    fn call(&mut self, name: &str, arguments: &[Expression]) -> Result<Option<Kind>> {
        let of_node = arguments.first().is_some_and(|argument| self.is_node(argument));
        let of_edge = arguments.first().is_some_and(|argument| self.is_edge(argument));
        Ok(Some(match name {
            "labels" if of_node => Kind::Labels(self.boxed(&arguments[0])?, LabelColumn::of(self.context.snapshot())?),
            "id" if of_node => Kind::Id(self.boxed(&arguments[0])?),
            "name" if of_node => {
                let reader = self.reader(&Arc::from("name"))?;
                Kind::Property(self.boxed(&arguments[0])?, reader)
            }
            "type" if of_edge => {
                let catalog = self.context.snapshot().catalog();
                let names = catalog.relation_types().map(|(_, relation)| Cell::text(&relation.name)).collect();
                Kind::Type(self.boxed(&arguments[0])?, names)
            }
            "confidence" if of_edge => self.confidence(&arguments[0])?,
            "toLower" => Kind::Lower(self.boxed(&arguments[0])?),
            "toUpper" => Kind::Upper(self.boxed(&arguments[0])?),
            "degree" if of_node => match self.degree_key(arguments.get(1)) {
                Some(key) => Kind::Degree(self.boxed(&arguments[0])?, self.context.topology(&key)?),
                None => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    fn confidence(&mut self, edge: &Expression) -> Result<Kind> {
        let table = self.context.snapshot().evidence_table(self.context.budget())?;
        Ok(Kind::Confidence(self.boxed(edge)?, table))
    }

    /// The relationships that `degree(n, 'T')` counts; `None` if its second argument is not known yet.
    fn degree_key(&self, name: Option<&Expression>) -> Option<TopologyKey> {
        let relations = match name.map(|name| &name.kind) {
            None => None,
            Some(ExpressionKind::Constant(Cell::Text(name))) => {
                let wanted = name.to_lowercase();
                let types = self.context.snapshot().catalog().relation_types();
                Some(types.filter(|(_, one)| one.name.to_lowercase() == wanted).map(|(id, _)| id).collect())
            }
            Some(_) => return None,
        };
        Some(TopologyKey { relations, direction: Direction::Both })
    }

    /// The reader of a property.
    pub(in crate::executor) fn reader(&mut self, key: &Arc<str>) -> Result<Arc<PropertyReader>> {
        if let Some(reader) = self.readers.get(key) {
            return Ok(Arc::clone(reader));
        }
        let reader = Arc::new(PropertyReader::new(self.context.snapshot(), key, &self.records, self.expected)?);
        self.readers.insert(Arc::clone(key), Arc::clone(&reader));
        Ok(reader)
    }

    /// The topology of a hop.
    pub(in crate::executor) fn key(&self, hop: &Hop) -> Result<TopologyKey> {
        Ok(TopologyKey { relations: self.context.relations(&hop.types)?, direction: hop.direction })
    }

    /// For each group of alternatives, the nodes that have one of the labels.
    pub(in crate::executor) fn label_sets(&self, groups: &[Vec<Label>]) -> Result<Vec<Bits>> {
        let set = |alternatives: &Vec<Label>| {
            let mut union = NodeSet::new();
            for label in alternatives {
                union.union_with(&*self.context.nodes_with_label(label)?);
            }
            Ok(Bits::from(&union))
        };
        groups.iter().map(set).collect()
    }

    fn is_node(&self, expression: &Expression) -> bool {
        expression.as_slot().is_some_and(|slot| self.nodes.contains(&slot))
    }

    fn is_edge(&self, expression: &Expression) -> bool {
        expression.as_slot().is_some_and(|slot| self.edges.contains(&slot))
    }
}
