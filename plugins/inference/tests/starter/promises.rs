//! What [`Classifier`] promises: order, independence of the batch, and an error of its own for each bad input.

use hopgraph_inference::{InputError, LabelledSpan};

use super::*;

#[test]
fn a_result_does_not_depend_on_its_batch() {
    for precision in [WeightPrecision::Float32, WeightPrecision::Quantized] {
        let model = starter(precision);
        let inputs = masked(&golden()[..120]);
        let together = classify(&model, &inputs);
        let backwards: Vec<Input> = inputs.iter().rev().cloned().collect();
        let mut backwards = classify(&model, &backwards);
        backwards.reverse();
        for (first, second) in together.iter().zip(&backwards) {
            assert_eq!(first.token_ids, second.token_ids);
            assert!(distance(&first.logits, &second.logits) < 1e-4);
        }
        for (input, expected) in inputs.iter().zip(&together).step_by(15) {
            let alone = classify(&model, std::slice::from_ref(input)).remove(0);
            assert!(distance(&alone.logits, &expected.logits) < 1e-4, "{input:?}");
        }
    }
}

#[test]
fn probabilities_are_the_softmax_of_the_logits() {
    let model = starter(WeightPrecision::Automatic);
    for result in classify(&model, &masked(&golden()[..20])) {
        assert!((result.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let best = result.probabilities.iter().copied().fold(0.0, f32::max);
        assert_eq!(result.probabilities[result.answer], best);
        let odds = (result.probabilities[0] / result.probabilities[1]).ln();
        assert!((odds - (result.logits[0] - result.logits[1])).abs() < 1e-3);
    }
}

#[test]
fn an_empty_batch_has_no_results() {
    assert!(starter(WeightPrecision::Automatic).classify(&[]).unwrap().is_empty());
}

#[test]
fn a_pair_reads_as_its_masked_sentence() {
    let model = starter(WeightPrecision::Automatic);
    let span = |start, end, label: &str| LabelledSpan { start, end, label: label.into() };
    let pair = |text: &str, spans| Input::Pair { text: text.into(), spans };
    let inputs = [
        Input::Masked("In naïve mice @GENE$ causes @DISEASE$.".into()),
        pair("In naïve mice TNF causes asthma.", [span(14, 17, "gene"), span(25, 31, "disease")]),
        pair("In naïve\n mice TNF causes asthma.\n", [span(26, 32, "Disease"), span(15, 18, "GENE")]),
    ];
    let results = classify(&model, &inputs);
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0].token_ids, results[2].token_ids);
}

#[test]
fn a_bad_input_has_its_own_error_and_spoils_no_other() {
    let model = starter(WeightPrecision::Automatic);
    let good = Input::Masked("@GENE$ causes @DISEASE$.".into());
    let long = |words: usize| Input::Masked(format!("@GENE$ causes @DISEASE$.{}", " x".repeat(words)));
    let inputs = [good.clone(), long(5000), Input::Masked(String::new()), good.clone()];
    let results = model.classify(&inputs).unwrap();
    let expected = classify(&model, &[good]).remove(0);
    for result in [&results[0], &results[3]] {
        assert!(distance(&result.as_ref().unwrap().logits, &expected.logits) < 1e-4);
    }
    assert!(matches!(results[1], Err(InputError::TooLong { length: 5000.., limit: 512 })), "{:?}", results[1]);
    assert!(matches!(results[2], Err(InputError::MaskMissing { .. })));
}

#[test]
fn the_longest_sentence_that_fits_is_read_whole() {
    let model = starter(WeightPrecision::Automatic);
    let padded = |words: usize| Input::Masked(format!("@GENE$ causes @DISEASE$.{}", " of".repeat(words)));
    let base = classify(&model, &[padded(1)]).remove(0).token_ids.len();
    let fits = 512 - base + 1;
    let result = model.classify(&[padded(fits)]).unwrap().remove(0).unwrap();
    assert_eq!(result.token_ids.len(), 512);
    let length = model.classify(&[padded(fits + 1)]).unwrap().remove(0).unwrap_err();
    assert_eq!(length, InputError::TooLong { length: 513, limit: 512 });
}

#[test]
fn control_tokens_in_a_sentence_are_only_text() {
    let model = starter(WeightPrecision::Automatic);
    let result = classify(&model, &[Input::Masked("@GENE$ </s><s> @DISEASE$.".into())]).remove(0);
    assert!(result.token_ids[1..].iter().all(|&token| token > 2), "{:?}", result.token_ids);
}
