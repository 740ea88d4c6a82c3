//! What was written, with its place in the text. Names are still names here: nothing has been looked up.

mod label;

pub use label::LabelExpression;

/// A stretch of the query text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Something with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The thing.
    pub node: T,
    /// Its place.
    pub span: Span,
}

/// A name as written, back-quotes removed.
pub type Name = Spanned<String>;

/// A whole query.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Whether it is to be run, explained, or both.
    pub mode: Mode,
    /// What it takes back. Such a statement has no parts.
    pub retraction: Option<Retraction>,
    /// The parts joined by UNION; at least one, but in a statement that takes something back.
    pub parts: Vec<SingleQuery>,
    /// Which pairs of its rows are to be verified.
    pub verification: Option<Verification>,
    /// For each UNION between two parts: whether it is UNION ALL. All are alike, or the parser refuses.
    pub union_all: bool,
}

/// `RETRACT DOCUMENT name`, `RETRACT RUN name`
#[derive(Clone, Debug, PartialEq)]
pub struct Retraction {
    /// What is taken back.
    pub what: Retractable,
    /// Its name, or for documents a list of names.
    pub name: Expression,
}

/// What can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retractable {
    /// A document, with all that was read in it.
    Document,
    /// A run, with all that it stated.
    Run,
}

/// `VERIFY (source)-(target) [INSERT]`
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// The column of the one end.
    pub source: Name,
    /// The column of the other end.
    pub target: Name,
    /// Whether what the sentences say is written into the graph.
    pub insert: bool,
}

/// What to do with a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Run it.
    #[default]
    Run,
    /// Show its plan; run nothing.
    Explain,
    /// Run it and show its plan with the work counted.
    Profile,
}

/// Clauses in order, without UNION.
#[derive(Clone, Debug, PartialEq)]
pub struct SingleQuery {
    /// The clauses.
    pub clauses: Vec<Spanned<Clause>>,
}

/// A query within a query: parts joined by UNION.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The parts; at least one.
    pub parts: Vec<SingleQuery>,
    /// Whether UNION ALL joins them.
    pub union_all: bool,
    /// Its place, the braces left out.
    pub span: Span,
}

/// One clause.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// `[OPTIONAL] MATCH pattern, ... [WHERE condition]`
    Match(Match),
    /// `UNWIND expression AS variable`
    Unwind {
        /// What gives the list.
        list: Expression,
        /// The name of each element.
        variable: Name,
    },
    /// `WITH ... [WHERE condition]`
    With {
        /// What is handed on.
        projection: Projection,
        /// Filter on what is handed on.
        condition: Option<Expression>,
    },
    /// `CALL name(options) YIELD ...`
    Call(Call),
    /// `CALL { query }`, `CALL (variable, ...) { query }`
    Subquery {
        /// The variables that it may use, if they are listed; `None`: those of a WITH at its beginning.
        imports: Option<Imports>,
        /// What is run for each row.
        query: Query,
    },
    /// `FOREACH (variable IN list | clause ...)`
    Foreach {
        /// The name of each element.
        variable: Name,
        /// The list.
        list: Expression,
        /// Clauses that write, run for each element.
        updates: Vec<Spanned<Clause>>,
    },
    /// `LOAD CSV [WITH HEADERS] FROM file AS variable [FIELDTERMINATOR separator]`
    LoadCsv {
        /// Whether the first line names the fields; each row is a map then, else a list.
        headers: bool,
        /// The name of the file.
        file: Expression,
        /// The name of each row.
        variable: Name,
        /// What stands between fields, if it is no comma.
        separator: Option<Expression>,
    },
    /// `RETURN ...`
    Return(Projection),
    /// `CREATE pattern, ...`
    Create(Vec<PathPattern>),
    /// `MERGE path [ON CREATE SET ...] [ON MATCH SET ...]`
    Merge {
        /// The one path.
        pattern: PathPattern,
        /// What to set if it was made.
        on_create: Vec<SetItem>,
        /// What to set if it was there.
        on_match: Vec<SetItem>,
    },
    /// `SET item, ...`
    Set(Vec<SetItem>),
    /// `REMOVE item, ...`
    Remove(Vec<RemoveItem>),
    /// `[DETACH] DELETE expression, ...`
    Delete {
        /// Whether edges of a deleted node go too.
        detach: bool,
        /// What to delete.
        targets: Vec<Expression>,
    },
}

impl Clause {
    /// The clause itself and those within it, of subqueries and of FOREACH.
    pub fn all(&self) -> Vec<&Self> {
        let inner: Vec<&Spanned<Self>> = match self {
            Self::Subquery { query, .. } => query.parts.iter().flat_map(|part| &part.clauses).collect(),
            Self::Foreach { updates, .. } => updates.iter().collect(),
            _ => Vec::new(),
        };
        std::iter::once(self).chain(inner.into_iter().flat_map(|clause| clause.node.all())).collect()
    }
}

/// The variables of the outer query that a subquery may use.
#[derive(Clone, Debug, PartialEq)]
pub enum Imports {
    /// `CALL (*) { ... }`
    All,
    /// `CALL (a, b) { ... }`, `CALL () { ... }`
    Some(Vec<Name>),
}

/// `CALL name(options) [YIELD column [AS variable], ... [WHERE condition]]`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The name of the procedure, with the dots in it.
    pub procedure: Name,
    /// What stands in the brackets.
    pub arguments: Vec<Expression>,
    /// The columns wanted, if it says so; an empty list is `YIELD *`.
    pub yields: Option<Vec<YieldItem>>,
    /// Filter on the rows yielded.
    pub condition: Option<Expression>,
}

/// One column of YIELD.
#[derive(Clone, Debug, PartialEq)]
pub struct YieldItem {
    /// The column of the procedure.
    pub column: Name,
    /// `AS variable`; without it the variable is called as the column is.
    pub alias: Option<Name>,
}

/// `[OPTIONAL] MATCH ...`
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Keep the row with nulls if nothing matches.
    pub optional: bool,
    /// What paths of this clause may repeat, if it says so: `MATCH TRAIL (a)-[*]-(b)`.
    pub path_mode: Option<Spanned<PathModeName>>,
    /// The paths joined by comma.
    pub patterns: Vec<PathPattern>,
    /// The condition after WHERE.
    pub condition: Option<Expression>,
}

/// WALK, TRAIL, ACYCLIC, SIMPLE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathModeName {
    /// Repeat anything.
    Walk,
    /// Repeat no edge.
    Trail,
    /// Repeat no node.
    Acyclic,
    /// Repeat no node but first as last.
    Simple,
}

/// One path of a pattern: nodes with relationships between them.
#[derive(Clone, Debug, PartialEq)]
pub struct PathPattern {
    /// `p = ...`
    pub variable: Option<Name>,
    /// `shortestPath(...)`, `allShortestPaths(...)`, or neither.
    pub shortest: Option<Shortest>,
    /// What this path may repeat, if it says so; stands before the path: `p = ACYCLIC (a)-[*]-(b)`.
    pub path_mode: Option<Spanned<PathModeName>>,
    /// The first node.
    pub start: NodePattern,
    /// Each further relationship and node.
    pub steps: Vec<(RelationshipPattern, NodePattern)>,
    /// Its place.
    pub span: Span,
}

/// Which of the paths between two ends, by their number of hops or by their cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortest {
    /// `ANY SHORTEST`: one of those with the fewest hops.
    Any,
    /// `ALL SHORTEST`: each of those with the fewest hops.
    All,
    /// `SHORTEST k`: so many, those with fewer hops first.
    First(u32),
    /// `ANY CHEAPEST`: one of those that cost least.
    AnyCheapest,
    /// `CHEAPEST k`: so many, the cheaper ones first.
    FirstCheapest(u32),
}

impl Shortest {
    /// Whether paths are compared by their cost.
    pub fn is_cheapest(self) -> bool {
        matches!(self, Self::AnyCheapest | Self::FirstCheapest(_))
    }
}

/// `(variable:Label {key: value})`, or a bare word.
#[derive(Clone, Debug, PartialEq)]
pub struct NodePattern {
    /// Its variable. A bare word is label and variable at once; where it repeats in one path, the further ones are
    /// numbered: the variables of `gene -- disease -- gene` are gene, disease and gene2.
    pub variable: Option<Name>,
    /// What its labels must fulfil, all of it: `:A|B:C` is `[A or B, C]`.
    pub labels: Vec<LabelExpression>,
    /// Property map.
    pub properties: Vec<(Name, Expression)>,
    /// `WHERE` in its brackets.
    pub condition: Option<Expression>,
    /// Whether it was written as a bare word: a pattern with one is a question for distinct ends.
    pub bare: bool,
    /// Its place.
    pub span: Span,
}

/// `-[variable:type1|type2*2..4 {key: value}]->` and its like.
#[derive(Clone, Debug, PartialEq)]
pub struct RelationshipPattern {
    /// Its variable.
    pub variable: Option<Name>,
    /// The types it may have; empty: every asserted type.
    pub types: Vec<Name>,
    /// What its type must fulfil, if that is more than a choice of types: `:!A`.
    pub type_expression: Option<LabelExpression>,
    /// The two nodes around each hop, in a part that is repeated: `((a)-[r]->(b)){2,4}`.
    pub ends: Option<Box<[NodePattern; 2]>>,
    /// Which way the arrow points, reading from left to right.
    pub arrow: Arrow,
    /// The hops, if it has a star.
    pub length: Option<Length>,
    /// Property map.
    pub properties: Vec<(Name, Expression)>,
    /// `WHERE` in its brackets: asked of each hop.
    pub condition: Option<Expression>,
    /// `COST` in its brackets: what each hop costs.
    pub cost: Option<Expression>,
    /// Its place.
    pub span: Span,
}

/// Which way an arrow points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrow {
    /// `-->`
    Right,
    /// `<--`
    Left,
    /// `--` or `<-->`
    Either,
}

/// The hops after a star: `*`, `*2`, `*2..`, `*..4`, `*2..4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// At least; 1 if not written.
    pub least: Option<u32>,
    /// At most; unlimited if not written.
    pub most: Option<u32>,
    /// Its place.
    pub span: Span,
}

/// The items after RETURN or WITH.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// Drop equal rows.
    pub distinct: bool,
    /// `*`: all variables, before the items.
    pub star: bool,
    /// The items. Without star and items it is the end of a query in the terse form, `MATCH gene -- disease ORDER BY
    /// hops LIMIT 5`: what to return is what it would be without ORDER BY, SKIP and LIMIT.
    pub items: Vec<ProjectionItem>,
    /// ORDER BY.
    pub order: Vec<OrderItem>,
    /// SKIP.
    pub skip: Option<Expression>,
    /// LIMIT.
    pub limit: Option<Expression>,
}

/// One item of a projection.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectionItem {
    /// What to compute.
    pub expression: Expression,
    /// `AS alias`; without it the column is called as the expression is written.
    pub alias: Option<Name>,
}

/// One item of ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// What to order by.
    pub expression: Expression,
    /// DESC.
    pub descending: bool,
}

/// One item of SET.
#[derive(Clone, Debug, PartialEq)]
pub enum SetItem {
    /// `a.key = value`
    Property {
        /// The variable (or expression) whose property it is.
        target: Expression,
        /// The key.
        key: Name,
        /// The value; null removes.
        value: Expression,
    },
    /// `a[key] = value`
    Computed {
        /// What the property is of.
        target: Expression,
        /// What gives the key.
        key: Expression,
        /// The value; null removes.
        value: Expression,
    },
    /// `a = map`: replace all properties.
    Replace {
        /// The variable.
        variable: Name,
        /// The map.
        value: Expression,
    },
    /// `a += map`: add to the properties.
    Merge {
        /// The variable.
        variable: Name,
        /// The map.
        value: Expression,
    },
    /// `a:Label`
    Labels {
        /// The variable.
        variable: Name,
        /// The labels.
        labels: Vec<Name>,
    },
}

/// One item of REMOVE.
#[derive(Clone, Debug, PartialEq)]
pub enum RemoveItem {
    /// `a.key`
    Property {
        /// The variable whose property it is.
        target: Expression,
        /// The key.
        key: Name,
    },
    /// `a[key]`
    Computed {
        /// What the property is of.
        target: Expression,
        /// What gives the key.
        key: Expression,
    },
    /// `a:Label`
    Labels {
        /// The variable.
        variable: Name,
        /// The labels.
        labels: Vec<Name>,
    },
}

/// An expression with its place.
pub type Expression = Box<Spanned<ExpressionKind>>;

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// `null`, `true`, `12`, `1.5`, `'text'`
    Literal(Literal),
    /// `$name`
    Parameter(String),
    /// `name`
    Variable(String),
    /// `a.key`
    Property(Expression, Name),
    /// `a[index]`
    Index(Expression, Expression),
    /// `a[from..to]`
    Slice(Expression, Option<Expression>, Option<Expression>),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{key: value}`
    Map(Vec<(Name, Expression)>),
    /// `NOT a`, `-a`
    Unary(UnaryOperator, Expression),
    /// `a AND b`, `a < b`, `a + b`, ...
    Binary(BinaryOperator, Expression, Expression),
    /// `a IS NULL`; true: `IS NOT NULL`
    IsNull(Expression, bool),
    /// `a:Label`, `a:A|B`
    HasLabels(Expression, Vec<LabelExpression>),
    /// `name(argument, ...)`, aggregates included
    Call {
        /// The function.
        name: Name,
        /// `count(DISTINCT a)`
        distinct: bool,
        /// The arguments.
        arguments: Vec<Expression>,
    },
    /// `count(*)`
    CountStar,
    /// `CASE [operand] WHEN a THEN b ... [ELSE c] END`
    Case {
        /// What is compared, in the simple form.
        operand: Option<Expression>,
        /// The branches; the simple form may have several values before THEN.
        branches: Vec<(Vec<Expression>, Expression)>,
        /// The rest.
        otherwise: Option<Expression>,
    },
    /// `[x IN list WHERE condition | result]`
    ListComprehension {
        /// The name of each element.
        variable: Name,
        /// The list.
        list: Expression,
        /// What an element must fulfil.
        condition: Option<Expression>,
        /// What becomes of it.
        result: Option<Expression>,
    },
    /// `all(x IN list WHERE condition)` and any, none, single
    Quantifier {
        /// Which.
        kind: QuantifierKind,
        /// The name of each element.
        variable: Name,
        /// The list.
        list: Expression,
        /// What is asked of an element.
        condition: Expression,
    },
    /// `reduce(accumulator = start, variable IN list | step)`
    Reduce {
        /// The name of what has been computed so far.
        accumulator: Name,
        /// What it begins with.
        start: Expression,
        /// The name of each element.
        variable: Name,
        /// The list.
        list: Expression,
        /// What becomes of the accumulator.
        step: Expression,
    },
    /// `[p = (a)--(b) WHERE condition | result]`
    PatternComprehension {
        /// The path.
        pattern: Box<PathPattern>,
        /// What a match must fulfil.
        condition: Option<Expression>,
        /// What becomes of it.
        result: Expression,
    },
    /// `a {.key, .*, key: value, variable}`
    MapProjection {
        /// What is projected.
        of: Expression,
        /// The entries.
        items: Vec<MapItem>,
    },
    /// `EXISTS { query }`, `COUNT { query }`, `COLLECT { query }`
    Subquery {
        /// What is asked of its rows.
        kind: SubqueryKind,
        /// The query; it may end without RETURN where its rows are only counted.
        query: Box<Query>,
    },
    /// `(a)--(b)` as a condition, or `EXISTS { (a)--(b) WHERE condition }`
    Exists {
        /// The paths.
        patterns: Vec<PathPattern>,
        /// The condition after WHERE.
        condition: Option<Expression>,
        /// Whether EXISTS stands before it. A path alone is a condition and no value, and names nothing new.
        braces: bool,
    },
}

/// A value written out.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// `12`
    Integer(i64),
    /// `1.5`, `2e-3`
    Float(f64),
    /// `'text'`, `"text"`
    Text(String),
}

/// Operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `NOT`
    Not,
    /// `-`
    Negate,
    /// `+`
    Plus,
}

/// Operators of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `OR`
    Or,
    /// `XOR`
    Xor,
    /// `AND`
    And,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IN`
    In,
    /// `STARTS WITH`
    StartsWith,
    /// `ENDS WITH`
    EndsWith,
    /// `CONTAINS`
    Contains,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `^`
    Power,
    /// `=~`
    Matches,
    /// `||`
    Join,
}

/// An entry of a map projection.
#[derive(Clone, Debug, PartialEq)]
pub enum MapItem {
    /// `.key`
    Property(Name),
    /// `.*`
    All(Span),
    /// `key: value`
    Entry(Name, Expression),
    /// `variable`: an entry of its name.
    Variable(Name),
}

/// What is asked of the rows of a query within an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubqueryKind {
    /// Whether there is one.
    Exists,
    /// How many there are.
    Count,
    /// The values of its one column.
    Collect,
}

/// Which elements must fulfil a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantifierKind {
    /// Each.
    All,
    /// At least one.
    Any,
    /// None.
    None,
    /// Exactly one.
    Single,
}
