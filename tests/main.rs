//! Tests across the crates, as one program: what the documents promise, and the walls that the code is built inside.

#[cfg(test)] // Says to clippy that the functions between the tests are test code too.
mod architecture;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod circles;
#[cfg(test)]
mod commits;
#[cfg(test)]
mod corruption;
#[cfg(test)]
mod crash;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod disk;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod dump;
#[cfg(test)]
mod follow;
#[cfg(test)]
mod format;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod program;
#[cfg(test)]
mod random;
#[cfg(test)]
mod readers;
#[cfg(test)]
mod source;
#[cfg(test)]
mod transactions;
