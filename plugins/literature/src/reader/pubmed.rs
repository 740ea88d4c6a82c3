//! PubMed XML as NLM ships it: citations with title and abstract, deletions, and marks of retraction.
//!
//! Reads sets of `PubmedArticle` (since 2017), of `MedlineCitation` (before) and of books. The title is one passage, each part of a
//! structured abstract another one, with its label before it (`RESULTS: ...`), as PubMed shows it. Inline markup goes,
//! its text stays.

use std::collections::VecDeque;

use super::citation::{Citation, withdrawn};
use super::input::Input;
use super::number;
use super::xml::{BadRecord, Element, RawRecord, XmlRecords};
use crate::document::{Document, DocumentStatus, Entity, Location};
use crate::text::collapse_whitespace;
use crate::{Reject, RejectKind};

/// The elements that are records.
const RECORDS: [&str; 4] = ["PubmedArticle", "PubmedBookArticle", "MedlineCitation", "DeleteCitation"];

/// Kinds of reference by which a notice names the citation that it retracts, in lower case.
const RETRACTS: [&str; 1] = ["retractionof"];

/// Kinds of reference by which a notice names the citation that it is about and does not retract.
const IS_ABOUT: [&str; 3] = ["partialretractionof", "erratumfor", "expressionofconcernfor"];

/// The kind of reference by which a citation names the notice that retracts it.
const RETRACTED_IN: &str = "retractionin";

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
        let deleted = |pmid: &Element| Ok(withdrawn(&pmid.text(), DocumentStatus::Deleted, location));
        ready.extend(record.all("PMID").map(deleted));
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
    ready.extend(read(citation, pmid).documents(location).map(Ok));
}

/// The day of the last revision as a number such as 20240131.
fn revised(citation: &Element) -> Option<u32> {
    let day = ["DateRevised", "DateCompleted", "DateCreated"].into_iter().find_map(|name| citation.find(&[name]))?;
    let part = |name| day.find(&[name]).and_then(|part| part.text().trim().parse::<u32>().ok());
    Some(part("Year")?.min(9_999) * 10_000 + part("Month").unwrap_or(0) * 100 + part("Day").unwrap_or(0))
}

fn read(citation: &Element, pmid: &Element) -> Citation {
    // A book chapter is its own article.
    let article = citation.find(&["Article"]).unwrap_or(citation);
    let parts = article.find(&["Abstract"]).into_iter().flat_map(|whole| whole.all("AbstractText"));
    let types = article.find(&["PublicationTypeList"]).into_iter().chain([article]).flat_map(Element::children);
    let types = types.filter(|child| child.name == "PublicationType");
    let mut read = Citation {
        pmid: pmid.text(),
        pmid_version: pmid.attribute("Version").and_then(|version| version.trim().parse().ok()),
        revised: revised(citation),
        title: title(article),
        parts: parts.map(labelled).collect(),
        year: year(article),
        publication_types: types.map(|kind| collapse_whitespace(&kind.text())).collect(),
        headings: headings(citation),
        ..Citation::default()
    };
    let references = citation.find(&["CommentsCorrectionsList"]).into_iter().flat_map(Element::children);
    for reference in references {
        let kind = reference.attribute("RefType").unwrap_or_default().trim().to_lowercase();
        read.is_retracted |= kind == RETRACTED_IN;
        read.is_notice |= RETRACTS.contains(&kind.as_str()) || IS_ABOUT.contains(&kind.as_str());
        if RETRACTS.contains(&kind.as_str()) {
            read.retracts.extend(reference.find(&["PMID"]).map(Element::text));
        }
    }
    read
}

/// A part of an abstract behind its label.
fn labelled(part: &Element) -> String {
    let label = part.attribute("Label").map(collapse_whitespace).filter(|label| !label.is_empty());
    let text = collapse_whitespace(&part.text());
    match label {
        Some(label) if !text.is_empty() => format!("{label}: {text}"),
        _ => text,
    }
}

/// The title, or, for want of an English one, that in the language of the article; of a book, its own.
fn title(article: &Element) -> String {
    let paths: [&[&str]; 4] = [&["ArticleTitle"], &["VernacularTitle"], &["BookTitle"], &["Book", "BookTitle"]];
    let titles = paths.into_iter().filter_map(|path| article.find(path));
    titles.map(|title| collapse_whitespace(&title.text())).find(|title| !title.is_empty()).unwrap_or_default()
}

/// The year of the issue, or, failing that, of the article by itself. `MedlineDate` is free text, such as
/// `1998 Dec-1999 Jan` or `Winter 2001`; its first year counts.
fn year(article: &Element) -> Option<u16> {
    let issue = article.find(&["Journal", "JournalIssue", "PubDate"]).or_else(|| article.find(&["Book", "PubDate"]));
    let of_issue = issue.and_then(|date| date.find(&["Year"]).or_else(|| date.find(&["MedlineDate"])));
    let dates = [of_issue, article.find(&["ArticleDate", "Year"]), article.find(&["ContributionDate", "Year"])];
    dates.into_iter().flatten().find_map(|date| number::year(&date.text()))
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
