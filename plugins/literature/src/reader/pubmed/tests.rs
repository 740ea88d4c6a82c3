//! PubMed citations of both layouts, their retractions and deletions, and files that are broken.

use std::io::Write;

use super::*;
use crate::reader::Format;
use crate::reader::corpus::tests::read_text;

fn article(inner: &str) -> String {
    format!(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version=\"1\">7</PMID>\
         <DateRevised><Year>2022</Year><Month>04</Month><Day>10</Day></DateRevised><Article>{inner}</Article>\
         </MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )
}

fn only(text: &str) -> Document {
    let [Ok(document)] = <[_; 1]>::try_from(read_text(Format::PubMed, text)).unwrap() else { panic!("{text}") };
    document
}

#[test]
fn a_structured_abstract_keeps_its_labels_and_loses_its_markup() {
    let document = only(&article(
        "<ArticleTitle>Role of <i>p53</i> in\n  E. coli.</ArticleTitle><Abstract>\
         <AbstractText Label=\"AIM\" NlmCategory=\"OBJECTIVE\">We used &#946;<sub>2</sub>-agonists.</AbstractText>\
         <AbstractText Label=\"RESULTS\">x<sup>2</sup> &lt; 5; <mml:math xmlns:mml=\"m\"><mml:mi>y</mml:mi></mml:math>.</AbstractText>\
         <AbstractText/></Abstract>",
    ));
    assert_eq!((document.identifier.as_str(), document.version), ("PMID:7", Some(20_220_410)));
    assert_eq!(document.title, "Role of p53 in E. coli.");
    let passages: Vec<(usize, &str)> = document.passages.iter().map(|p| (p.start, p.text.as_str())).collect();
    let expected = [(0, "Role of p53 in E. coli."), (24, "AIM: We used β2-agonists."), (50, "RESULTS: x2 < 5; y.")];
    assert_eq!(passages, expected);
    assert_eq!(document.status, DocumentStatus::Current);
}

#[test]
fn years_come_from_whatever_date_there_is() {
    let issue =
        |date: &str| article(&format!("<Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue></Journal>"));
    for (text, year) in [
        (issue("<Year>2007</Year><Month>10</Month>"), Some(2007)),
        (issue("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>"), Some(1998)),
        (issue("<MedlineDate>Winter 2001</MedlineDate>"), Some(2001)),
        (issue("<MedlineDate>no date</MedlineDate>"), None),
        (article("<ArticleDate><Year>2015</Year></ArticleDate>"), Some(2015)),
        (article(""), None),
    ] {
        assert_eq!(only(&text).year, year, "{text}");
    }
}

#[test]
fn retractions_and_deletions_come_as_such() {
    let text = "<MedlineCitationSet>\n\
        <MedlineCitation><PMID Version=\"1\">1</PMID><Article><ArticleTitle>Gone.</ArticleTitle><PublicationTypeList>\
        <PublicationType UI=\"D016428\">Journal Article</PublicationType>\
        <PublicationType UI=\"D016441\">Retracted Publication</PublicationType></PublicationTypeList></Article></MedlineCitation>\n\
        <MedlineCitation><PMID>2</PMID><Article><ArticleTitle>A notice.</ArticleTitle></Article>\
        <CommentsCorrectionsList><CommentsCorrections RefType=\"Cites\"><PMID>9</PMID></CommentsCorrections>\
        <CommentsCorrections RefType=\"RetractionOf\"><PMID Version=\"1\">3</PMID></CommentsCorrections>\
        </CommentsCorrectionsList></MedlineCitation>\n\
        <DeleteCitation><PMID>4</PMID><PMID>5</PMID></DeleteCitation></MedlineCitationSet>";
    let found: Vec<_> = read_text(Format::PubMed, text)
        .into_iter()
        .map(Result::unwrap)
        .map(|document| (document.identifier, document.status, document.passages.len(), document.location.line))
        .collect();
    let expected = [
        ("PMID:1", DocumentStatus::Retracted, 1, 2),
        ("PMID:2", DocumentStatus::Notice, 1, 3),
        ("PMID:3", DocumentStatus::Retracted, 0, 3),
        ("PMID:4", DocumentStatus::Deleted, 0, 4),
        ("PMID:5", DocumentStatus::Deleted, 0, 4),
    ];
    assert_eq!(found, expected.map(|(id, status, passages, line)| (id.to_owned(), status, passages, line)));
}

#[test]
fn headings_and_substances_come_with_their_ids() {
    let text = "<MedlineCitation><PMID>1</PMID><ChemicalList><Chemical><RegistryNumber>0</RegistryNumber>\
        <NameOfSubstance UI=\"D008687\">Metformin</NameOfSubstance></Chemical></ChemicalList><MeshHeadingList>\
        <MeshHeading><DescriptorName UI=\"D006801\">Humans</DescriptorName></MeshHeading></MeshHeadingList>\
        </MedlineCitation>";
    let headings: Vec<(String, String)> =
        only(text).headings.into_iter().map(|heading| (heading.identifier, heading.name.unwrap())).collect();
    let expected = [("MESH:D006801", "Humans"), ("MESH:D008687", "Metformin")];
    assert_eq!(headings, expected.map(|(id, name)| (id.to_owned(), name.to_owned())));
}

#[test]
fn a_book_chapter_is_a_document() {
    let text = "<PubmedBookArticle><BookDocument><PMID>8</PMID><Book><PubDate><Year>1993</Year></PubDate></Book>\
        <ArticleTitle>Gaucher Disease</ArticleTitle><Abstract><AbstractText>Text.</AbstractText></Abstract>\
        </BookDocument></PubmedBookArticle>";
    let document = only(text);
    assert_eq!((document.title.as_str(), document.year, document.passages.len()), ("Gaucher Disease", Some(1993), 2));
}

#[test]
fn bad_records_are_told_with_their_line_and_their_number() {
    let text = "<PubmedArticleSet>\n<PubmedArticle><MedlineCitation><PMID>6</PMID><b></MedlineCitation></PubmedArticle>\n\
        <PubmedArticle/>\n<PubmedArticle><MedlineCitation></MedlineCitation></PubmedArticle>\n\
        <PubmedArticle><MedlineCitation><PMID>7</PMID></MedlineCitation></PubmedArticle>";
    let found = read_text(Format::PubMed, text);
    let rejects: Vec<(u64, &str)> =
        found.iter().filter_map(|item| item.as_ref().err()).map(|r| (r.location.line, r.record.as_str())).collect();
    assert!(rejects.contains(&(2, "PMID:6")) && rejects.contains(&(4, "")), "{rejects:?}");
    assert_eq!(found.iter().flatten().map(|document| document.identifier.as_str()).collect::<Vec<_>>(), ["PMID:7"]);
}

#[test]
fn a_cut_gzip_file_keeps_the_citations_before_the_cut() {
    let mut text = String::from("<MedlineCitationSet>");
    for number in 0..4000_u64 {
        let noise = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        text += &format!(
            "<MedlineCitation><PMID>{number}</PMID><Article><ArticleTitle>{noise}</ArticleTitle></Article></MedlineCitation>\n"
        );
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let mut bytes = encoder.finish().unwrap();
    bytes.truncate(bytes.len() / 2);
    let input = Input::new(std::io::Cursor::new(bytes), "cut.xml.gz".into()).unwrap();
    let found: Vec<_> = PubMed::new(input).collect();
    let (last, before) = found.split_last().unwrap();
    assert!(before.len() > 1000 && before.iter().all(Result::is_ok), "{}", before.len());
    let reject = last.as_ref().unwrap_err();
    assert!(reject.kind == RejectKind::File && reject.reason.contains("breaks off"), "{reject:?}");
    assert!(reject.location.line > 1000);
}

/// A citation of one publication type and one reference.
fn typed(publication_type: &str, reference: &str) -> String {
    format!(
        "<MedlineCitation><PMID>2</PMID><Article><ArticleTitle>BRCA1 causes breast cancer.</ArticleTitle><PublicationTypeList>\
         <PublicationType>{publication_type}</PublicationType></PublicationTypeList></Article><CommentsCorrectionsList>\
         <CommentsCorrections RefType=\"{reference}\"><PMID>3</PMID></CommentsCorrections></CommentsCorrectionsList></MedlineCitation>"
    )
}

#[test]
fn notices_are_no_evidence_and_only_retractions_take_another_paper_out() {
    use DocumentStatus::{Current, Notice, Retracted};
    for (publication_type, reference, status, takes_out) in [
        ("Journal Article", "Cites", Current, false),
        ("Journal Article", "RetractionOf", Notice, true),
        ("Retraction of Publication", "RetractionOf", Notice, true),
        ("Retraction Notice", "Cites", Notice, false),
        ("Retraction of Publication", "PartialRetractionOf", Notice, false),
        ("Published Erratum", "ErratumFor", Notice, false),
        ("Expression of Concern", "ExpressionOfConcernFor", Notice, false),
        ("Journal Article", "ErratumIn", Current, false),
        ("Journal Article", "ExpressionOfConcernIn", Current, false),
        ("Journal Article", "PartialRetractionIn", Current, false),
        ("Journal Article", "RetractionIn", Retracted, false),
        ("Retracted Publication", "Cites", Retracted, false),
        ("Corrected and Republished Article", "CorrectedandRepublishedFrom", Current, false),
    ] {
        let found: Vec<(String, DocumentStatus)> = read_text(Format::PubMed, &typed(publication_type, reference))
            .into_iter()
            .map(|item| item.map(|document| (document.identifier, document.status)).unwrap())
            .collect();
        let mut expected = vec![("PMID:2".to_owned(), status)];
        expected.extend(takes_out.then(|| ("PMID:3".to_owned(), Retracted)));
        assert_eq!(found, expected, "{publication_type} {reference}");
    }
}

#[test]
fn a_book_without_chapters_has_its_own_title() {
    let text = "<PubmedBookArticle><BookDocument><PMID>8</PMID><Book><BookTitle>Gaucher <i>Disease</i></BookTitle></Book>\
        <Abstract><AbstractText>Text.</AbstractText></Abstract></BookDocument></PubmedBookArticle>";
    assert_eq!(only(text).title, "Gaucher Disease");
}
