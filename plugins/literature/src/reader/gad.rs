//! The table of the Genetic Association Database: each row a sentence with a gene and a disease.
//!
//! The table has no PubMed ids. Rows of one source sentence carry the same `group`, so `GAD:<group>` is the document.

use super::table::{Fields, Layout, Row, RowMention};

/// The one layout of the table.
pub(super) static GAD: [Layout; 1] = [Layout {
    columns: &[
        "group",
        "geneId",
        "geneSymbol",
        "gene_mention",
        "GENE_ENTITY_OFFSET",
        "diseaseId",
        "diseaseName",
        "disease_mention",
        "DISEASE_ENTITY_OFFSET",
        "raw_sentence",
    ],
    row,
}];

fn row(fields: &Fields<'_>) -> Result<Row, String> {
    let group: u64 = fields.number("group")?;
    let document = format!("GAD:{group}");
    let text = fields.get("raw_sentence")?.to_owned();
    let gene = RowMention {
        label: "gene".to_owned(),
        span: fields.span("GENE_ENTITY_OFFSET")?,
        text: fields.get("gene_mention")?,
        id: fields.get("geneId")?,
        name: Some(fields.get("geneSymbol")?),
    };
    let disease = RowMention {
        label: "disease".to_owned(),
        span: fields.span("DISEASE_ENTITY_OFFSET")?,
        text: fields.get("disease_mention")?,
        id: fields.get("diseaseId")?,
        name: Some(fields.get("diseaseName")?),
    };
    let mentions = [gene.place(&document, &text)?, disease.place(&document, &text)?];
    Ok(Row { document, sentence: 0, text, mentions })
}
