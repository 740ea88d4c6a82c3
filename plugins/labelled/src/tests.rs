//! Files that are read and files that are refused, splits, and leaks that must be found.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Class, Label, LabelledError, LabelledSentence, NamedSplit, Part, by_fold, by_group, leak, read};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(path)
}

#[test]
fn the_tables_of_gad_and_eu_adr_are_read_with_what_they_say() {
    let gad = read(&data("gad/gad.tsv")).unwrap().rows;
    let count = |class: Class| gad.iter().filter(|row| row.label == Label::Class(class)).count();
    assert_eq!((gad.len(), Class::ALL.map(count)), (5330, [1834, 967, 2529]));
    assert_eq!(gad.iter().filter(|row| row.label.is_related()).count(), 2801);
    assert_eq!((gad[0].line, gad[0].fold, gad[0].group.as_deref()), (2, Some(1), Some("0")));
    let eu_adr = read(&data("eu-adr/gene_disease.tsv")).unwrap().rows;
    assert_eq!((eu_adr.len(), eu_adr.iter().filter(|row| row.label.is_related()).count()), (355, 262));
}

#[test]
fn one_fold_shares_sentences_and_a_split_by_group_does_not() {
    let gad = read(&data("gad/gad.tsv")).unwrap().rows;
    let shares: Vec<f64> = (1..=10)
        .map(|fold| {
            let (train, test) = by_fold(gad.clone(), fold);
            leak(&train, &test).same_source as f64 / test.len() as f64
        })
        .collect();
    let mean = shares.iter().sum::<f64>() / 10.0;
    assert!((mean - 0.151).abs() < 0.002, "{mean}");

    let (train, test) = by_group(gad.clone(), 0.2, 1);
    assert_eq!(train.len() + test.len(), gad.len());
    assert!((900..1250).contains(&test.len()), "about a fifth: {}", test.len());
    assert!(leak(&train, &test).is_clean());
    assert_eq!(by_group(gad.clone(), 0.2, 1).1, test, "the same seed draws the same rows");
    assert_ne!(by_group(gad.clone(), 0.2, 2).1, test);
    assert_eq!((by_group(gad.clone(), 0.0, 1).1.len(), by_group(gad, 1.0, 1).0.len()), (0, 0));
}

#[test]
fn a_leak_is_found_through_case_and_spaces_and_told_by_its_label() {
    let row = |text: &str, class| LabelledSentence::new(text, class);
    let train =
        [row("@GENE$  causes @DISEASE$.", Class::Associated), row("x", Class::Denied), row("x", Class::Unrelated)];
    let test = [row("@gene$ causes\t@DISEASE$.", Class::Unrelated), row("X", Class::Denied), row("new", Class::Denied)];
    let found = leak(&train, &test);
    assert_eq!((found.test_rows, found.train_rows, found.verbatim, found.same_source), (3, 3, 2, 2));
    assert_eq!((found.verbatim_same_label, found.verbatim_times_least, found.sources_known), (1, 1, false));
}

#[test]
fn files_of_every_kind_are_read_and_others_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows");
    let parse = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read(&path)
    };
    let training = parse("@GENE$ causes @DISEASE$.\t1\n\"@GENE$\" and @DISEASE$\t0\n").unwrap().rows;
    assert_eq!(
        training.iter().map(|row| (row.line, row.label.is_related())).collect::<Vec<_>>(),
        [(1, true), (2, false)]
    );
    assert_eq!(training[1].masked, "\"@GENE$\" and @DISEASE$", "quotes are letters");
    let test = parse("index\tsentence\tlabel\r\n0\ta @GENE$\t1\r\n").unwrap().rows;
    assert_eq!((test[0].masked.as_str(), test[0].line, test[0].label), ("a @GENE$", 2, Label::Related(true)));
    let lines =
        "{\"sentence\": \"s\", \"label\": true, \"group\": 7}\n\n{\"sentence\": \"t\", \"label\": \"denied\"}\n";
    let json = parse(lines).unwrap().rows;
    assert_eq!((json[0].group.as_deref(), json[0].label), (Some("7"), Label::Related(true)));
    assert_eq!((json[1].line, json[1].label), (3, Label::Class(Class::Denied)));

    for (text, message) in [
        ("", "the first line is \"\"; expected columns"),
        ("a\tb\tc\n", "expected columns `masked` (or `sentence`) and `label`"),
        ("masked\tlabel\n", "has no rows"),
        ("masked\tlabel\nx\tmaybe\n", "rows:2: \"maybe\" is no label"),
        ("masked\tlabel\nx\n", "rows:2: the row has no label"),
        ("masked\tlabel\n \t1\n", "rows:2: the row has no sentence"),
        ("masked\tlabel\tassociationType\nx\t1\tF\n", "rows:2: label and associationType say different things"),
        ("masked\tlabel\tassociationType\nx\t1\tQ\n", "\"Q\" is no associationType"),
        ("{\"label\": 1}", "rows:1: the object has no `sentence`"),
        ("{\"sentence\": \"x\"", "rows:1: not an object of JSON"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(message), "{text:?} gives {error:?}");
    }
    assert!(matches!(read(&folder.path().join("missing")), Err(LabelledError::File { .. })));
}

/// The development rows of the starter model were drawn by the same rule, in Python.
#[test]
fn the_clean_split_is_the_one_that_the_starter_model_was_made_with() {
    let mut rows = read(&data("gad/gad.tsv")).unwrap().rows;
    rows.append(&mut read(&data("eu-adr/gene_disease.tsv")).unwrap().rows);
    let part = |part| NamedSplit::Clean.rows(&rows, part).unwrap();
    let [train, dev, test] = [Part::Train, Part::Dev, Part::Test].map(part);
    assert_eq!([train.len(), dev.len(), test.len()], [4627, 478, 580]);
    let golden = std::fs::read_to_string(data("models/starter-llama-15m/golden-dev.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    let golden = golden["rows"].as_array().unwrap().iter().map(|row| row["sentence"].as_str().unwrap().to_owned());
    assert_eq!(dev.iter().map(|row| row.masked.clone()).collect::<HashSet<_>>(), golden.collect::<HashSet<_>>());
    assert!(leak(&train, &test).is_clean() && leak(&train, &dev).is_clean() && leak(&dev, &test).is_clean());

    let nameless = [LabelledSentence { line: 4, ..LabelledSentence::new("@GENE$ @DISEASE$", Class::Denied) }];
    let error = NamedSplit::Clean.rows(&nameless, Part::Dev).unwrap_err();
    assert!(matches!(error, LabelledError::NoPart { line: 4 }), "{error}");
    assert!("cleen".parse::<NamedSplit>().is_err() && "tst".parse::<Part>().is_err());
}
