//! MEDLINE text, as PubMed saves it (`pubmed-…-set.txt`, `.nbib`): fields with a tag of up to four letters, one citation
//! behind the other with an empty line between.
//!
//! ```text
//! PMID- 12345
//! TI  - A title that goes on
//!       in the next line.
//! AB  - An abstract.
//! ```
//!
//! The abstract is one passage, since its parts are not told apart here.

use std::collections::VecDeque;

use super::citation::Citation;
use super::input::{BadLine, Input};
use super::number;
use crate::document::{Document, Location};
use crate::{Reject, RejectKind};

/// The tag that begins a citation.
const FIRST_TAG: &str = "PMID";

/// Reads citations.
pub(crate) struct Medline {
    input: Input,
    /// The fields of the citation in hand, and where it begins.
    fields: Vec<(String, String)>,
    location: Location,
    ready: VecDeque<Result<Document, Reject>>,
    ended: bool,
}

/// The tag and the text of a line that begins a field: `TI  - ` and what follows.
fn split_field(line: &str) -> Option<(&str, &str)> {
    let (tag, text) = (line.get(..4)?, line.get(4..)?.strip_prefix('-')?);
    let tag = tag.trim_end();
    let is_tag = !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_tag.then(|| (tag, text.trim()))
}

/// Whether a file begins with this line.
pub(super) fn is_first_line(line: &str) -> bool {
    split_field(line).is_some_and(|(tag, id)| tag == FIRST_TAG && number::whole(id).is_some())
}

impl Medline {
    pub(crate) fn new(input: Input) -> Self {
        let (fields, location) = (Vec::new(), Location::default());
        Self { input, fields, location, ready: VecDeque::new(), ended: false }
    }

    fn take_line(&mut self, line: &str) {
        if let Some((tag, text)) = split_field(line) {
            if tag == FIRST_TAG {
                self.finish();
                self.location = self.input.location();
            }
            self.fields.push((tag.to_owned(), text.to_owned()));
        } else if line.trim().is_empty() {
            self.finish();
        } else if let Some((_, text)) = self.fields.last_mut().filter(|_| line.starts_with(char::is_whitespace)) {
            text.push(' ');
            text.push_str(line.trim());
        } else {
            let reason = "is neither a field nor the continuation of one";
            let record = self.record();
            let location = self.input.location();
            self.ready.push_back(Err(Reject::new(RejectKind::Annotation, location, &record, reason, line)));
        }
    }

    fn record(&self) -> String {
        self.fields.first().map(|(_, pmid)| super::citation::identifier(pmid)).unwrap_or_default()
    }

    fn take_bad_line(&mut self, bad: BadLine) {
        let (kind, reason) = match bad {
            BadLine::Line(reason) => (RejectKind::Record, format!("a line of it {reason}")),
            BadLine::End(error) => {
                (RejectKind::File, format!("the file breaks off within this record, which is not taken: {error}"))
            }
        };
        let record = self.record();
        // What is left of it must not be taken for a citation.
        self.fields.clear();
        self.ready.push_back(Err(Reject::new(kind, self.input.location(), &record, reason, "")));
    }

    /// Takes the citation in hand.
    fn finish(&mut self) {
        let fields = std::mem::take(&mut self.fields);
        let Some((first, pmid)) = fields.first() else { return };
        if first != FIRST_TAG {
            let reason = "has no PMID";
            let location = self.input.location();
            self.ready.push_back(Err(Reject::new(RejectKind::Record, location, "", reason, pmid)));
            return;
        }
        self.ready.extend(read(&fields).documents(&self.location).map(Ok));
    }
}

impl Iterator for Medline {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            match self.input.next_line() {
                Some(Ok(line)) => self.take_line(&line),
                Some(Err(bad)) => self.take_bad_line(bad),
                None if self.ended => return None,
                None => {
                    self.ended = true;
                    self.finish();
                }
            }
        }
        self.ready.pop_front()
    }
}

fn read(fields: &[(String, String)]) -> Citation {
    let all = |tag: &'static str| fields.iter().filter(move |(known, _)| known == tag).map(|(_, text)| text.as_str());
    let first = |tags: &[&'static str]| tags.iter().find_map(|tag| all(tag).find(|text| !text.is_empty()));
    // As `20190131`, or `2019/01/31 06:00`.
    let day = |text: &str| {
        let digits: String = text.chars().filter(char::is_ascii_digit).take(8).collect();
        digits.parse().ok().filter(|_| digits.len() == 8)
    };
    let referred = |tag: &'static str| all(tag).filter_map(pmid_in);
    let abstracts = if first(&["AB"]).is_some() { "AB" } else { "OAB" };
    Citation {
        pmid: first(&[FIRST_TAG]).unwrap_or_default().to_owned(),
        revised: first(&["LR", "DCOM", "DA"]).and_then(day),
        title: first(&["TI", "TT", "BTI", "CTI"]).unwrap_or_default().to_owned(),
        parts: all(abstracts).map(str::to_owned).collect(),
        year: first(&["DP", "DEP"]).and_then(number::year),
        publication_types: all("PT").map(str::to_owned).collect(),
        is_retracted: all("RIN").next().is_some(),
        is_notice: ["ROF", "PROF", "EFR", "ECF"].into_iter().any(|tag| all(tag).next().is_some()),
        retracts: referred("ROF").collect(),
        ..Citation::default()
    }
}

/// The number behind the last `PMID:` of a reference.
fn pmid_in(reference: &str) -> Option<String> {
    let (_, rest) = reference.rsplit_once("PMID:")?;
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use crate::document::DocumentStatus;
    use crate::reader::Format;
    use crate::reader::corpus::tests::read_text;

    const TWO: &str = "\nPMID- 11\nOWN - NLM\nLR  - 20191210\nDP  - 2001 Jan\nTI  - BRCA1 and\n      breast cancer.\n\
        AB  - BACKGROUND: One - two.\n      RESULTS: Three.\nPT  - Journal Article\n\n\
        PMID- 12\nTI  - Retraction: X.\nPT  - Retraction of Publication\nROF - J Y. 2000;1:2. PMID: 9\n";

    #[test]
    fn fields_go_on_in_the_next_line_and_citations_end_at_an_empty_one() {
        let documents: Vec<_> = read_text(Format::Medline, TWO).into_iter().map(Result::unwrap).collect();
        let found: Vec<_> = documents.iter().map(|d| (d.identifier.as_str(), d.status, d.location.line)).collect();
        let expected = [
            ("PMID:11", DocumentStatus::Current, 2),
            ("PMID:12", DocumentStatus::Notice, 12),
            ("PMID:9", DocumentStatus::Retracted, 12),
        ];
        assert_eq!(found, expected);
        let texts: Vec<&str> = documents[0].passages.iter().map(|passage| passage.text.as_str()).collect();
        assert_eq!(texts, ["BRCA1 and breast cancer.", "BACKGROUND: One - two. RESULTS: Three."]);
        assert_eq!((documents[0].year, documents[0].version), (Some(2001), Some(20_191_210)));
        assert_eq!(documents[0].title, "BRCA1 and breast cancer.");
    }

    #[test]
    fn what_is_no_citation_is_told() {
        let found = read_text(Format::Medline, "TI  - No number.\n\nPMID- 1\nstray\nTI  - A.\n");
        let reasons: Vec<&str> =
            found.iter().filter_map(|item| item.as_ref().err()).map(|r| r.reason.as_str()).collect();
        assert_eq!(reasons, ["has no PMID", "is neither a field nor the continuation of one"]);
        assert_eq!(found.iter().flatten().map(|d| d.identifier.as_str()).collect::<Vec<_>>(), ["PMID:1"]);
    }
}
