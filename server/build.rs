//! Compresses the files of the page, so that the program holds them as they are sent. Fetches nothing.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> Result<(), Box<dyn Error>> {
    let bundle = Path::new("page/bundle");
    let out = std::env::var("OUT_DIR")?;
    writeln!(std::io::stdout(), "cargo::rerun-if-changed=page/bundle")?;
    for entry in fs::read_dir(bundle)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&fs::read(&path)?)?;
        fs::write(Path::new(&out).join(format!("{name}.gz")), encoder.finish()?)?;
    }
    Ok(())
}
