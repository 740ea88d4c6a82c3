//! The tables of the EU-ADR corpus: each row a sentence of a PubMed abstract with two entities, known by name only.
//!
//! There are two layouts: the gene-disease table as prepared for BioBERT, and the tables of the corpus as written by R.

use super::table::{Fields, Layout, Row, RowMention};
use crate::Document;
use crate::label::label_of;

/// Both layouts.
pub(super) static EU_ADR: [Layout; 2] = [
    Layout {
        columns: &[
            "pmid",
            "num_sentence",
            "gene_mention",
            "gene_type",
            "gene_offset",
            "disease_mention",
            "disease_offset",
            "raw_sentence",
        ],
        row: gene_disease_row,
    },
    Layout {
        columns: &[
            "PMID",
            "NUM_SENTENCE",
            "ENTITY1_TEXT",
            "ENTITY1_INI",
            "ENTITY1_END",
            "ENTITY1_TYPE",
            "ENTITY2_TEXT",
            "ENTITY2_INI",
            "ENTITY2_END",
            "ENTITY2_TYPE",
            "SENTENCE",
        ],
        row: corpus_row,
    },
];

fn gene_disease_row(fields: &Fields<'_>) -> Result<Row, String> {
    let document = Document::identifier_of(&fields.number::<u64>("pmid")?.to_string());
    let text = fields.get("raw_sentence")?.to_owned();
    let gene = mention(label_of(fields.get("gene_type")?), fields.span("gene_offset")?, fields.get("gene_mention")?);
    let disease = mention("disease".to_owned(), fields.span("disease_offset")?, fields.get("disease_mention")?);
    let mentions = [gene.place(&document, &text)?, disease.place(&document, &text)?];
    Ok(Row { document, sentence: fields.number("num_sentence")?, text, mentions })
}

fn corpus_row(fields: &Fields<'_>) -> Result<Row, String> {
    let document = Document::identifier_of(&fields.number::<u64>("PMID")?.to_string());
    let text = fields.get("SENTENCE")?.to_owned();
    let entity = |text_column, start, end, type_column| -> Result<RowMention<'_>, String> {
        let span = (fields.number(start)?, fields.number(end)?);
        Ok(mention(label_of(fields.get(type_column)?), span, fields.get(text_column)?))
    };
    let first = entity("ENTITY1_TEXT", "ENTITY1_INI", "ENTITY1_END", "ENTITY1_TYPE")?;
    let second = entity("ENTITY2_TEXT", "ENTITY2_INI", "ENTITY2_END", "ENTITY2_TYPE")?;
    let mentions = [first.place(&document, &text)?, second.place(&document, &text)?];
    Ok(Row { document, sentence: fields.number("NUM_SENTENCE")?, text, mentions })
}

fn mention(label: String, span: (usize, usize), text: &str) -> RowMention<'_> {
    RowMention { label, span, text, id: "", name: None }
}
