//! What is trained: named matrices and vectors of 32-bit numbers, and their gradients.

/// A matrix or vector that is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, as of a tensor in GGUF; the halves of an adapter end in `.lora_a` and `.lora_b`.
    pub name: String,
    /// Rows first; one entry for a vector.
    pub shape: Vec<usize>,
    /// Its numbers, row by row.
    pub numbers: Vec<f32>,
}

/// The place of a parameter among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(usize);

/// All parameters, in an order that depends on the model alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    list: Vec<Parameter>,
}

impl Parameters {
    pub(super) fn add(&mut self, name: impl Into<String>, shape: &[usize], numbers: Vec<f32>) -> Place {
        self.list.push(Parameter { name: name.into(), shape: shape.to_vec(), numbers });
        Place(self.list.len() - 1)
    }

    pub(super) fn numbers(&self, place: Place) -> &[f32] {
        &self.list[place.0].numbers
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.list.iter()
    }

    /// Each of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Parameter> {
        self.list.iter_mut()
    }

    /// How many numbers they have in all.
    pub fn count(&self) -> usize {
        self.list.iter().map(|parameter| parameter.numbers.len()).sum()
    }

    /// Zeros in the same shapes.
    pub fn zeros(&self) -> Gradients {
        Gradients { list: self.list.iter().map(|parameter| vec![0.0; parameter.numbers.len()]).collect() }
    }
}

/// A number for each number of [`Parameters`].
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    list: Vec<Vec<f32>>,
}

impl Gradients {
    pub(super) fn of(&mut self, place: Place) -> &mut [f32] {
        &mut self.list[place.0]
    }

    pub(super) fn add(&mut self, place: Place, addends: &[f32]) {
        self.of(place).iter_mut().zip(addends).for_each(|(sum, addend)| *sum += addend);
    }

    /// The numbers for each parameter, in the order of the parameters.
    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.list.iter().map(Vec::as_slice)
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Vec<f32>> {
        self.list.iter_mut()
    }

    /// Makes all zero again.
    pub fn clear(&mut self) {
        self.list.iter_mut().for_each(|numbers| numbers.fill(0.0));
    }
}
