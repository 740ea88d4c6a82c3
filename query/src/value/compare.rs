//! Equality, comparison and order of values, by the rules of openCypher.
//!
//! There are three notions: `=` with its three-valued logic ([`equals`]), `<` and its like, which know no answer
//! between different types ([`compare`]), and the total order of ORDER BY ([`order`]), which also says what counts as
//! the same value for DISTINCT and for groups ([`Key`]).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::Cell;

/// `a = b`; `None` where null makes the answer unknown.
pub(crate) fn equals(a: &Cell, b: &Cell) -> Option<bool> {
    match (a, b) {
        (Cell::Null, _) | (_, Cell::Null) => None,
        (Cell::List(a), Cell::List(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all_equal(a.iter().zip(b.iter()))
        }
        (Cell::Map(a), Cell::Map(b)) => {
            if !a.keys().eq(b.keys()) {
                return Some(false);
            }
            all_equal(a.values().zip(b.values()))
        }
        (Cell::Integer(_) | Cell::Float(_), Cell::Integer(_) | Cell::Float(_)) => {
            Some(compare_numbers(a, b) == Some(Ordering::Equal))
        }
        _ => Some(a == b),
    }
}

/// False if some pair differs, else unknown if some pair is, else true.
fn all_equal<'c>(pairs: impl Iterator<Item = (&'c Cell, &'c Cell)>) -> Option<bool> {
    let mut answer = Some(true);
    for (a, b) in pairs {
        match equals(a, b) {
            Some(false) => return Some(false),
            None => answer = None,
            Some(true) => {}
        }
    }
    answer
}

/// How `a` stands to `b` for `<`, `<=`, `>` and `>=`. The outer `None` is null: one of them is, or their types have no
/// order between them. The inner `None` is a comparison with NaN, which is false whatever was asked.
pub(crate) fn compare(a: &Cell, b: &Cell) -> Option<Option<Ordering>> {
    match (a, b) {
        (Cell::Integer(_) | Cell::Float(_), Cell::Integer(_) | Cell::Float(_)) => Some(compare_numbers(a, b)),
        (Cell::Text(a), Cell::Text(b)) => Some(Some(a.cmp(b))),
        (Cell::Boolean(a), Cell::Boolean(b)) => Some(Some(a.cmp(b))),
        (Cell::Temporal(a), Cell::Temporal(b)) => a.compare(b).map(Some),
        (Cell::List(a), Cell::List(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                match compare(a, b)? {
                    Some(Ordering::Equal) => {}
                    other => return Some(other),
                }
            }
            Some(Some(a.len().cmp(&b.len())))
        }
        _ => None,
    }
}

fn compare_numbers(a: &Cell, b: &Cell) -> Option<Ordering> {
    match (a, b) {
        (Cell::Integer(a), Cell::Integer(b)) => Some(a.cmp(b)),
        (Cell::Float(a), Cell::Float(b)) => a.partial_cmp(b),
        (Cell::Integer(a), Cell::Float(b)) => compare_mixed(*a, *b),
        (Cell::Float(a), Cell::Integer(b)) => compare_mixed(*b, *a).map(Ordering::reverse),
        _ => None,
    }
}

/// Compares without rounding the integer, which a cast to float would do beyond 2^53.
#[allow(clippy::cast_possible_truncation, reason = "the float was found to lie within the range of integers")]
fn compare_mixed(integer: i64, float: f64) -> Option<Ordering> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        return None;
    }
    if float >= LIMIT {
        return Some(Ordering::Less);
    }
    if float < -LIMIT {
        return Some(Ordering::Greater);
    }
    let whole = float.trunc();
    Some(integer.cmp(&(whole as i64)).then_with(|| 0.0_f64.total_cmp(&(float - whole + 0.0))))
}

/// The order of ORDER BY: first by type (maps, nodes, relationships, lists, paths, values of
/// time, texts, booleans, numbers, null),
/// then by value; NaN is the largest number.
pub(crate) fn order(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Map(a), Cell::Map(b)) => order_maps(a, b),
        (Cell::Node(a), Cell::Node(b)) => a.cmp(b),
        (Cell::Relationship(a), Cell::Relationship(b)) => a.cmp(b),
        (Cell::List(a), Cell::List(b)) => order_lists(a, b),
        (Cell::Path(a), Cell::Path(b)) => a.cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Boolean(a), Cell::Boolean(b)) => a.cmp(b),
        (Cell::Temporal(a), Cell::Temporal(b)) => a.cmp(b),
        (Cell::Integer(_) | Cell::Float(_), Cell::Integer(_) | Cell::Float(_)) => {
            compare_numbers(a, b).unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn is_nan(cell: &Cell) -> bool {
    matches!(cell, Cell::Float(float) if float.is_nan())
}

fn order_lists(a: &[Cell], b: &[Cell]) -> Ordering {
    let different = a.iter().zip(b).map(|(a, b)| order(a, b)).find(|found| found.is_ne());
    different.unwrap_or_else(|| a.len().cmp(&b.len()))
}

fn order_maps(a: &BTreeMap<String, Cell>, b: &BTreeMap<String, Cell>) -> Ordering {
    let by_keys = a.keys().cmp(b.keys());
    by_keys.then_with(|| {
        let different = a.values().zip(b.values()).map(|(a, b)| order(a, b)).find(|found| found.is_ne());
        different.unwrap_or(Ordering::Equal)
    })
}

fn rank(cell: &Cell) -> u8 {
    match cell {
        Cell::Map(_) => 0,
        Cell::Node(_) => 1,
        Cell::Relationship(_) => 2,
        Cell::List(_) => 3,
        Cell::Path(_) => 4,
        Cell::Temporal(_) => 5,
        Cell::Text(_) => 6,
        Cell::Boolean(_) => 7,
        Cell::Integer(_) | Cell::Float(_) => 8,
        Cell::Null => 9,
    }
}

/// Cells as the key of a group or of DISTINCT: null is the same as null, 1 the same as 1.0.
#[derive(Clone, Debug)]
pub(crate) struct Key(pub(crate) Box<[Cell]>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        order_lists(&self.0, &other.0).is_eq()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for cell in &self.0 {
            hash(cell, state);
        }
    }
}

fn hash<H: Hasher>(cell: &Cell, state: &mut H) {
    rank(cell).hash(state);
    match cell {
        Cell::Null => {}
        Cell::Boolean(truth) => truth.hash(state),
        Cell::Integer(integer) => hash_number(*integer as f64, state),
        Cell::Float(float) => hash_number(*float, state),
        Cell::Text(text) => text.hash(state),
        Cell::Temporal(temporal) => temporal.hash(state),
        Cell::List(cells) => cells.iter().for_each(|cell| hash(cell, state)),
        Cell::Map(map) => {
            for (key, cell) in map.iter() {
                key.hash(state);
                hash(cell, state);
            }
        }
        Cell::Node(node) => node.hash(state),
        Cell::Relationship(edge) => edge.hash(state),
        Cell::Path(path) => {
            path.nodes.hash(state);
            path.edges.hash(state);
        }
    }
}

/// Integers hash as the float nearest to them, since they may equal one.
fn hash_number<H: Hasher>(float: f64, state: &mut H) {
    let canonical = if float.is_nan() { f64::NAN } else { float + 0.0 };
    canonical.to_bits().hash(state);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NULL: Cell = Cell::Null;

    fn list(cells: &[Cell]) -> Cell {
        Cell::list(cells.iter().cloned())
    }

    #[test]
    fn equality_knows_three_values() {
        let one = Cell::Integer(1);
        let cases = [
            (one.clone(), Cell::Float(1.0), Some(true)),
            (one.clone(), Cell::text("1"), Some(false)),
            (one.clone(), NULL, None),
            (NULL, NULL, None),
            (Cell::Float(f64::NAN), Cell::Float(f64::NAN), Some(false)),
            (list(&[one.clone(), NULL]), list(&[one.clone(), NULL]), None),
            (list(&[one.clone(), NULL]), list(&[Cell::Integer(2), NULL]), Some(false)),
            (list(&[]), list(&[NULL]), Some(false)),
        ];
        for (a, b, expected) in cases {
            assert_eq!(equals(&a, &b), expected, "{a:?} = {b:?}");
            assert_eq!(equals(&b, &a), expected, "{b:?} = {a:?}");
        }
    }

    #[test]
    fn integers_and_floats_compare_without_rounding() {
        let large = 9_007_199_254_740_993_i64;
        let cases = [
            (large, 9_007_199_254_740_992.0, Ordering::Greater),
            (1, 1.5, Ordering::Less),
            (-1, -1.5, Ordering::Greater),
            (2, 1.5, Ordering::Greater),
            (0, -0.0, Ordering::Equal),
            (i64::MAX, 9_223_372_036_854_775_808.0, Ordering::Less),
            (i64::MIN, -9_223_372_036_854_775_808.0, Ordering::Equal),
            (0, f64::NEG_INFINITY, Ordering::Greater),
        ];
        for (integer, float, expected) in cases {
            let (a, b) = (Cell::Integer(integer), Cell::Float(float));
            assert_eq!(compare(&a, &b), Some(Some(expected)), "{integer} and {float}");
            assert_eq!(compare(&b, &a), Some(Some(expected.reverse())), "{float} and {integer}");
        }
    }

    #[test]
    fn order_is_total_and_null_comes_last() {
        let sorted = [
            Cell::map([("a", Cell::Integer(1))]),
            Cell::Node(hopgraph_engine::NodeId::new(3)),
            list(&[Cell::Integer(1)]),
            list(&[Cell::Integer(1), NULL]),
            Cell::text("a"),
            Cell::text("b"),
            Cell::Boolean(false),
            Cell::Boolean(true),
            Cell::Integer(-1),
            Cell::Float(0.5),
            Cell::Float(f64::INFINITY),
            Cell::Float(f64::NAN),
            NULL,
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(order(a, b), i.cmp(&j), "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn the_same_values_make_one_group() {
        let mut groups = std::collections::HashSet::new();
        let nan = Cell::Float(f64::NAN);
        for cell in
            [Cell::Integer(1), Cell::Float(1.0), NULL, NULL, nan.clone(), nan, Cell::Float(-0.0), Cell::Integer(0)]
        {
            groups.insert(Key(Box::new([cell])));
        }
        assert_eq!(groups.len(), 4);
    }
}
