//! What Hugging Face calls the tensors that GGUF names otherwise.

/// Whose names a file uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Models that read from left to right, such as Llama and Gemma.
    Decoder,
    /// BERT.
    Encoder,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A tensor, under its name in GGUF.
    Tensor(String),
    /// Something that no answer depends on.
    Ignored,
    /// Something else.
    Unknown,
}

/// GGUF's name and Hugging Face's, of tensors outside the layers.
const DECODER: [(&str, &str); 3] = [
    ("token_embd.weight", "embed_tokens.weight"),
    ("output_norm.weight", "norm.weight"),
    ("output.weight", "lm_head.weight"),
];

/// The same within a layer.
const DECODER_LAYER: [(&str, &str); 9] = [
    ("attn_norm.weight", "input_layernorm.weight"),
    ("attn_q.weight", "self_attn.q_proj.weight"),
    ("attn_k.weight", "self_attn.k_proj.weight"),
    ("attn_v.weight", "self_attn.v_proj.weight"),
    ("attn_output.weight", "self_attn.o_proj.weight"),
    ("ffn_norm.weight", "post_attention_layernorm.weight"),
    ("ffn_gate.weight", "mlp.gate_proj.weight"),
    ("ffn_up.weight", "mlp.up_proj.weight"),
    ("ffn_down.weight", "mlp.down_proj.weight"),
];

/// Matrices and vectors come in pairs here: `.weight` and `.bias`.
const ENCODER: [(&str, &str); 6] = [
    ("token_embd", "embeddings.word_embeddings"),
    ("position_embd", "embeddings.position_embeddings"),
    ("token_types", "embeddings.token_type_embeddings"),
    ("token_embd_norm", "embeddings.LayerNorm"),
    ("pooler", "pooler.dense"),
    ("classifier", "classifier"),
];

/// The same within a layer.
const ENCODER_LAYER: [(&str, &str); 8] = [
    ("attn_q", "attention.self.query"),
    ("attn_k", "attention.self.key"),
    ("attn_v", "attention.self.value"),
    ("attn_output", "attention.output.dense"),
    ("attn_output_norm", "attention.output.LayerNorm"),
    ("ffn_up", "intermediate.dense"),
    ("ffn_down", "output.dense"),
    ("layer_output_norm", "output.LayerNorm"),
];

impl Naming {
    /// What a name of Hugging Face's stands for.
    pub fn read(self, name: &str) -> Name {
        match self {
            Self::Decoder => decoder(name.strip_prefix("model.").unwrap_or(name)),
            Self::Encoder => encoder(name.strip_prefix("bert.").unwrap_or(name)),
        }
    }

    /// What Hugging Face calls a tensor of this name.
    pub fn write(self, name: &str) -> String {
        let layer = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.'));
        match (self, layer) {
            (Self::Decoder, Some((layer, part))) => {
                format!("model.layers.{layer}.{}", theirs(&DECODER_LAYER, part).unwrap_or(part))
            }
            (Self::Decoder, None) => match theirs(&DECODER, name) {
                Some(own @ "lm_head.weight") => own.to_owned(),
                Some(other) => format!("model.{other}"),
                None => name.to_owned(),
            },
            (Self::Encoder, Some((layer, part))) => with_kind(part, |part| {
                format!("bert.encoder.layer.{layer}.{}", theirs(&ENCODER_LAYER, part).unwrap_or(part))
            }),
            (Self::Encoder, None) => with_kind(name, |part| match theirs(&ENCODER, part) {
                Some(own @ "classifier") => own.to_owned(),
                Some(other) => format!("bert.{other}"),
                None => part.to_owned(),
            }),
        }
    }
}

fn decoder(name: &str) -> Name {
    if let Some(own) = ours(&DECODER, name) {
        return Name::Tensor(own.to_owned());
    }
    match name.strip_prefix("layers.").and_then(|rest| rest.split_once('.')) {
        // Old checkpoints keep the plain frequencies of the positions.
        Some((_, "self_attn.rotary_emb.inv_freq")) => Name::Ignored,
        Some((layer, part)) => {
            ours(&DECODER_LAYER, part).map_or(Name::Unknown, |own| Name::Tensor(format!("blk.{layer}.{own}")))
        }
        None => Name::Unknown,
    }
}

fn encoder(name: &str) -> Name {
    // Numbers in their own order, and the heads of the first training, which a classifier does not use.
    if name == "embeddings.position_ids" || name.starts_with("cls.") {
        return Name::Ignored;
    }
    let Some((part, kind)) = name.rsplit_once('.') else { return Name::Unknown };
    let kind = match kind {
        "weight" | "gamma" => "weight",
        "bias" | "beta" => "bias",
        _ => return Name::Unknown,
    };
    match part.strip_prefix("encoder.layer.").and_then(|rest| rest.split_once('.')) {
        Some((layer, part)) => {
            ours(&ENCODER_LAYER, part).map_or(Name::Unknown, |own| Name::Tensor(format!("blk.{layer}.{own}.{kind}")))
        }
        None => ours(&ENCODER, part).map_or(Name::Unknown, |own| Name::Tensor(format!("{own}.{kind}"))),
    }
}

fn ours<'a>(table: &[(&'a str, &str)], name: &str) -> Option<&'a str> {
    table.iter().find(|(_, theirs)| *theirs == name).map(|&(ours, _)| ours)
}

fn theirs<'a>(table: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    table.iter().find(|(ours, _)| *ours == name).map(|&(_, theirs)| theirs)
}

/// Translates what stands before `.weight` or `.bias`.
fn with_kind(name: &str, translate: impl Fn(&str) -> String) -> String {
    match name.rsplit_once('.') {
        Some((part, kind)) => format!("{}.{kind}", translate(part)),
        None => translate(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_there_and_back() {
        for name in [
            "token_embd.weight",
            "output.weight",
            "output_norm.weight",
            "blk.11.attn_q.weight",
            "blk.0.ffn_norm.weight",
        ] {
            assert_eq!(Naming::Decoder.read(&Naming::Decoder.write(name)), Name::Tensor(name.to_owned()));
        }
        for name in [
            "token_types.weight",
            "pooler.bias",
            "classifier.weight",
            "blk.3.attn_output_norm.bias",
            "blk.0.attn_q.bias",
        ] {
            assert_eq!(Naming::Encoder.read(&Naming::Encoder.write(name)), Name::Tensor(name.to_owned()));
        }
    }

    #[test]
    fn older_names_and_missing_prefixes_are_understood() {
        let tensor = |name: &str| Name::Tensor(name.to_owned());
        assert_eq!(Naming::Decoder.read("layers.2.mlp.up_proj.weight"), tensor("blk.2.ffn_up.weight"));
        assert_eq!(Naming::Encoder.read("embeddings.LayerNorm.gamma"), tensor("token_embd_norm.weight"));
        assert_eq!(
            Naming::Encoder.read("bert.encoder.layer.1.output.LayerNorm.beta"),
            tensor("blk.1.layer_output_norm.bias")
        );
        assert_eq!(Naming::Encoder.read("bert.embeddings.position_ids"), Name::Ignored);
        assert_eq!(Naming::Decoder.read("model.layers.0.self_attn.rotary_emb.inv_freq"), Name::Ignored);
        assert_eq!(Naming::Decoder.read("model.layers.0.self_attn.q_proj.bias"), Name::Unknown);
    }
}
