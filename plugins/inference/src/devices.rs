//! Which devices share the work, as a user names them.

use std::str::FromStr;

use hopgraph_compute::Device;

use crate::{Classifier, InferenceError, LanguageModel, Replicas};

/// Inputs that are classified in one call for each graphics card, so that it seldom waits for the next call.
const CARD_INPUTS: usize = 4096;
/// Inputs that one of several cards takes at a time: some batches of sentences, few enough that all end together.
const PIECE_INPUTS: usize = 1024;

/// The devices that share the work of a model: `cpu`, `cuda` (the first graphics card), `cuda:0,2` or `all` (all cards).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Devices {
    /// The processor, with all its cores.
    #[default]
    Processor,
    /// Graphics cards by their numbers, at least one, none twice.
    Cards(Vec<usize>),
    /// Every graphics card of the machine.
    AllCards,
}

impl FromStr for Devices {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = match text {
            "cpu" => return Ok(Self::Processor),
            "cuda" => return Ok(Self::Cards(vec![0])),
            "all" => return Ok(Self::AllCards),
            _ => text.strip_prefix("cuda:").ok_or("a device is cpu, cuda, cuda:0, cuda:0,1 or all")?,
        };
        let number =
            |part: &str| part.trim().parse::<usize>().map_err(|_| format!("`{part}` is no number of a graphics card"));
        let numbers: Vec<usize> = numbers.split(',').map(number).collect::<Result<_, String>>()?;
        match numbers.iter().enumerate().find(|&(place, number)| numbers[..place].contains(number)) {
            Some((_, twice)) => Err(format!("graphics card {twice} is named twice")),
            None => Ok(Self::Cards(numbers)),
        }
    }
}

impl Devices {
    /// Each device.
    ///
    /// # Errors
    /// [`hopgraph_model::ModelError::NoDevice`] if all graphics cards are asked for and there is none.
    pub fn each(&self) -> Result<Vec<Device>, InferenceError> {
        match self {
            Self::Processor => Ok(vec![Device::Cpu]),
            Self::Cards(numbers) => Ok(numbers.iter().copied().map(Device::Cuda).collect()),
            Self::AllCards => all_cards(),
        }
    }

    /// How many inputs should be classified in one call, at least, to keep all devices at work.
    pub fn inputs_at_once(&self) -> usize {
        match self {
            Self::Processor => 1,
            _ => self.each().map_or(1, |devices| devices.len() * CARD_INPUTS),
        }
    }
}

#[cfg(feature = "cuda")]
fn all_cards() -> Result<Vec<Device>, InferenceError> {
    match hopgraph_compute::card_count() {
        // Opening one says what is missing.
        0 => Ok(vec![Device::Cuda(0)]),
        count => Ok((0..count).map(Device::Cuda).collect()),
    }
}

#[cfg(not(feature = "cuda"))]
fn all_cards() -> Result<Vec<Device>, InferenceError> {
    // Loading onto one says how to build with them.
    Ok(vec![Device::Cuda(0)])
}

/// Loads a model onto each device, all at the same time.
pub(crate) fn replicas(
    devices: &[Device],
    load: &(dyn Fn(Device) -> Result<LanguageModel, InferenceError> + Sync),
) -> Result<Box<dyn Classifier>, InferenceError> {
    let loaded = std::thread::scope(|scope| {
        let threads: Vec<_> = devices.iter().map(|&device| scope.spawn(move || load(device))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect::<Result<Vec<_>, _>>()
    })?;
    let name = |device: &Device| match device {
        Device::Cpu => "cpu".to_owned(),
        Device::Cuda(number) => format!("cuda:{number}"),
    };
    let named =
        devices.iter().map(name).zip(loaded).map(|(name, model)| (name, Box::new(model) as Box<dyn Classifier>));
    Ok(Box::new(Replicas::new(named.collect(), PIECE_INPUTS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_as_users_write_them() {
        let cards = |numbers: &[usize]| Ok(Devices::Cards(numbers.to_vec()));
        let cases: [(&str, Result<Devices, &str>); 8] = [
            ("cpu", Ok(Devices::Processor)),
            ("cuda", cards(&[0])),
            ("cuda:1", cards(&[1])),
            ("cuda:0, 2", cards(&[0, 2])),
            ("all", Ok(Devices::AllCards)),
            ("cuda:0,0", Err("graphics card 0 is named twice")),
            ("cuda:x", Err("`x` is no number of a graphics card")),
            ("gpu", Err("a device is cpu, cuda, cuda:0, cuda:0,1 or all")),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Devices>(), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn only_graphics_cards_want_many_inputs_at_once() {
        assert_eq!(Devices::Processor.inputs_at_once(), 1);
        assert_eq!(Devices::Cards(vec![0, 1]).inputs_at_once(), 2 * CARD_INPUTS);
    }
}
