//! Gradients against finite differences and candle's autograd, and runs against those of torch and peft.

use hopgraph_model::Sequence;
use hopgraph_model::architecture::{Architecture, Checkpoint};
use hopgraph_model::forgery::{HuggingFace, expectations, reference};

use super::*;
use crate::network::Question;
use crate::{LoadOptions, load};

fn model(name: &str) -> (Checkpoint, Architecture) {
    HuggingFace::like(name).open().unwrap()
}

fn inputs(name: &str) -> Vec<Sequence> {
    let (_, inputs, _) = expectations(name);
    inputs.into_iter().map(Sequence::single).collect()
}

fn low_rank(dropout: f32) -> Method {
    let targets = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
    let targets = targets.map(str::to_owned).to_vec();
    Method::LowRank(LowRank { rank: 4, alpha: 6.0, root_scale: false, dropout, targets })
}

fn learner(name: &str, question: Question<'_>, method: &Method) -> Learner {
    let (mut checkpoint, architecture) = model(name);
    Learner::load(&mut checkpoint, &architecture, question, method, Random::new(3)).unwrap()
}

/// Numbers that depend on their place alone.
fn pattern(place: usize, shift: f64) -> f32 {
    (0.37 * place as f64 + shift).cos() as f32
}

fn total(learner: &Learner, lessons: &[Lesson<'_>], masks: Option<Random>) -> f64 {
    learner.learn(lessons, 1.0, masks, &mut learner.parameters().zeros()).unwrap()
}

/// The slope of the cost in a direction of each parameter, by two costs and by the gradient.
fn check_slopes(mut learner: Learner, truths: &[Truth], sequences: &[Sequence], masks: Option<Random>) {
    for parameter in learner.parameters_mut().iter_mut().filter(|parameter| parameter.name.ends_with(".lora_b")) {
        parameter.numbers.iter_mut().enumerate().for_each(|(place, number)| *number = 0.1 * pattern(place, 1.0));
    }
    let lessons: Vec<Lesson<'_>> =
        sequences.iter().zip(truths.iter().cycle()).map(|(sequence, truth)| Lesson { sequence, truth }).collect();
    let mut gradients = learner.parameters().zeros();
    learner.learn(&lessons, 1.0, masks, &mut gradients).unwrap();
    let gradients: Vec<Vec<f32>> = gradients.iter().map(<[f32]>::to_vec).collect();
    let names: Vec<String> = learner.parameters().iter().map(|parameter| parameter.name.clone()).collect();
    for (which, name) in names.iter().enumerate() {
        // Along the gradient, mixed with a direction that has nothing to do with it.
        let norm = gradients[which].iter().map(|&slope| f64::from(slope).powi(2)).sum::<f64>().sqrt();
        let spread = 1.0 / (gradients[which].len() as f64).sqrt();
        let direction: Vec<f64> = gradients[which]
            .iter()
            .enumerate()
            .map(|(place, &slope)| f64::from(slope) / norm.max(1e-9) + spread * f64::from(pattern(place, 0.3)))
            .collect();
        let expected: f64 = gradients[which].iter().zip(&direction).map(|(&slope, step)| f64::from(slope) * step).sum();
        let mut at = |step: f64| {
            let move_by = |learner: &mut Learner, step: f64| {
                let parameter = learner.parameters_mut().iter_mut().nth(which).unwrap();
                let before = parameter.numbers.clone();
                parameter
                    .numbers
                    .iter_mut()
                    .zip(&direction)
                    .for_each(|(number, along)| *number += (step * along) as f32);
                before
            };
            let before = move_by(&mut learner, step);
            let cost = total(&learner, &lessons, masks);
            learner.parameters_mut().iter_mut().nth(which).unwrap().numbers = before;
            cost
        };
        // Two steps, so that what is not straight cancels out (Richardson).
        let slope = |at: &mut dyn FnMut(f64) -> f64, step: f64| (at(step) - at(-step)) / (2.0 * step);
        let (fine, coarse) = (slope(&mut at, 4e-3), slope(&mut at, 8e-3));
        let found = (4.0 * fine - coarse) / 3.0;
        // Costs of 32-bit numbers tell no slopes below this: that of an encoder's key biases is none at all.
        let scale = expected.abs().max(norm).max(0.1);
        assert!((found - expected).abs() < 1e-3 * scale, "{name}: {found} by differences, {expected} by the way back");
    }
}

#[test]
fn the_gradient_of_every_parameter_is_the_slope_of_the_cost() {
    for (name, answers) in [("llama-gqa", &[5_u32, 9, 77][..]), ("gemma", &[5, 9, 77]), ("bert", &[1, 0])] {
        let count = answers.len();
        let truths = [Truth::one_of(0, count, 0.1), Truth::AnyOf((0..count).map(|answer| answer > 0).collect())];
        let sequences = inputs(name);
        let pairs: Vec<Sequence> =
            sequences.iter().map(|one| Sequence { second: one.tokens.len() / 2, ..one.clone() }).collect();
        let shared: &[u32] = if name == "bert" { &[] } else { &[7, 3, 11] };
        for method in [Method::All { dropout: 0.0 }, low_rank(0.0)] {
            check_slopes(learner(name, Question { shared, answers }, &method), &truths, &pairs[..4], None);
        }
        let masks = Some(Random::new(11));
        for method in [Method::All { dropout: 0.2 }, low_rank(0.2)] {
            check_slopes(learner(name, Question { shared, answers }, &method), &truths, &pairs[2..4], masks);
        }
    }
}

#[test]
fn what_is_learned_from_is_what_is_inferred() {
    for (name, answers) in [("llama-gqa", &[5_u32, 9, 77][..]), ("gemma", &[5, 9]), ("bert", &[1, 0])] {
        let (sequences, question) = (inputs(name), Question { shared: &[], answers });
        let (mut checkpoint, architecture) = model(name);
        let expected = load(&mut checkpoint, &architecture, question, &LoadOptions::default()).unwrap();
        let expected = expected.logits(&sequences).unwrap();
        for method in [Method::All { dropout: 0.1 }, low_rank(0.1)] {
            let found = learner(name, question, &method).logits(&sequences).unwrap();
            let pairs = found.iter().flatten().zip(expected.iter().flatten());
            let distance = pairs.map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max);
            assert!(distance < 1e-4, "{name}: {distance}");
        }
    }
}

#[test]
fn a_shared_beginning_changes_neither_cost_nor_gradient() {
    let sequences = inputs("llama-gqa");
    let long: Vec<Sequence> =
        sequences.iter().map(|one| Sequence::single([[7, 3, 11].as_slice(), &one.tokens].concat())).collect();
    let truth = Truth::one_of(1, 3, 0.0);
    let learned = |shared: &[u32], sequences: &[Sequence]| {
        let learner = learner("llama-gqa", Question { shared, answers: &[5, 9, 77] }, &Method::All { dropout: 0.0 });
        let lessons: Vec<Lesson<'_>> = sequences.iter().map(|sequence| Lesson { sequence, truth: &truth }).collect();
        let mut gradients = learner.parameters().zeros();
        (learner.learn(&lessons, 1.0, None, &mut gradients).unwrap(), gradients)
    };
    let (whole, expected) = learned(&[], &long);
    let (apart, found) = learned(&[7, 3, 11], &sequences);
    assert!((whole - apart).abs() < 1e-4, "{whole} {apart}");
    for (found, expected) in found.iter().zip(expected.iter()) {
        let scale = expected.iter().fold(1e-2_f32, |most, slope| most.max(slope.abs()));
        let distance = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(distance < 1e-3 * scale, "{distance} of {scale}");
    }
}

#[test]
fn gradients_do_not_depend_on_the_number_of_cores() {
    let learned = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let learner = learner("bert", Question { shared: &[], answers: &[0, 1] }, &Method::All { dropout: 0.1 });
            let (sequences, truth) = (inputs("bert"), Truth::one_of(1, 2, 0.0));
            let lessons: Vec<Lesson<'_>> =
                sequences.iter().map(|sequence| Lesson { sequence, truth: &truth }).collect();
            let mut gradients = learner.parameters().zeros();
            learner.learn(&lessons, 0.5, Some(Random::new(5)), &mut gradients).unwrap();
            gradients
        })
    };
    assert_eq!(learned(1), learned(3));
}

/// Half an adapter as `tests/reference/training.py` begins it.
fn begin_as_torch_does(learner: &mut Learner, is_encoder: bool) {
    let parts = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
    for parameter in learner.parameters_mut().iter_mut() {
        let Some((matrix, half)) = parameter.name.rsplit_once(".lora_") else { continue };
        let mut words = matrix.split('.');
        let layer: f64 = words.nth(1).unwrap().parse().unwrap();
        let part = words.next().unwrap();
        let which = if half == "a" { 0.0 } else { 0.5 };
        // An encoder's three matrices come after the seven of a decoder there.
        let offset = if is_encoder { 7 } else { 0 };
        let part = (parts.iter().position(|known| *known == part).unwrap() + offset) as f64;
        parameter
            .numbers
            .iter_mut()
            .enumerate()
            .for_each(|(place, number)| *number = 0.05 * pattern(place, layer + part + which));
    }
}

#[test]
fn fifty_steps_are_those_of_torch_and_peft() {
    let text = std::fs::read_to_string(reference().join("training.json")).unwrap();
    let runs: serde_json::Value = serde_json::from_str(&text).unwrap();
    let number = |key: &str| runs[key].as_f64().unwrap() as f32;
    let tokens: Vec<u32> = serde_json::from_value(runs["answers"].clone()).unwrap();
    for name in ["llama-gqa", "gemma", "bert"] {
        for kind in ["all", "lora"] {
            let run = &runs[format!("{name}/{kind}")];
            let encoder = name == "bert";
            let answers = if encoder { &[0, 1][..] } else { &tokens };
            let mut method = if kind == "all" { Method::All { dropout: 0.0 } } else { low_rank(0.0) };
            if let (Method::LowRank(low_rank), true) = (&mut method, encoder) {
                low_rank.targets = ["attn_q", "attn_k", "attn_v"].map(str::to_owned).to_vec();
            }
            let mut learner = learner(name, Question { shared: &[], answers }, &method);
            begin_as_torch_does(&mut learner, encoder);
            let sequences = inputs(name);
            let truths: Vec<Truth> =
                (0..sequences.len()).map(|row| Truth::one_of(row % answers.len(), answers.len(), 0.0)).collect();
            let lessons: Vec<Lesson<'_>> =
                sequences.iter().zip(&truths).map(|(sequence, truth)| Lesson { sequence, truth }).collect();
            let settings = AdamWSettings { weight_decay: number("decay"), ..AdamWSettings::default() };
            let mut optimizer = AdamW::new(learner.parameters(), settings);
            let weight = 1.0 / lessons.len() as f32;
            let mut farthest = 0.0_f64;
            for expected in run["costs"].as_array().unwrap() {
                let mut gradients = learner.parameters().zeros();
                let cost = learner.learn(&lessons, weight, None, &mut gradients).unwrap() * f64::from(weight);
                farthest = farthest.max((cost - expected.as_f64().unwrap()).abs());
                optimizer.step(learner.parameters_mut(), &gradients, number("rate"), Some(number("clip")));
            }
            let expected: Vec<Vec<f32>> = serde_json::from_value(run["logits"].clone()).unwrap();
            let found = learner.logits(&sequences).unwrap();
            let pairs = found.iter().flatten().zip(expected.iter().flatten());
            let distance = pairs.map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max);
            println!("{name}/{kind}: farthest cost {farthest:.6}, farthest logit afterwards {distance:.6}");
            assert!(farthest < 1e-3, "{name}/{kind}: the costs are {farthest} apart");
            assert!(distance < 1e-2, "{name}/{kind}: the logits are {distance} apart after 50 steps");
        }
    }
}
