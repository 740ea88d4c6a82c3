//! Orders of threads: random ones, ones with few but ill-placed changes of thread, and all there are.

use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// Random orders of an everyday run, of each kind. `HOPGRAPH_SCHEDULES` asks for another number.
const ORDERS: u64 = 4_000;

/// Most orders that a test may have of which all are to be tried.
const ORDERS_MAX: usize = 4_000_000;

/// At how many places the second kind takes the turn away from a thread that could go on.
const CHANGES: usize = 4;

/// Runs a test in many random orders of its threads.
pub(crate) fn random(test: fn()) {
    let seed = setting("HOPGRAPH_SEED", u64::from(std::process::id()));
    let orders = setting("HOPGRAPH_SCHEDULES", ORDERS) as usize;
    println!("HOPGRAPH_SEED={seed}");
    Runner::new(RandomScheduler::new_from_seed(seed, orders), Config::default()).run(test);
    Runner::new(PctScheduler::new_from_seed(seed, CHANGES, orders), Config::default()).run(test);
}

/// Runs a test in every order that its threads can take.
pub(crate) fn all(test: fn()) {
    let tried = Runner::new(DfsScheduler::new(Some(ORDERS_MAX), false), Config::default()).run(test);
    println!("{tried} orders");
    assert!((10..ORDERS_MAX).contains(&tried), "{tried} orders were tried, and there may be more");
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} should be a number")))
}
