//! Batches on their way through a card: the processor writes the next ones while the card works on this one.
//!
//! A slot holds what one batch needs on either side. A caller puts up to [`AHEAD`] batches behind each other before it
//! waits for the first, and several callers take turns, so the card always has something to do.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cudarc::driver::sys::CUevent_flags;
use cudarc::driver::{CudaEvent, DriverError};

use super::card::{Card, Failure};
use super::launch::{Memory, Part, Pinned, can_time};
use crate::DeviceUse;
use crate::batch::batches;
use crate::network::Network;
use hopgraph_model::{ModelError, Sequence};

/// Batches that one caller has on the card at once.
const AHEAD: usize = 2;
/// Batches of all callers.
const SLOTS: usize = 4;
/// A batch that is halved below this does not fit any card.
const LEAST_TOKENS: usize = 128;

/// A model on a card.
pub(super) trait Forward: Send {
    /// Asks for the logits of a batch, which will lie at the start of `logits`, a row for each sequence.
    fn forward(&mut self, batch: &Batch<'_>, logits: &mut Memory) -> Result<(), Failure>;

    /// Makes room for batches of so many tokens, in place of the room there is.
    fn make_room(&mut self, card: &Card, tokens: usize) -> Result<(), Failure>;

    /// How many logits there are for a sequence.
    fn answers(&self) -> usize;

    /// The memory that the weights take, with what they are expanded into.
    fn weight_bytes(&self) -> usize;
}

/// Rows are computed in so many, of which the last may be nobody's: the library knows fast ways for round numbers, and
/// fewer of them have to be tried.
pub(super) fn padded(rows: usize) -> usize {
    rows.next_multiple_of(if rows > 128 { 128 } else { 16 })
}

/// A batch as the card sees it; all its parts hold words of 32 bits.
pub(super) struct Batch<'a> {
    /// The tokens of all sequences, one after another.
    pub(super) tokens: Part<'a>,
    /// The place of each token in its sequence.
    pub(super) positions: Part<'a>,
    /// 0 or 1: to which of two texts each token belongs.
    pub(super) sides: Part<'a>,
    /// Where each sequence begins, and the end of the last.
    pub(super) starts: Part<'a>,
    /// The last token of each sequence.
    pub(super) last: Part<'a>,
    /// How many tokens there are.
    pub(super) count: usize,
    pub(super) sequences: usize,
    /// The length of the longest.
    pub(super) longest: usize,
    /// Whether the ways of computing the products are still to be tried; the logits are then of no use.
    pub(super) measured: bool,
}

/// What one batch needs: its words, and room for its logits on both sides.
struct Slot {
    words: Words,
    results: Memory,
    logits: Pinned<f32>,
}

impl Slot {
    fn new(card: &Card, tokens: usize, answers: usize) -> Result<Self, Failure> {
        Ok(Self {
            words: Words::new(card, tokens)?,
            results: Memory::zeros(card.stream(), tokens * answers * 4)?,
            logits: Pinned::new(card.context(), tokens * answers)?,
        })
    }
}

/// The words of a batch, on both sides.
pub(super) struct Words {
    /// Tokens that there is room for.
    room: usize,
    here: Pinned<u32>,
    on_card: Memory,
}

impl Words {
    pub(super) fn new(card: &Card, room: usize) -> Result<Self, Failure> {
        let words = 5 * room + 1;
        Ok(Self { room, here: Pinned::new(card.context(), words)?, on_card: Memory::zeros(card.stream(), words * 4)? })
    }

    /// Sends sequences, which must fit the room.
    pub(super) fn send(&mut self, card: &Card, sequences: &[&Sequence]) -> Result<Batch<'_>, Failure> {
        let room = self.room;
        let (count, longest) = write(sequences, room, self.here.get_mut()?);
        self.on_card.fill(card.stream(), &mut self.here)?;
        let part = |from: usize, words: usize| self.on_card.part(from * 4, words * 4);
        Ok(Batch {
            tokens: part(0, room),
            positions: part(room, room),
            sides: part(2 * room, room),
            last: part(3 * room, room),
            starts: part(4 * room, room + 1),
            count,
            sequences: sequences.len(),
            longest,
            measured: false,
        })
    }
}

/// Writes the words of a batch in the order of [`Words::send`]; gives the number of tokens and the length of the longest
/// sequence.
fn write(sequences: &[&Sequence], room: usize, words: &mut [u32]) -> (usize, usize) {
    let (mut count, mut longest) = (0, 0);
    for (row, sequence) in sequences.iter().enumerate() {
        words[4 * room + row] = word(count);
        for (position, &token) in sequence.tokens.iter().enumerate() {
            words[count] = token;
            words[room + count] = word(position);
            words[2 * room + count] = u32::from(position >= sequence.second);
            count += 1;
        }
        words[3 * room + row] = word(count) - 1;
        longest = longest.max(sequence.tokens.len());
    }
    words[4 * room + sequences.len()] = word(count);
    (count, longest)
}

fn word(number: usize) -> u32 {
    u32::try_from(number).expect("a batch has far fewer than four billion tokens")
}

/// A model on a card, with the slots for its batches.
pub(super) struct Stage<M> {
    card: Card,
    running: Mutex<Running<M>>,
    slots: Mutex<Vec<Slot>>,
    returned: Condvar,
    answers: usize,
    /// The driver can say how long something took.
    timed: bool,
}

struct Running<M> {
    model: M,
    /// Tokens in a batch, at most.
    capacity: usize,
    /// When the card will have done the last batch that it was given.
    end: Option<Arc<CudaEvent>>,
    use_so_far: DeviceUse,
}

/// A batch that the card has been given.
struct Pending<'a> {
    slot: Taken<'a>,
    rows: Vec<usize>,
    marks: Marks,
}

/// When the card has done the batch before, begins with this one, and has done it.
struct Marks {
    previous_end: Option<Arc<CudaEvent>>,
    begin: Arc<CudaEvent>,
    end: Arc<CudaEvent>,
}

/// A slot that goes back when it is dropped, whatever happens.
struct Taken<'a> {
    slot: Option<Slot>,
    slots: &'a Mutex<Vec<Slot>>,
    returned: &'a Condvar,
}

impl Taken<'_> {
    fn get(&mut self) -> &mut Slot {
        self.slot.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        lock(self.slots).extend(self.slot.take());
        self.returned.notify_one();
    }
}

/// What a thread that panicked held is whole all the same: slots are emptied when they are taken.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<M: Forward> Stage<M> {
    /// Makes room for batches of so many tokens, or of half as many as often as the card has not the memory, and tries
    /// the ways of computing them.
    pub(super) fn new(card: Card, mut model: M, tokens: usize, longest: usize) -> Result<Self, ModelError> {
        let mut capacity = padded(tokens);
        let (slots, timed) = loop {
            let prepared = prepare(&card, &mut model, capacity, longest);
            match prepared {
                Ok(slots) => break (slots, can_time()),
                Err(failure) if failure.is_out_of_memory() && capacity > LEAST_TOKENS => {
                    capacity = padded(capacity / 2)
                }
                Err(failure) => return Err(card.explain(failure)),
            }
        };
        let answers = model.answers();
        let use_so_far =
            DeviceUse { device: card.name().to_owned(), weight_bytes: model.weight_bytes(), ..DeviceUse::default() };
        let running = Mutex::new(Running { model, capacity, end: None, use_so_far });
        Ok(Self { card, running, slots: Mutex::new(slots), returned: Condvar::new(), answers, timed })
    }

    /// Gives the card a batch.
    fn start<'a>(
        &'a self,
        mut slot: Taken<'a>,
        rows: Vec<usize>,
        sequences: &[Sequence],
    ) -> Result<Pending<'a>, (Failure, Vec<usize>)> {
        let chosen: Vec<&Sequence> = rows.iter().map(|&row| &sequences[row]).collect();
        let mut running = lock(&self.running);
        let begun = self.start_locked(&mut running, slot.get(), &chosen);
        drop(running);
        match begun {
            Ok(marks) => Ok(Pending { slot, rows, marks }),
            Err(failure) => Err((failure, rows)),
        }
    }

    fn start_locked(
        &self,
        running: &mut Running<M>,
        slot: &mut Slot,
        sequences: &[&Sequence],
    ) -> Result<Marks, Failure> {
        let tokens: usize = sequences.iter().map(|sequence| sequence.tokens.len()).sum();
        if tokens > running.capacity {
            // Another caller has made less room since this batch was cut.
            return Err(DriverError(cudarc::driver::sys::cudaError_enum::CUDA_ERROR_OUT_OF_MEMORY).into());
        }
        let begin = self.mark()?;
        let batch = slot.words.send(&self.card, sequences)?;
        running.model.forward(&batch, &mut slot.results)?;
        slot.logits.fetch(self.card.stream(), &slot.results, sequences.len() * self.answers)?;
        let end = self.mark()?;
        running.use_so_far.batches += 1;
        running.use_so_far.sequences += sequences.len() as u64;
        running.use_so_far.tokens += tokens as u64;
        Ok(Marks { previous_end: running.end.replace(end.clone()), begin, end })
    }

    /// Notes the moment when the card has come this far.
    fn mark(&self) -> Result<Arc<CudaEvent>, DriverError> {
        let flags = if self.timed { CUevent_flags::CU_EVENT_DEFAULT } else { CUevent_flags::CU_EVENT_DISABLE_TIMING };
        self.card.stream().record_event(Some(flags)).map(Arc::new)
    }

    /// Waits for a batch and puts its logits where they belong.
    fn finish(&self, mut pending: Pending<'_>, logits: &mut [Vec<f32>]) -> Result<(), Failure> {
        let found = pending.slot.get().logits.get()?;
        for (&row, found) in pending.rows.iter().zip(found.chunks_exact(self.answers)) {
            logits[row] = found.to_vec();
        }
        if self.timed {
            let Marks { previous_end, begin, end } = pending.marks;
            let busy = begin.elapsed_ms(&end)?;
            let waited = previous_end.map_or(Ok(0.0), |end| end.elapsed_ms(&begin))?;
            let mut running = lock(&self.running);
            running.use_so_far.busy += milliseconds(busy);
            running.use_so_far.idle += milliseconds(waited);
        }
        Ok(())
    }

    /// A slot that nobody uses; None if there is none and the caller should first give back one of its own.
    fn take(&self, wait: bool) -> Option<Taken<'_>> {
        let mut slots = lock(&self.slots);
        loop {
            if let Some(slot) = slots.pop() {
                return Some(Taken { slot: Some(slot), slots: &self.slots, returned: &self.returned });
            }
            if !wait {
                return None;
            }
            slots = self.returned.wait(slots).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Halves the batches after the card had no memory for one of so many tokens.
    fn shrink(&self, tokens: usize) -> Result<(), Failure> {
        let mut running = lock(&self.running);
        if running.capacity >= tokens {
            let capacity = padded(tokens / 2).max(LEAST_TOKENS);
            running.model.make_room(&self.card, capacity)?;
            running.capacity = capacity;
        }
        Ok(())
    }

    fn run(&self, sequences: &[Sequence]) -> Result<Vec<Vec<f32>>, Failure> {
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.tokens.len()).collect();
        let mut work: VecDeque<Vec<usize>> = batches(&lengths, lock(&self.running).capacity).into();
        let (mut pending, mut logits) = (VecDeque::new(), vec![Vec::new(); sequences.len()]);
        while let Some(rows) = work.pop_front() {
            let slot = loop {
                if let Some(slot) = self.take(pending.is_empty()) {
                    break slot;
                }
                if let Some(first) = pending.pop_front() {
                    self.finish(first, &mut logits)?;
                }
            };
            match self.start(slot, rows, sequences) {
                Ok(started) => pending.push_back(started),
                Err((failure, rows)) if failure.is_out_of_memory() && rows.len() > 1 => {
                    for earlier in pending.drain(..) {
                        self.finish(earlier, &mut logits)?;
                    }
                    self.shrink(rows.iter().map(|&row| lengths[row]).sum())?;
                    let (left, right) = rows.split_at(rows.len() / 2);
                    work.push_front(right.to_vec());
                    work.push_front(left.to_vec());
                }
                Err((failure, _)) => return Err(failure),
            }
            if pending.len() >= AHEAD
                && let Some(first) = pending.pop_front()
            {
                self.finish(first, &mut logits)?;
            }
        }
        for rest in pending {
            self.finish(rest, &mut logits)?;
        }
        Ok(logits)
    }
}

/// Room and slots for batches of so many tokens; and one batch run for the sake of its products.
fn prepare<M: Forward>(card: &Card, model: &mut M, capacity: usize, longest: usize) -> Result<Vec<Slot>, Failure> {
    model.make_room(card, capacity)?;
    let slots = (0..SLOTS).map(|_| Slot::new(card, capacity, model.answers())).collect::<Result<Vec<_>, _>>()?;
    let mut words = Words::new(card, capacity)?;
    let length = longest.min(capacity).min(TYPICAL_TOKENS);
    let sequences = vec![Sequence::single(vec![0; length]); capacity / length];
    let mut results = Memory::zeros(card.stream(), capacity * model.answers() * 4)?;
    let batch = Batch { measured: true, ..words.send(card, &sequences.iter().collect::<Vec<_>>())? };
    model.forward(&batch, &mut results)?;
    card.stream().synchronize()?;
    Ok(slots)
}

/// About how many tokens of its own a sentence has.
const TYPICAL_TOKENS: usize = 54;

fn milliseconds(number: f32) -> Duration {
    Duration::from_secs_f32(number.max(0.0) / 1000.0)
}

impl<M: Forward> Network for Stage<M> {
    fn logits(&self, sequences: &[Sequence]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.run(sequences).map_err(|failure| self.card.explain(failure))
    }

    fn device_use(&self) -> Option<DeviceUse> {
        Some(lock(&self.running).use_so_far.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_batch_lie_in_their_order() {
        let sequences = [Sequence { tokens: vec![7, 8, 9], second: 2 }, Sequence::single(vec![5])];
        let mut words = vec![0; 5 * 4 + 8];
        assert_eq!(write(&sequences.iter().collect::<Vec<_>>(), 4, &mut words), (4, 3));
        assert_eq!(words[..4], [7, 8, 9, 5], "tokens");
        assert_eq!(words[4..8], [0, 1, 2, 0], "positions");
        assert_eq!(words[8..12], [0, 0, 1, 0], "sides");
        assert_eq!(words[12..14], [2, 3], "last tokens");
        assert_eq!(words[16..19], [0, 3, 4], "starts");
    }

    #[test]
    fn rows_are_padded_to_round_numbers() {
        let padded: Vec<usize> = [1, 16, 17, 128, 129, 8100, 8192].map(padded).into();
        assert_eq!(padded, [16, 16, 32, 128, 256, 8192, 8192]);
    }
}
