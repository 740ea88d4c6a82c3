//! What the columns of a file mean, from their names.

use std::fmt;

/// What a field holds that becomes a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyKind {
    /// One value.
    One(ScalarKind),
    /// Several, separated by `;`.
    List(ScalarKind),
}

/// What a single value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarKind {
    /// Text: also the temporal types of neo4j-admin, which are kept as written.
    Text,
    /// A whole number.
    Integer,
    /// A floating-point number.
    Float,
    /// `true` or `false`, ignoring case.
    Boolean,
}

impl ScalarKind {
    /// Its name with an article, for messages.
    pub(crate) fn article_and_name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::Boolean => "true or false",
        }
    }
}

/// What one column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Identifier of a node, with the id space that prefixes it: `:ID(NCBIGene)` reads `672` as `NCBIGene:672`.
    Identifier(Option<String>),
    /// Preferred name of a node.
    Name,
    /// Labels of a node, separated by `;`.
    Labels,
    /// Synonyms of a node, separated by `|` or `;`.
    Synonyms,
    /// Identifier of the node where an edge starts.
    Source(Option<String>),
    /// Identifier of the node where an edge ends.
    Target(Option<String>),
    /// Relation type of an edge.
    Type,
    /// A property.
    Property {
        /// Its name.
        name: String,
        /// What it holds.
        kind: PropertyKind,
    },
    /// Nothing.
    Ignored,
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Identifier(_) => "id",
            Self::Name => "name",
            Self::Labels => "label",
            Self::Synonyms => "synonyms",
            Self::Source(_) => "source",
            Self::Target(_) => "target",
            Self::Type => "type",
            Self::Property { name, .. } => name,
            Self::Ignored => "-",
        })
    }
}

/// What a file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// A node a row.
    Nodes,
    /// An edge a row.
    Edges,
}

impl Table {
    /// The columns that it cannot do without.
    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Nodes => &["id"],
            Self::Edges => &["source", "type", "target"],
        }
    }

    /// The option that names its columns.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Nodes => "--node-columns",
            Self::Edges => "--edge-columns",
        }
    }

    fn kind_of_row(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Edges => "edges",
        }
    }
}

/// The columns of a file, in order.
///
/// There are two ways to name them. In **neo4j-admin's convention** the type of a column gives its part: `id:ID`,
/// `:LABEL`, `:START_ID`, `:TYPE`, `:END_ID`, `:IGNORE`; an id space such as `:ID(NCBIGene)` becomes a prefix of the
/// identifier. In the **plain convention**, used for names given by hand and for header rows without an id column of the
/// first convention, the names themselves do: `id`, `name`, `label`, `synonyms`; `source`, `type`, `target`; `-` or
/// nothing for a column to leave out. `name` and `synonyms` have their meaning in both. Every other column becomes a
/// property of its name, text unless it has one of the types `int`, `long`, `float`, `double`, `boolean`, `string`, with
/// `[]` for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

impl Columns {
    /// The columns of a nodes file with these names, or what is wrong with them.
    pub fn nodes<S: AsRef<str>>(names: &[S]) -> Result<Self, String> {
        Self::of_table(names, Table::Nodes)
    }

    /// The columns of an edges file with these names, or what is wrong with them.
    pub fn edges<S: AsRef<str>>(names: &[S]) -> Result<Self, String> {
        Self::of_table(names, Table::Edges)
    }

    pub(crate) fn of_table<S: AsRef<str>>(names: &[S], table: Table) -> Result<Self, String> {
        let names: Vec<&str> = names.iter().map(|name| name.as_ref().trim()).collect();
        let typed = names.iter().any(|name| names_an_identifier(name, table));
        // Required columns come first: a header row that is really data should be called that, not "unknown type".
        if !typed {
            require(&names, table)?;
        }
        let columns: Vec<Column> = names.iter().map(|name| column(name, table, typed)).collect::<Result<_, _>>()?;
        let parts: Vec<String> =
            columns.iter().filter(|column| !is_property(column)).map(ToString::to_string).collect();
        require(&parts, table).map_err(|_| missing_part(&names, table))?;
        refuse_duplicates(&columns)?;
        Ok(Self(columns))
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns in order.
    pub fn iter(&self) -> impl Iterator<Item = &Column> {
        self.0.iter()
    }
}

/// Whether a name makes its header row one of neo4j-admin's.
fn names_an_identifier(name: &str, table: Table) -> bool {
    let Some((_, kind)) = name.split_once(':') else { return false };
    let kind = without_argument(kind).0;
    match table {
        Table::Nodes => kind.eq_ignore_ascii_case("ID"),
        Table::Edges => ["START_ID", "END_ID", "TYPE"].iter().any(|part| kind.eq_ignore_ascii_case(part)),
    }
}

fn is_property(column: &Column) -> bool {
    matches!(column, Column::Property { .. })
}

fn require<S: AsRef<str>>(names: &[S], table: Table) -> Result<(), String> {
    let has = |wanted: &&&str| !names.iter().any(|name| bare(name.as_ref()).eq_ignore_ascii_case(wanted));
    let missing: Vec<&str> = table.required().iter().filter(has).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let found: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    Err(format!(
        "no column {} among {:?}, which a file of {} needs; name the columns with {} (and say --no-header if the first \
         row is data already)",
        missing.join(", "),
        found.join(", "),
        table.kind_of_row(),
        table.option(),
    ))
}

fn missing_part(names: &[&str], table: Table) -> String {
    let wanted = match table {
        Table::Nodes => ":ID (or plainly id)",
        Table::Edges => ":START_ID, :TYPE and :END_ID (or plainly source, type, target)",
    };
    format!("a file of {} needs the columns {wanted}; it has {:?}", table.kind_of_row(), names.join(", "))
}

/// The name without its type.
fn bare(name: &str) -> &str {
    name.split_once(':').map_or(name, |(bare, _)| bare)
}

/// Splits `ID(Person)` into `ID` and `Person`.
fn without_argument(kind: &str) -> (&str, Option<&str>) {
    match kind.split_once('(') {
        Some((kind, argument)) => (kind, Some(argument.trim_end_matches(')')).filter(|argument| !argument.is_empty())),
        None => (kind, None),
    }
}

fn column(name: &str, table: Table, typed: bool) -> Result<Column, String> {
    let (name, kind) = match name.split_once(':') {
        Some((name, kind)) => (name, Some(kind)),
        None => (name, None),
    };
    let part = match kind {
        // `id:string` and `id:int` are ids too: an identifier is kept as it is written.
        Some(kind) => typed_part(kind).or_else(|| {
            let plain = matches!(scalar_kind(kind), Some(ScalarKind::Text | ScalarKind::Integer));
            if plain && !name.is_empty() { named_part(name, table, typed) } else { None }
        }),
        None => named_part(name, table, typed),
    };
    // `name:string` is the name too.
    let text = kind.is_none_or(|kind| kind.eq_ignore_ascii_case("string"));
    match part {
        Some(column) => Ok(column),
        None if text && name.eq_ignore_ascii_case("name") && table == Table::Nodes => Ok(Column::Name),
        None if kind.is_none_or(|kind| kind.eq_ignore_ascii_case("string[]"))
            && name.eq_ignore_ascii_case("synonyms")
            && table == Table::Nodes =>
        {
            Ok(Column::Synonyms)
        }
        None => property_column(name, kind),
    }
}

fn typed_part(kind: &str) -> Option<Column> {
    let (kind, space) = without_argument(kind);
    let space = space.map(str::to_owned);
    match kind.to_ascii_uppercase().as_str() {
        "ID" => Some(Column::Identifier(space)),
        "START_ID" => Some(Column::Source(space)),
        "END_ID" => Some(Column::Target(space)),
        "LABEL" => Some(Column::Labels),
        "TYPE" => Some(Column::Type),
        "IGNORE" => Some(Column::Ignored),
        _ => None,
    }
}

fn named_part(name: &str, table: Table, typed: bool) -> Option<Column> {
    if name.is_empty() || name == "-" {
        return Some(Column::Ignored);
    }
    if typed {
        return None;
    }
    match (table, name.to_ascii_lowercase().as_str()) {
        (Table::Nodes, "id") => Some(Column::Identifier(None)),
        (Table::Nodes, "label") => Some(Column::Labels),
        (Table::Edges, "source") => Some(Column::Source(None)),
        (Table::Edges, "target") => Some(Column::Target(None)),
        (Table::Edges, "type") => Some(Column::Type),
        _ => None,
    }
}

fn property_column(name: &str, kind: Option<&str>) -> Result<Column, String> {
    let kind = kind.unwrap_or("string");
    if name.is_empty() {
        return Err(format!("the column :{kind} has no name"));
    }
    let (scalar, list) = match kind.strip_suffix("[]") {
        Some(scalar) => (scalar, true),
        None => (kind, false),
    };
    let scalar = scalar_kind(scalar).ok_or_else(|| {
        format!(
            "the type {kind:?} of column {name:?} is unknown; known are int, long, float, double, boolean, string, date \
             and datetime, with [] for a list"
        )
    })?;
    let kind = if list { PropertyKind::List(scalar) } else { PropertyKind::One(scalar) };
    Ok(Column::Property { name: name.to_owned(), kind })
}

fn scalar_kind(kind: &str) -> Option<ScalarKind> {
    match without_argument(kind).0.to_ascii_lowercase().as_str() {
        "int" | "long" | "short" | "byte" => Some(ScalarKind::Integer),
        "float" | "double" => Some(ScalarKind::Float),
        "boolean" => Some(ScalarKind::Boolean),
        "string" | "char" => Some(ScalarKind::Text),
        "date" | "localtime" | "time" | "localdatetime" | "datetime" | "duration" => Some(ScalarKind::Text),
        _ => None,
    }
}

fn refuse_duplicates(columns: &[Column]) -> Result<(), String> {
    let mut seen = std::collections::HashSet::new();
    // Labels may come in several columns; anything else twice would lose one of the two.
    let repeated = columns
        .iter()
        .filter(|column| !matches!(column, Column::Ignored | Column::Labels | Column::Synonyms))
        .find(|column| !seen.insert((is_property(column), column.to_string())));
    match repeated {
        Some(name) => Err(format!("two columns are named {name}; rename one, or leave it out with - in its place")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(name: &str, kind: PropertyKind) -> Column {
        Column::Property { name: name.to_owned(), kind }
    }

    fn parse(names: &str, table: Table) -> Result<Vec<Column>, String> {
        Columns::of_table(&names.split(',').collect::<Vec<_>>(), table).map(|columns| columns.0)
    }

    #[test]
    fn both_conventions_give_columns_their_part() {
        use Column::{Identifier, Ignored, Labels, Name, Source, Synonyms, Target, Type};
        let text = PropertyKind::One(ScalarKind::Text);
        let space = Some("NCBIGene".to_owned());
        let cases = [
            ("id:ID,name,:LABEL", Table::Nodes, vec![Identifier(None), Name, Labels]),
            (
                ":ID(NCBIGene),name:string,synonyms:string[]",
                Table::Nodes,
                vec![Identifier(space.clone()), Name, Synonyms],
            ),
            // With a typed id, a plain `label` is a property as in neo4j-admin.
            ("x:ID,label", Table::Nodes, vec![Identifier(None), property("label", text)]),
            ("ID,Name,Label,-,", Table::Nodes, vec![Identifier(None), Name, Labels, Ignored, Ignored]),
            (
                "id,year:int,score:float,ok:boolean,tags:string[]",
                Table::Nodes,
                vec![
                    Identifier(None),
                    property("year", PropertyKind::One(ScalarKind::Integer)),
                    property("score", PropertyKind::One(ScalarKind::Float)),
                    property("ok", PropertyKind::One(ScalarKind::Boolean)),
                    property("tags", PropertyKind::List(ScalarKind::Text)),
                ],
            ),
            ("id:int,label:string", Table::Nodes, vec![Identifier(None), Labels]),
            ("source,type,target", Table::Edges, vec![Source(None), Type, Target(None)]),
            (
                ":START_ID(NCBIGene),:END_ID,:TYPE,note:IGNORE,type",
                Table::Edges,
                vec![Source(space), Target(None), Type, Ignored, property("type", text)],
            ),
        ];
        for (names, table, expected) in cases {
            assert_eq!(parse(names, table).unwrap(), expected, "{names}");
        }
    }

    #[test]
    fn columns_that_make_no_sense_are_refused_with_advice() {
        let cases = [
            ("gene:g1,gene", Table::Nodes, "no column id among \"gene:g1, gene\""),
            ("name,label", Table::Nodes, "--node-columns"),
            ("a,b,c", Table::Edges, "no column source, type, target"),
            (":START_ID,:END_ID", Table::Edges, "needs the columns :START_ID, :TYPE and :END_ID"),
            ("id:boolean,name", Table::Nodes, "needs the columns :ID (or plainly id)"),
            ("id,year:integr", Table::Nodes, "the type \"integr\" of column \"year\" is unknown"),
            ("id,a,a", Table::Nodes, "two columns are named a"),
            (":ID,x:ID", Table::Nodes, "two columns are named id"),
            ("id,:int", Table::Nodes, "the column :int has no name"),
        ];
        for (names, table, expected) in cases {
            let error = parse(names, table).unwrap_err();
            assert!(error.contains(expected), "{names}: {error}");
        }
    }
}
