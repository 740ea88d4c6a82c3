//! PubMed XML as NLM ships it: citations with title and abstract, deletions, and marks of retraction.
//!
//! Reads sets of `PubmedArticle` (since 2017), of `MedlineCitation` (before) and of books. The title is one passage, each part of a
//! structured abstract another one, with its label before it (`RESULTS: ...`), as PubMed shows it. Inline markup goes,
//! its text stays.

use std::collections::VecDeque;

use super::input::Input;
use super::xml::{BadRecord, Element, RawRecord, XmlRecords};
use crate::document::{Document, DocumentStatus, Entity, Location, Passage, PassageKind};
use crate::text::collapse_whitespace;
use crate::{Reject, RejectKind};

/// The elements that are records.
const RECORDS: [&str; 4] = ["PubmedArticle", "PubmedBookArticle", "MedlineCitation", "DeleteCitation"];

/// The publication type of a citation that was retracted.
const RETRACTED: &str = "Retracted Publication";

/// The kind of reference by which a notice names the citation that it retracts.
const RETRACTION_OF: &str = "RetractionOf";

/// Reads citations.
pub(crate) struct PubMed {
    records: XmlRecords,
    ready: VecDeque<Result<Document, Reject>>,
}

impl PubMed {
    pub(crate) fn new(input: Input) -> Self {
        Self { records: XmlRecords::new(input, &RECORDS), ready: VecDeque::new() }
    }
}

impl Iterator for PubMed {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            let RawRecord { location, element } = self.records.next()?;
            match element {
                Ok(element) => take(&element, &location, &mut self.ready),
                Err(bad) => self.ready.push_back(Err(reject(bad, location))),
            }
        }
        self.ready.pop_front()
    }
}

fn reject(bad: BadRecord, location: Location) -> Reject {
    let kind = if bad.is_end { RejectKind::File } else { RejectKind::Record };
    let after_tag = bad.text.split_once("<PMID").and_then(|(_, rest)| rest.split_once('>'));
    let number: String = after_tag.map_or("", |(_, rest)| rest).chars().take_while(char::is_ascii_digit).collect();
    let record = if number.is_empty() { number } else { format!("PMID:{number}") };
    Reject::new(kind, location, &record, bad.reason, &bad.text)
}

fn take(record: &Element, location: &Location, ready: &mut VecDeque<Result<Document, Reject>>) {
    if record.name == "DeleteCitation" {
        ready.extend(record.all("PMID").map(|pmid| Ok(withdrawn(pmid, DocumentStatus::Deleted, location))));
        return;
    }
    let citation = match record.name.as_str() {
        "PubmedArticle" => record.find(&["MedlineCitation"]),
        "PubmedBookArticle" => record.find(&["BookDocument"]),
        _ => Some(record),
    };
    let Some((citation, pmid)) = citation.and_then(|citation| Some((citation, citation.find(&["PMID"])?))) else {
        let reason = "has no PMID";
        ready.push_back(Err(Reject::new(RejectKind::Record, location.clone(), "", reason, &record.text())));
        return;
    };
    ready.push_back(Ok(document(citation, pmid, location)));
    let notices = citation.find(&["CommentsCorrectionsList"]).into_iter().flat_map(Element::children);
    let retracted = notices.filter(|notice| notice.attribute("RefType") == Some(RETRACTION_OF));
    let pmids = retracted.filter_map(|notice| notice.find(&["PMID"]));
    ready.extend(pmids.map(|pmid| Ok(withdrawn(pmid, DocumentStatus::Retracted, location))));
}

/// What is known of a citation that is only named as gone.
fn withdrawn(pmid: &Element, status: DocumentStatus, location: &Location) -> Document {
    Document { identifier: identifier(pmid), status, location: location.clone(), ..Document::default() }
}

fn identifier(pmid: &Element) -> String {
    format!("PMID:{}", pmid.text().trim())
}

/// The day of the last revision as a number such as 20240131, which grows from version to version. The version that
/// stands with the PMID does not: nearly all have 1.
fn version(citation: &Element) -> Option<u32> {
    let day = ["DateRevised", "DateCompleted", "DateCreated"].into_iter().find_map(|name| citation.find(&[name]))?;
    let part = |name| day.find(&[name]).and_then(|part| part.text().trim().parse::<u32>().ok());
    Some(part("Year")? * 10_000 + part("Month").unwrap_or(0) * 100 + part("Day").unwrap_or(0))
}
fn document(citation: &Element, pmid: &Element, location: &Location) -> Document {
    // A book chapter is its own article.
    let article = citation.find(&["Article"]).unwrap_or(citation);
    let title = title(article);
    let mut passages = Vec::new();
    push_passage(&mut passages, title.clone());
    for part in article.find(&["Abstract"]).into_iter().flat_map(|whole| whole.all("AbstractText")) {
        let label = part.attribute("Label").map(collapse_whitespace).filter(|label| !label.is_empty());
        let text = collapse_whitespace(&part.text());
        push_passage(
            &mut passages,
            match label {
                Some(label) if !text.is_empty() => format!("{label}: {text}"),
                _ => text,
            },
        );
    }
    let types = article.find(&["PublicationTypeList"]).into_iter().chain([article]).flat_map(Element::children);
    let mut types = types.filter(|child| child.name == "PublicationType");
    let status = match types.any(|publication_type| publication_type.text().trim() == RETRACTED) {
        true => DocumentStatus::Retracted,
        false => DocumentStatus::Current,
    };
    let (year, headings) = (year(article), headings(citation));
    let (identifier, version, location) = (identifier(pmid), version(citation), location.clone());
    Document { identifier, title, year, status, version, headings, passages, location, annotations: Vec::new() }
}

/// The title, or, for want of an English one, that in the language of the article.
fn title(article: &Element) -> String {
    let text = |name| article.find(&[name]).map(|title| collapse_whitespace(&title.text()));
    let title = text("ArticleTitle").filter(|title| !title.is_empty());
    title.or_else(|| text("VernacularTitle")).unwrap_or_default()
}

fn push_passage(passages: &mut Vec<Passage>, text: String) {
    if text.is_empty() {
        return;
    }
    let start = passages.last().map_or(0, |last: &Passage| last.start + last.text.chars().count() + 1);
    passages.push(Passage { start, text, kind: PassageKind::Prose });
}

/// The year of the issue, or, failing that, of the article by itself. `MedlineDate` is free text, such as
/// `1998 Dec-1999 Jan` or `Winter 2001`; its first year counts.
fn year(article: &Element) -> Option<u16> {
    let issue = article.find(&["Journal", "JournalIssue", "PubDate"]).or_else(|| article.find(&["Book", "PubDate"]));
    let of_issue = issue.and_then(|date| date.find(&["Year"]).or_else(|| date.find(&["MedlineDate"])));
    let dates = [of_issue, article.find(&["ArticleDate", "Year"]), article.find(&["ContributionDate", "Year"])];
    dates.into_iter().flatten().find_map(|date| first_year(&date.text()))
}

fn first_year(text: &str) -> Option<u16> {
    let mut numbers = text.split(|character: char| !character.is_ascii_digit());
    numbers.find(|number| number.len() == 4).and_then(|number| number.parse().ok())
}

/// The MeSH descriptors and substances under which the citation is indexed.
fn headings(citation: &Element) -> Vec<Entity> {
    let descriptors = citation.find(&["MeshHeadingList"]).into_iter().flat_map(Element::children);
    let descriptors = descriptors.filter_map(|heading| heading.find(&["DescriptorName"]));
    let substances = citation.find(&["ChemicalList"]).into_iter().flat_map(Element::children);
    let substances = substances.filter_map(|chemical| chemical.find(&["NameOfSubstance"]));
    let entity = |named: &Element| {
        let identifier = format!("MESH:{}", named.attribute("UI")?);
        Some(Entity { identifier, name: Some(collapse_whitespace(&named.text())) })
    };
    descriptors.chain(substances).filter_map(entity).collect()
}

#[cfg(test)]
mod tests;
