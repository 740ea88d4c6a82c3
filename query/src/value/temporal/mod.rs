//! Values of time: how they are made, taken apart, cut off, added and compared with each other. What they are and how
//! they are written stands in the engine.

mod arithmetic;
mod between;
mod component;
mod make;
mod truncate;
mod zone;

pub(crate) use arithmetic::{divide, minus, multiply, plus};
pub(crate) use between::{Measure, between};
pub(crate) use component::component;
pub(crate) use make::{Kind, duration, from_epoch, make};
pub(crate) use truncate::truncate;
pub(crate) use zone::now;

use hopgraph_engine::Temporal;
use zone::Zone;

/// The day, the time of day and the zone of a value, each if it has one.
#[derive(Clone, Debug, Default)]
struct Parts {
    day: Option<i64>,
    time: Option<i64>,
    zone: Option<Zone>,
}

/// A length of time has none of the three.
fn parts(temporal: &Temporal) -> Parts {
    match temporal {
        Temporal::Date(day) => Parts { day: Some(*day), ..Parts::default() },
        Temporal::LocalTime(time) => Parts { time: Some(*time), ..Parts::default() },
        Temporal::Time { time, offset } => Parts { day: None, time: Some(*time), zone: Some(Zone::Offset(*offset)) },
        Temporal::LocalDateTime { day, time } => Parts { day: Some(*day), time: Some(*time), zone: None },
        Temporal::DateTime { day, time, offset, zone } => {
            let zone = zone.as_deref().and_then(|name| Zone::named(name).ok()).unwrap_or(Zone::Offset(*offset));
            Parts { day: Some(*day), time: Some(*time), zone: Some(zone) }
        }
        Temporal::Duration { .. } => Parts::default(),
    }
}

/// The value, unless it lies beyond the years that there are.
fn checked(temporal: Temporal) -> Result<Temporal, String> {
    if temporal.is_valid() {
        return Ok(temporal);
    }
    Err("the result lies beyond the years that there are: -999999999 to 999999999".to_owned())
}
