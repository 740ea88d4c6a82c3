//! Queries run on real graphs: by scripts, against an oracle that enumerates every path, under limits, and through the
//! interface.

#[cfg(test)] // Says to clippy that the functions between the tests are test code too.
mod harness;
#[cfg(test)]
mod interface;
#[cfg(test)]
mod language;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod verification;
