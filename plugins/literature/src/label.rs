//! What annotation schemes call things, in our words: type names to labels, raw ids to identifiers.

use crate::text::collapse_whitespace;

/// Type names of PubTator, BioRED, BC5CDR, the NCBI disease corpus and EU-ADR, in lower case, with our label.
const LABELS: [(&str, &str); 24] = [
    ("gene", "gene"),
    ("geneorgeneproduct", "gene"),
    ("protein", "gene"),
    ("genes & molecular sequences", "gene"),
    ("disease", "disease"),
    ("diseaseorphenotypicfeature", "disease"),
    ("diseases & disorders", "disease"),
    ("specificdisease", "disease"),
    ("diseaseclass", "disease"),
    ("modifier", "disease"),
    ("compositemention", "disease"),
    ("chemical", "chemical"),
    ("chemicalentity", "chemical"),
    ("chemicals & drugs", "chemical"),
    ("drug", "chemical"),
    ("sequencevariant", "variant"),
    ("mutation", "variant"),
    ("dnamutation", "variant"),
    ("proteinmutation", "variant"),
    ("snp", "variant"),
    ("snp & sequence variations", "variant"),
    ("species", "species"),
    ("organismtaxon", "species"),
    ("cellline", "cell_line"),
];

/// The label for the type name of an annotation scheme. A name that is not known becomes a lower-case word of its own.
pub(crate) fn label_of(type_name: &str) -> String {
    let name = collapse_whitespace(type_name).to_lowercase();
    match LABELS.iter().find(|(known, _)| *known == name) {
        Some((_, label)) => (*label).to_owned(),
        None => name.replace([' ', '-'], "_"),
    }
}

/// What PubTator calls a label.
pub(crate) fn type_name(label: &str) -> &str {
    match label {
        "gene" => "Gene",
        "disease" => "Disease",
        "chemical" => "Chemical",
        "variant" => "SequenceVariant",
        "species" => "Species",
        "cell_line" => "CellLine",
        other => other,
    }
}

/// The identifier of an entity that the input knows by name only: its label and its name in lower case.
pub(crate) fn name_identifier(label: &str, name: &str) -> String {
    format!("name:{label}:{}", collapse_whitespace(name).to_lowercase())
}

/// Whether an identifier is one of those that are made of a name.
pub(crate) fn is_name_identifier(identifier: &str) -> bool {
    identifier.starts_with("name:")
}

/// The identifiers that a raw id of this label stands for: none where the input says that there is none (`-`, `-1` or
/// nothing), several for a composite such as `D001943|D010051`, each once.
///
/// `document` is the document's own identifier. It becomes part of the identifier of a variant that is known by its
/// notation only, such as `c|SUB|G|35|A`, because that means another place in another gene.
pub(crate) fn identifiers(label: &str, raw: &str, document: &str) -> Vec<String> {
    let found = match label {
        "variant" => variant_identifiers(raw.trim(), document),
        "gene" | "disease" | "chemical" | "species" | "cell_line" => {
            raw.split(['|', ',', ';', '+']).filter_map(|part| identifier(label, part)).collect()
        }
        _ => identifier(label, raw).into_iter().collect(),
    };
    let mut distinct: Vec<String> = Vec::with_capacity(found.len());
    for identifier in found {
        if !distinct.contains(&identifier) {
            distinct.push(identifier);
        }
    }
    distinct
}

/// One raw id without composites.
fn identifier(label: &str, raw: &str) -> Option<String> {
    let id = strip_taxon(raw.trim());
    if says_none(id) {
        return None;
    }
    let (scheme, local) = match id.split_once(':') {
        Some((scheme, local)) => (Some(scheme.trim().to_lowercase()), local.trim()),
        None => (None, id),
    };
    if says_none(local) {
        return None;
    }
    let known = match (label, scheme.as_deref()) {
        (_, Some("ncbigene" | "ncbi gene" | "entrezgene" | "entrez" | "geneid")) | ("gene", Some("gene")) => {
            Some(format!("NCBIGene:{local}"))
        }
        (_, Some("mesh")) => Some(format!("MESH:{local}")),
        (_, Some("umls" | "umls_cui" | "cui")) => Some(format!("UMLS:{local}")),
        (_, Some("omim" | "mim")) => Some(format!("OMIM:{local}")),
        (_, Some("chebi")) => Some(format!("CHEBI:{local}")),
        (_, Some("ncbitaxon" | "taxonomy" | "taxid")) => Some(format!("NCBITaxon:{local}")),
        (_, Some("cvcl")) => Some(format!("Cellosaurus:CVCL_{local}")),
        (_, None) => bare_identifier(label, local),
        _ => None,
    };
    Some(known.unwrap_or_else(|| if scheme.is_some() { id.to_owned() } else { format!("{label}:{id}") }))
}

/// An id without its scheme, where the label tells which one it must be.
fn bare_identifier(label: &str, id: &str) -> Option<String> {
    match label {
        "gene" if is_number(id) => Some(format!("NCBIGene:{id}")),
        "species" if is_number(id) => Some(format!("NCBITaxon:{id}")),
        "disease" if is_number(id) && id.len() == 6 => Some(format!("OMIM:{id}")),
        "disease" | "chemical" if is_umls(id) => Some(format!("UMLS:{id}")),
        "disease" | "chemical" if id.starts_with(['C', 'D']) && is_number(&id[1..]) => Some(format!("MESH:{id}")),
        "cell_line" if id.starts_with("CVCL_") => Some(format!("Cellosaurus:{id}")),
        _ => None,
    }
}

/// Whether this is an id of the UMLS: a C with seven digits. MeSH's supplementary records have six or nine.
fn is_umls(id: &str) -> bool {
    id.len() == 8 && id.starts_with('C') && is_number(&id[1..])
}

/// dbSNP numbers name a variant everywhere; every other notation names it within its document.
fn variant_identifiers(raw: &str, document: &str) -> Vec<String> {
    if says_none(raw) {
        return Vec::new();
    }
    let numbers: Vec<&str> = match raw.split_once("RS#:") {
        Some((_, rest)) => rest.split(';').next().unwrap_or_default().split(['|', ',']).map(str::trim).collect(),
        None => raw.split(['|', ',', ';']).map(|part| strip_rs(part.trim())).collect(),
    };
    if numbers.iter().all(|number| is_number(number)) {
        return numbers.into_iter().map(|number| format!("dbSNP:rs{number}")).collect();
    }
    vec![format!("{document}#{raw}")]
}

fn strip_rs(id: &str) -> &str {
    let id = id.strip_prefix("dbSNP:").unwrap_or(id);
    id.strip_prefix("rs").or_else(|| id.strip_prefix("RS")).unwrap_or("")
}

/// Older PubTator files write the species behind a gene: `672(Tax:9606)`.
fn strip_taxon(id: &str) -> &str {
    id.split_once("(Tax:").map_or(id, |(id, _)| id.trim_end())
}

fn says_none(id: &str) -> bool {
    matches!(id, "" | "-" | "-1" | "None" | "none" | "NA" | "null")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_become_labels() {
        for (type_name, label) in [
            ("GeneOrGeneProduct", "gene"),
            ("Gene", "gene"),
            ("DiseaseOrPhenotypicFeature", "disease"),
            ("Modifier", "disease"),
            ("CompositeMention", "disease"),
            ("ChemicalEntity", "chemical"),
            ("SequenceVariant", "variant"),
            ("ProteinMutation", "variant"),
            ("SNP & Sequence variations", "variant"),
            ("OrganismTaxon", "species"),
            ("CellLine", "cell_line"),
            ("Cell Type", "cell_type"),
            ("gene-family", "gene_family"),
        ] {
            assert_eq!(label_of(type_name), label, "{type_name}");
        }
    }

    #[test]
    fn raw_ids_become_identifiers() {
        let cases: [(&str, &str, &[&str]); 35] = [
            ("gene", "6528", &["NCBIGene:6528"]),
            ("gene", "596,581", &["NCBIGene:596", "NCBIGene:581"]),
            ("gene", "596;596", &["NCBIGene:596"]),
            ("gene", "672(Tax:9606)", &["NCBIGene:672"]),
            ("gene", "NCBIGene:672", &["NCBIGene:672"]),
            ("gene", "Gene:672", &["NCBIGene:672"]),
            ("gene", "HGNC:1100", &["HGNC:1100"]),
            ("gene", "BRCA1", &["gene:BRCA1"]),
            ("gene", "-", &[]),
            ("gene", "", &[]),
            ("disease", "D003409", &["MESH:D003409"]),
            ("disease", " D003409", &["MESH:D003409"]),
            ("disease", "C564766", &["MESH:C564766"]),
            ("disease", "MESH:D003409", &["MESH:D003409"]),
            ("disease", "mesh:D003409", &["MESH:D003409"]),
            ("disease", "MESH:-", &[]),
            ("disease", "OMIM:123456 ", &["OMIM:123456"]),
            ("disease", "123456", &["OMIM:123456"]),
            ("disease", "D001943|D010051", &["MESH:D001943", "MESH:D010051"]),
            ("disease", "D004829+D003294", &["MESH:D004829", "MESH:D003294"]),
            ("disease", "D001943|-1", &["MESH:D001943"]),
            ("disease", "DOID:1612", &["DOID:1612"]),
            ("disease", "-1", &[]),
            ("chemical", "C1,C2,D3", &["MESH:C1", "MESH:C2", "MESH:D3"]),
            ("chemical", "CHEBI:15367", &["CHEBI:15367"]),
            ("chemical", "Dé", &["chemical:Dé"]),
            ("species", "9606", &["NCBITaxon:9606"]),
            ("cell_line", "CVCL_0031", &["Cellosaurus:CVCL_0031"]),
            ("cell_line", "CVCL:0031", &["Cellosaurus:CVCL_0031"]),
            ("variant", "rs763780", &["dbSNP:rs763780"]),
            ("variant", "rs1,rs2", &["dbSNP:rs1", "dbSNP:rs2"]),
            ("variant", "p.V600E;RS#:113488022", &["dbSNP:rs113488022"]),
            ("variant", "c|SUB|G|35|A", &["PMID:1#c|SUB|G|35|A"]),
            ("variant", "-", &[]),
            ("anatomy", "UBERON:0000955", &["UBERON:0000955"]),
        ];
        for (label, raw, expected) in cases {
            assert_eq!(identifiers(label, raw, "PMID:1"), expected, "{label} {raw:?}");
        }
    }

    #[test]
    fn names_without_ids_meet_ignoring_case_and_spaces() {
        assert_eq!(name_identifier("disease", "Renal  Injury "), "name:disease:renal injury");
    }
}
