//! Cutting of records out of good and bad XML, and the tree that a record becomes.

use super::*;

fn records(text: &str) -> Vec<(u64, Result<Element, String>)> {
    let input = Input::new(std::io::Cursor::new(text.as_bytes().to_vec()), "test".into()).unwrap();
    let records = XmlRecords::new(input, &["r", "deleted"]);
    records.map(|record| (record.location.line, record.element.map_err(|bad| bad.reason))).collect()
}

#[test]
fn records_are_found_whatever_stands_around_them() {
    let found = records("<?xml version='1.0'?>\n<set><rx>no</rx>\n<r>one</r> text <deleted\n/><r a='1'>two</r></set>");
    let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 3, 4]);
    let texts: Vec<String> = found.iter().flat_map(|(_, element)| element.as_ref()).map(Element::text).collect();
    assert_eq!(texts, ["one", "", "two"]);
    assert_eq!(found[2].1.as_ref().unwrap().attribute("a"), Some("1"));
}

#[test]
fn text_is_unescaped_and_markup_within_it_goes() {
    let found = records("<r t='a&amp;b'>x &lt; y<i>E. <b>coli</b></i>&#946;<!-- no --><![CDATA[<raw>]]>&odd;</r>");
    let element = found[0].1.as_ref().unwrap();
    assert_eq!(element.text(), "x < yE. coliβ<raw>&odd;");
    assert_eq!(element.attribute("t"), Some("a&b"));
    assert_eq!(element.find(&["i", "b"]).map(Element::text).as_deref(), Some("coli"));
}

#[test]
fn a_bad_record_does_not_take_the_next_one_with_it() {
    for (text, reason) in [
        ("<r><a>x</b></r><r>good</r>", "not well-formed"),
        ("<r>no end <r>good</r>", "begins before this one ends"),
        ("<r>&#xffffffff;</r><r>good</r>", "not well-formed"),
        ("<r><a></r><r>good</r>", "not well-formed"),
    ] {
        let found = records(text);
        assert!(found[0].1.as_ref().unwrap_err().contains(reason), "{text}: {:?}", found[0].1);
        assert_eq!(found[1].1.as_ref().unwrap().text(), "good", "{text}");
        assert_eq!(found.len(), 2, "{text}");
    }
    let cut = records("<r>good</r><r>cut");
    assert!(cut[0].1.is_ok() && cut[1].1.as_ref().unwrap_err().contains("ends within"), "{cut:?}");
}

#[test]
fn records_longer_than_a_chunk_and_cut_anywhere_are_whole() {
    let long = "word ".repeat(CHUNK_BYTES / 3);
    let text = format!("{}<r>{long}</r>{}<r>two</r>", " ".repeat(CHUNK_BYTES - 2), "\n".repeat(CHUNK_BYTES));
    let found = records(&text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].1.as_ref().unwrap().text(), long);
    assert_eq!(found[1].0, 1 + CHUNK_BYTES as u64);
}

#[test]
fn what_stands_in_comments_is_no_record_and_ends_none() {
    let long = "x".repeat(3 * CHUNK_BYTES);
    for (text, expected) in [
        ("<set><!-- <r>old</r> --><r>new</r></set>".to_owned(), vec!["new"]),
        ("<set><r>a<!-- </r> <r> -->b</r><r>c</r></set>".to_owned(), vec!["ab", "c"]),
        ("<set><r>a<![CDATA[</r>]]>b</r></set>".to_owned(), vec!["a</r>b"]),
        (format!("<set><!--{long}<r>old</r>{long}--><r>new</r></set>"), vec!["new"]),
        ("<set><!-- > --><!----><r>one</r><!-- - -- --></set>".to_owned(), vec!["one"]),
    ] {
        let found = records(&text);
        let texts: Vec<String> = found.into_iter().map(|(_, element)| element.unwrap().text()).collect();
        assert_eq!(texts, expected, "{}", &text[..text.len().min(80)]);
    }
}

#[test]
fn a_file_whose_root_is_not_closed_has_broken_off() {
    for (text, count, is_whole) in [
        ("<?xml version='1.0'?><!DOCTYPE set [<!ELEMENT r ANY>]>\n<set><r>a</r></set>\n\n", 1, true),
        ("<r>a</r>\n<r>b</r>\n", 2, true),
        ("<set><r>a</r>\n", 1, false),
        ("<set><r>a</r><!-- never closed", 1, false),
    ] {
        let found = records(text);
        assert_eq!(found.iter().filter(|(_, element)| element.is_ok()).count(), count, "{text}");
        assert_eq!(found.iter().all(|(_, element)| element.is_ok()), is_whole, "{text}: {found:?}");
    }
}

#[test]
fn elements_may_nest_deep_and_no_deeper_than_the_stack_bears() {
    let nested = |depth: usize| format!("<r>{}x{}</r><r>good</r>", "<i>".repeat(depth), "</i>".repeat(depth));
    assert_eq!(records(&nested(ELEMENT_DEPTH_MAX - 1))[0].1.as_ref().unwrap().text(), "x");
    for depth in [ELEMENT_DEPTH_MAX, 200_000] {
        let found = records(&nested(depth));
        assert!(found[0].1.as_ref().unwrap_err().contains("nests more than"), "{depth}");
        assert_eq!(found[1].1.as_ref().unwrap().text(), "good");
    }
}

#[test]
fn a_formula_that_is_given_twice_is_read_once() {
    for (text, expected) in [
        (
            "<r>a <math><semantics><mi>x</mi><annotation encoding='TeX'>{x}</annotation></semantics></math> b</r>",
            "a x b",
        ),
        ("<r>a <alternatives><tex-math>$x$</tex-math><math><mi>x</mi></math></alternatives> b</r>", "a x b"),
        ("<r>a <alternatives><tex-math>$x$</tex-math></alternatives> b</r>", "a $x$ b"),
        ("<r>a <tex-math>x</tex-math> <annotation>b</annotation></r>", "a x b"),
    ] {
        assert_eq!(records(text)[0].1.as_ref().unwrap().text(), expected, "{text}");
    }
}
