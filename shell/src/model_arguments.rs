//! Which model is to read, where it is computed, and which is to read first.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use hopgraph::inference::{Cascade, Classifier, Devices, load_on};

/// What says which model reads.
#[derive(Args, Clone, Debug)]
pub(crate) struct ModelArguments {
    /// Folder of the model, with its model.toml
    #[arg(long, value_name = "DIR")]
    pub(crate) model: PathBuf,
    /// Where the model is computed: cpu, cuda (the first graphics card), cuda:0,2 or all
    #[arg(long, value_name = "DEVICE", default_value = "cpu", hide_default_value = true)]
    pub(crate) device: Devices,
    /// A faster model that reads everything first; the other then reads only what this one is not sure of
    #[arg(long, value_name = "DIR")]
    pub(crate) first_model: Option<PathBuf>,
    /// Where the first model is not sure: the probability that it gives to a relation
    #[arg(long, value_name = "LEAST..MOST", default_value = "0.1..0.9", value_parser = band, requires = "first_model")]
    pub(crate) band: RangeInclusive<f32>,
}

impl ModelArguments {
    /// Loads what is asked for.
    pub(crate) fn load(&self) -> Result<Box<dyn Classifier>> {
        let model = load_on(&self.model, &self.device)?;
        let Some(first) = &self.first_model else { return Ok(model) };
        Ok(Box::new(Cascade::new(load_on(first, &self.device)?, model, self.band.clone())?))
    }
}

fn band(text: &str) -> Result<RangeInclusive<f32>, String> {
    let number = |part: &str| part.trim().parse::<f32>().ok().filter(|number| (0.0..=1.0).contains(number));
    let ends = text.split_once("..").and_then(|(least, most)| Some((number(least)?, number(most)?)));
    match ends {
        Some((least, most)) if least <= most => Ok(least..=most),
        _ => Err("expected two probabilities, such as 0.1..0.9".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_has_two_ends_in_order() {
        assert_eq!(band("0.2..0.8"), Ok(0.2..=0.8));
        assert_eq!(band("0.5 .. 0.5"), Ok(0.5..=0.5));
        for wrong in ["", "0.5", "0.8..0.2", "0..2", "a..b"] {
            assert!(band(wrong).is_err(), "{wrong}");
        }
    }
}
