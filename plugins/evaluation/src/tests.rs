//! Scores against scikit-learn's, and what cannot be scored.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hopgraph_inference::{Answer, AnswerRelation, ModelDescription, RecordedClassifier};
use serde_json::Value;

use crate::{BinaryScores, Class, EvaluationError, LabelledSentence, by_fold, evaluate, fit_temperature, leak, read};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(path)
}

fn description(answers: &[(&str, Option<bool>)]) -> ModelDescription {
    let relation = |denied| AnswerRelation { name: format!("relation {denied}"), denied, symmetric: true };
    ModelDescription {
        name: "recorded".into(),
        weights_hash: "0".repeat(64),
        quantization: "none".into(),
        prompt: "{sentence}".into(),
        labels: ["gene".into(), "disease".into()],
        answers: answers
            .iter()
            .map(|&(text, denied)| Answer { text: text.into(), relation: denied.map(relation) })
            .collect(),
        threshold: 0.0,
    }
}

fn masks() -> [String; 2] {
    ["@GENE$".into(), "@DISEASE$".into()]
}

/// The starter model's development rows, and a classifier that replays the logits that `transformers` computed.
fn starter() -> (Vec<LabelledSentence>, RecordedClassifier) {
    let text = std::fs::read_to_string(data("models/starter-llama-15m/golden-dev.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let (mut rows, mut record) = (Vec::new(), HashMap::new());
    for row in golden["rows"].as_array().unwrap() {
        let class = match row["class"].as_str().unwrap() {
            "Y" | "P" | "PA" | "SA" => Class::Associated,
            "N" | "NA" => Class::Denied,
            _ => Class::Unrelated,
        };
        let sentence = row["sentence"].as_str().unwrap();
        // The record holds weights whose logarithms are the logits.
        let weight = |answer: &str| row["logits"][answer].as_f64().unwrap().exp() as f32;
        record.insert(sentence.to_owned(), ["True", "Denied", "False"].map(weight).to_vec());
        rows.push(LabelledSentence::new(sentence, class));
    }
    let answers = [("True", Some(false)), ("Denied", Some(true)), ("False", None)];
    (rows, RecordedClassifier::new(description(&answers), masks(), record))
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 2e-6, "{found} is not {expected}");
}

/// Expected: scikit-learn 1.x on the same logits (precision_recall_fscore_support, matthews_corrcoef, accuracy_score,
/// confusion_matrix, f1_score(average='macro'), brier_score_loss).
#[test]
fn the_starter_model_scores_what_scikit_learn_says() {
    let (rows, classifier) = starter();
    let evaluation = evaluate(&classifier, &rows, None).unwrap();
    near(evaluation.related.precision(), 0.678_018_575_851_393_8);
    near(evaluation.related.recall(), 0.872_509_960_159_362_6);
    near(evaluation.related.f1(), 0.763_066_202_090_592_3);
    near(evaluation.related.matthews(), 0.442_039_106_696_510_9);
    near(evaluation.related.accuracy(), 0.715_481_171_548_117_2);
    near(evaluation.always_related.f1(), 0.688_614_540_466_392_4);
    near(evaluation.always_related.matthews(), 0.0);
    let classes = evaluation.classes.unwrap();
    assert_eq!(classes.confusion, [[111, 13, 30], [6, 85, 6], [68, 28, 131]]);
    near(classes.macro_f1(), 0.694_057_904_830_510_3);
    near(classes.accuracy(), 0.684_100_418_410_041_9);
    near(evaluation.calibration.brier, 0.198_290_527_807_773_9);
    near(evaluation.calibration.expected_error, 0.099_979_042_404_431_02);
    assert_eq!(evaluation.calibration.bins.iter().map(|bin| bin.rows).sum::<u64>(), 478);
    assert_eq!((evaluation.lookup, evaluation.leak), (None, None));
}

/// Expected: scipy's bounded minimizer on scikit-learn's log_loss over the same logits.
#[test]
fn the_temperature_is_the_one_that_scipy_finds() {
    let (rows, classifier) = starter();
    let fit = fit_temperature(&classifier, &rows).unwrap();
    assert!((fit.temperature - 1.122_349_93).abs() < 1e-4, "{}", fit.temperature);
    assert!(fit.after.brier < fit.before.brier, "{fit:?}");
    assert!(fit.held_out.brier < fit.before.brier + 0.01, "{fit:?}");
}

#[test]
fn scores_of_a_small_table_and_of_nothing() {
    let (truth, said) = ([1, 0, 1, 1, 0, 0, 1, 0], [1, 1, 0, 1, 0, 0, 1, 1]);
    let scores = BinaryScores::count(said.into_iter().zip(truth).map(|(said, truth)| (said == 1, truth == 1)));
    near(scores.precision(), 0.6);
    near(scores.recall(), 0.75);
    near(scores.f1(), 2.0 / 3.0);
    near(scores.matthews(), 0.258_198_889_747_161_1);
    near(scores.accuracy(), 0.625);
    let nothing = BinaryScores::default();
    assert_eq!([nothing.precision(), nothing.recall(), nothing.f1(), nothing.matthews(), nothing.accuracy()], [0.0; 5]);
}

/// The ten folds laid end to end are the published table of 47,970 training and 5,330 test rows.
#[test]
fn the_published_split_leaks_whole() {
    let gad = read(&data("gad/gad.tsv")).unwrap().rows;
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for fold in 1..=10 {
        let (others, own) = by_fold(gad.clone(), fold);
        train.extend(others);
        test.extend(own);
    }
    assert_eq!((train.len(), test.len()), (47_970, 5_330));
    let found = leak(&train, &test);
    assert_eq!((found.verbatim, found.verbatim_same_label, found.same_source), (5_330, 5_330, 5_330));
    assert!(found.verbatim_times_least >= 9 && found.sources_known && !found.is_clean(), "{found:?}");
    let always = RecordedClassifier::by_rule(description(&[("yes", Some(false)), ("no", None)]), masks(), |_| {
        Some(vec![0.9, 0.1])
    });
    let evaluation = evaluate(&always, &test, Some(&train)).unwrap();
    assert_eq!(evaluation.lookup.unwrap().f1(), 1.0, "looking up needs no reading here");
    assert_eq!(evaluation.related, evaluation.always_related);
    assert!(evaluation.classes.is_none(), "the model has no answer that denies");
}

#[test]
fn what_cannot_be_evaluated_is_an_error() {
    let yes = RecordedClassifier::by_rule(description(&[("yes", Some(false)), ("no", None)]), masks(), |_| {
        Some(vec![0.9, 0.1])
    });
    assert!(matches!(evaluate(&yes, &[], None), Err(EvaluationError::Empty { .. })));
    let never =
        RecordedClassifier::by_rule(description(&[("a", None), ("b", None)]), masks(), |_| Some(vec![0.5, 0.5]));
    let rows = [LabelledSentence::new("@GENE$ @DISEASE$", Class::Denied)];
    assert!(matches!(evaluate(&never, &rows, None), Err(EvaluationError::Answers { .. })));
    let unmasked = [LabelledSentence { line: 3, ..LabelledSentence::new("BRCA1", Class::Denied) }];
    let error = evaluate(&yes, &unmasked, None);
    assert!(matches!(error, Err(EvaluationError::Input { line: 3, .. })), "{error:?}");
}
