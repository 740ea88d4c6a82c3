//! Work in pieces, some of them under way at once, so that one is read while another is computed.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Cuts items into pieces of `size`, lets `workers` threads do `work` on one piece after another, and puts the results of
/// all pieces in the order of the items. After an error no new piece is begun; the first error of any thread is given.
pub(crate) fn in_pieces<T: Sync, R: Send, E: Send>(
    items: &[T],
    size: usize,
    workers: usize,
    work: impl Fn(&[T]) -> Result<Vec<R>, E> + Sync,
) -> Result<Vec<R>, E> {
    let (next, pieces) = (AtomicUsize::new(0), items.len().div_ceil(size));
    let take_pieces = || {
        let mut done = Vec::new();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return Ok(done);
            }
            let from = piece * size;
            match work(&items[from..items.len().min(from + size)]) {
                Ok(results) => done.push((piece, results)),
                Err(error) => {
                    next.store(pieces, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    };
    let finished = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(take_pieces)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Result<Vec<_>, E>>()
    });
    let mut finished: Vec<(usize, Vec<R>)> = finished?.into_iter().flatten().collect();
    finished.sort_unstable_by_key(|&(piece, _)| piece);
    Ok(finished.into_iter().flat_map(|(_, results)| results).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for count in [0, 1, 9, 10, 11, 100] {
            let items: Vec<usize> = (0..count).collect();
            let sizes = Mutex::new(Vec::new());
            let doubled = in_pieces(&items, 10, 3, |piece| {
                sizes.lock().unwrap().push(piece.len());
                Ok::<_, ()>(piece.iter().map(|item| item * 2).collect())
            });
            assert_eq!(doubled, Ok(items.iter().map(|item| item * 2).collect()));
            assert_eq!(sizes.into_inner().unwrap().iter().sum::<usize>(), count);
        }
    }

    #[test]
    fn an_error_ends_the_work() {
        let items: Vec<usize> = (0..1000).collect();
        let begun = AtomicUsize::new(0);
        let failed = in_pieces(&items, 1, 2, |piece| {
            begun.fetch_add(1, Ordering::Relaxed);
            if piece[0] >= 5 { Err(piece[0]) } else { Ok(vec![()]) }
        });
        assert!(failed.is_err_and(|item| item >= 5));
        assert!(begun.into_inner() < 20, "hardly a piece is begun after the error");
    }
}
