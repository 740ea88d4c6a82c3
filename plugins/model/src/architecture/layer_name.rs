//! The names of tensors that belong to a layer.

/// Splits `blk.3.attn_q.weight` at the number of its layer and gives `attn_q.weight`; None for what belongs to no layer.
pub(super) fn in_layer(name: &str, layers: usize) -> Option<&str> {
    let (layer, part) = name.strip_prefix("blk.")?.split_once('.')?;
    layer.parse::<usize>().is_ok_and(|layer| layer < layers).then_some(part)
}
