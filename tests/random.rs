//! What random tests share: numbers from a seed that is printed, settings for longer runs, a fast place for files.

/// Random numbers that are the same for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

/// A number from an environment variable, or the one for everyday.
pub(crate) fn setting(name: &str, everyday: u64) -> u64 {
    std::env::var(name).ok().map_or(everyday, |text| text.parse().expect(name))
}

/// A folder in memory where there is one: some tests open thousands of graphs, each with its syncs.
pub(crate) fn scratch() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
