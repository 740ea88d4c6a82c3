//! Which two numbers of a head turn together, and rows brought from one order into the other.

/// Which two numbers of a head turn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotaryOrder {
    /// 2i and 2i + 1, as GGUF orders the query and key rows of Llama.
    Neighbours,
    /// i and i + half the head, as in Hugging Face's weights and in Gemma's.
    Halves,
}

/// How the rows of queries and keys divide into heads whose numbers turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotaryHeads {
    /// Heads of queries.
    pub queries: usize,
    /// Heads of keys.
    pub keys: usize,
    /// How their rows are ordered.
    pub order: RotaryOrder,
}

impl RotaryHeads {
    /// How many heads the matrix of this name has, if its rows turn.
    pub(crate) fn of(self, tensor: &str) -> Option<usize> {
        match tensor.rsplit('.').nth(1) {
            Some("attn_q") => Some(self.queries),
            Some("attn_k") => Some(self.keys),
            _ => None,
        }
    }
}

/// The rows of each of `heads` heads, `width` numbers each, so that those that turn together are neighbours, or half a head apart again,
/// whichever `order` says.
pub fn reorder(rows: &[f32], heads: usize, width: usize, order: RotaryOrder) -> Vec<f32> {
    let head_rows = rows.len() / width / heads;
    let half = head_rows / 2;
    let source = |row: usize| match order {
        RotaryOrder::Neighbours => row % 2 * half + row / 2,
        RotaryOrder::Halves => row % half * 2 + row / half,
    };
    let heads = (0..heads).flat_map(|head| (0..head_rows).map(move |row| head * head_rows + source(row)));
    heads.flat_map(|row| rows[row * width..][..width].iter().copied()).collect()
}
