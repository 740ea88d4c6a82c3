//! Tests across the crates, as one program: what the documents promise, and the walls that the code is built inside.

#[cfg(test)] // Says to clippy that the functions between the tests are test code too.
mod architecture;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod dump;
#[cfg(test)]
mod format;
#[cfg(test)]
mod program;
#[cfg(test)]
mod source;
