//! Rows of an answer, and what their values can be taken as.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::syntax::suggest::nearest;
use crate::{NodeValue, PathValue, QueryError, QueryErrorKind, RelationshipValue, Value};

/// One row of an answer: its values in the order of the columns. Read as a slice, or by column with [`Row::get`].
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: &Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns: Arc::clone(columns), values }
    }

    /// The value in a column, given by name or by place, as a type of Rust. Takes time in the number of columns.
    ///
    /// ```
    /// # let graph = hopgraph_engine::Graph::temporary()?;
    /// # let options = hopgraph_query::QueryOptions::default();
    /// # let none = hopgraph_query::params! {};
    /// let mut rows = hopgraph_query::query(&graph, "RETURN 'BRCA1' AS name, 0.5 AS score, null AS year", &none, &options)?;
    /// let row = rows.next().expect("one row")?;
    /// assert_eq!(row.get::<String>("name")?, "BRCA1");
    /// assert_eq!(row.get::<f64>(1)?, 0.5);
    /// assert_eq!(row.get::<Option<i64>>("year")?, None);
    /// assert_eq!(row.get::<f64>("scor").unwrap_err().help.as_deref(), Some("did you mean score?"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`QueryErrorKind::Column`] if there is no such column, or its value is of another type.
    pub fn get<T: FromValue>(&self, column: impl ColumnIndex) -> Result<T, QueryError> {
        let place = column.place(&self.columns)?;
        T::from_value(self.values[place].clone()).map_err(|value| {
            let (name, wanted, found) = (&self.columns[place], T::NAME, value.type_name());
            column_error(format!("the column {name} holds {found}, not {wanted}"), None)
        })
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The values alone, in the order of the columns.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }
}

impl Deref for Row {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.values
    }
}

impl IntoIterator for Row {
    type Item = Value;
    type IntoIter = std::vec::IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

impl<'r> IntoIterator for &'r Row {
    type Item = &'r Value;
    type IntoIter = std::slice::Iter<'r, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}

impl PartialEq<Vec<Value>> for Row {
    fn eq(&self, other: &Vec<Value>) -> bool {
        self.values == *other
    }
}

impl<const N: usize> PartialEq<[Value; N]> for Row {
    fn eq(&self, other: &[Value; N]) -> bool {
        self.values == *other
    }
}

impl From<Row> for Vec<Value> {
    fn from(row: Row) -> Self {
        row.values
    }
}

fn column_error(message: String, help: Option<String>) -> QueryError {
    QueryError { kind: QueryErrorKind::Column(message), span: None, help }
}

/// What a column can be asked for by: its name, letter for letter, or its place, counted from 0.
pub trait ColumnIndex {
    /// Its place among the columns.
    ///
    /// # Errors
    /// [`QueryErrorKind::Column`] if there is no such column.
    fn place(&self, columns: &[String]) -> Result<usize, QueryError>;
}

impl ColumnIndex for usize {
    fn place(&self, columns: &[String]) -> Result<usize, QueryError> {
        let fits = *self < columns.len();
        let message = || format!("there is no column {self}: the answer has {}, counted from 0", columns.len());
        if fits { Ok(*self) } else { Err(column_error(message(), None)) }
    }
}

impl ColumnIndex for &str {
    fn place(&self, columns: &[String]) -> Result<usize, QueryError> {
        columns.iter().position(|column| column == self).ok_or_else(|| {
            let near = nearest(self, columns.iter().map(String::as_str));
            let help = near.map(|near| format!("did you mean {near}?"));
            column_error(format!("there is no column {self}; the columns are {}", columns.join(", ")), help)
        })
    }
}

impl ColumnIndex for &String {
    fn place(&self, columns: &[String]) -> Result<usize, QueryError> {
        self.as_str().place(columns)
    }
}

/// A type of Rust that some values can be taken as.
pub trait FromValue: Sized {
    /// What it is called in errors.
    const NAME: &'static str;

    /// The value as this type.
    ///
    /// # Errors
    /// The value itself, if it is of another type or does not fit.
    fn from_value(value: Value) -> Result<Self, Value>;
}

macro_rules! from_value {
    ($($type:ty, $name:literal, $($pattern:pat => $taken:expr),+;)+) => {
        $(impl FromValue for $type {
            const NAME: &'static str = $name;

            fn from_value(value: Value) -> Result<Self, Value> {
                match value {
                    $($pattern => Ok($taken),)+
                    other => Err(other),
                }
            }
        })+
    };
}

from_value! {
    bool, "a boolean", Value::Boolean(value) => value;
    i64, "a whole number", Value::Integer(value) => value;
    f64, "a number", Value::Float(value) => value, Value::Integer(value) => value as f64;
    String, "text", Value::Text(value) => value;
    NodeValue, "a node", Value::Node(value) => *value;
    RelationshipValue, "a relationship", Value::Relationship(value) => *value;
    PathValue, "a path", Value::Path(value) => *value;
}

macro_rules! from_integer {
    ($($type:ty, $name:literal;)+) => {
        $(impl FromValue for $type {
            const NAME: &'static str = $name;

            fn from_value(value: Value) -> Result<Self, Value> {
                match value {
                    Value::Integer(number) => Self::try_from(number).map_err(|_| value),
                    other => Err(other),
                }
            }
        })+
    };
}

from_integer! {
    i32, "a whole number of 32 bits";
    u32, "a whole number of 32 bits from 0 on";
    u64, "a whole number from 0 on";
    usize, "a whole number from 0 on";
}

impl FromValue for Value {
    const NAME: &'static str = "a value";

    fn from_value(value: Value) -> Result<Self, Value> {
        Ok(value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const NAME: &'static str = T::NAME;

    fn from_value(value: Value) -> Result<Self, Value> {
        if value == Value::Null { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    const NAME: &'static str = "a list of what was asked for";

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::List(values) => values.into_iter().map(T::from_value).collect(),
            other => Err(other),
        }
    }
}

impl<T: FromValue> FromValue for BTreeMap<String, T> {
    const NAME: &'static str = "a map of what was asked for";

    fn from_value(value: Value) -> Result<Self, Value> {
        match value {
            Value::Map(entries) => entries.into_iter().map(|(key, value)| Ok((key, T::from_value(value)?))).collect(),
            other => Err(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let columns: Arc<[String]> = ["name", "score", "count"].map(str::to_owned).into();
        Row::new(&columns, vec![Value::Text("BRCA1".into()), Value::Float(0.5), Value::Integer(-1)])
    }

    #[test]
    fn values_are_taken_by_name_and_by_place() {
        let row = row();
        assert_eq!(row.get::<String>("name").unwrap(), "BRCA1");
        assert_eq!(row.get::<f64>(1).unwrap(), 0.5);
        assert_eq!(row.get::<f64>("count").unwrap(), -1.0);
        assert_eq!(row.get::<i32>(2).unwrap(), -1);
        assert_eq!(row.get::<Value>("count").unwrap(), Value::Integer(-1));
        assert_eq!(row[1], Value::Float(0.5));
    }

    #[test]
    fn a_wrong_column_or_type_is_told() {
        let row = row();
        for (error, expected) in [
            (row.get::<f64>("name").unwrap_err(), "the column name holds text, not a number"),
            (
                row.get::<u32>("count").unwrap_err(),
                "the column count holds a whole number, not a whole number of 32 bits from 0 on",
            ),
            (
                row.get::<i64>("score").unwrap_err(),
                "the column score holds a number with a fraction, not a whole number",
            ),
            (row.get::<f64>("scores").unwrap_err(), "there is no column scores; the columns are name, score, count"),
            (row.get::<f64>(3).unwrap_err(), "there is no column 3: the answer has 3, counted from 0"),
        ] {
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(row.get::<f64>("scores").unwrap_err().help.as_deref(), Some("did you mean score?"));
    }
}
