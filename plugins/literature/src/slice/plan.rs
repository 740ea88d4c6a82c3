//! A plan: input cut into slices by its content alone, each of which can be read by itself, anywhere.
//!
//! A file is a slice; a plain file of lines is cut at the beginnings of records, so that none is larger than it has to
//! be. A compressed file is never cut, for it can only be read from its beginning.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::PlanError;
use super::files::{hexadecimal, write_whole};
use crate::Format;
use crate::reader::{Cut, Meter, SourceFile, cuts, expand};

/// The version of the files of a plan.
const VERSION: u32 = 1;

/// What the names of slices end with.
const SUFFIX: &str = "slice";

/// A piece of input that is read by itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Slice {
    version: u32,
    /// Hash of all slices of the plan: of their contents and formats, not of their places.
    pub plan: String,
    /// Its number in the plan, from 0.
    pub number: usize,
    /// How many slices the plan has.
    pub of: usize,
    /// The file, from the folder of the plan.
    file: PathBuf,
    /// The file as it was named, for reports.
    pub name: String,
    format: String,
    /// The bytes of the file.
    start: u64,
    end: u64,
    /// The number of the first line.
    first_line: u64,
    /// SHA-256 of these bytes.
    pub sha256: String,
    /// Where the file of the slice lies.
    #[serde(skip)]
    folder: PathBuf,
}

impl Slice {
    /// Reads the file of a slice.
    ///
    /// # Errors
    /// If it cannot be read or is no slice.
    pub fn open(path: &Path) -> Result<Self, PlanError> {
        let text = std::fs::read_to_string(path).map_err(|source| PlanError::read(path, source))?;
        let slice: Self = serde_json::from_str(&text).map_err(|error| PlanError::Damaged {
            path: path.to_owned(),
            reason: format!("it is no slice: {error}"),
        })?;
        if slice.version != VERSION {
            let reason = format!("it is of version {}, and this program knows {VERSION}", slice.version);
            return Err(PlanError::Damaged { path: path.to_owned(), reason });
        }
        Ok(Self { folder: path.parent().unwrap_or(Path::new("")).to_owned(), ..slice })
    }

    /// Where its input lies.
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.file)
    }

    /// The part of its file.
    pub(crate) fn cut(&self) -> Cut {
        Cut { start: self.start, end: self.end, first_line: self.first_line }
    }

    /// The format of its input.
    ///
    /// # Errors
    /// If this program does not know it.
    pub(crate) fn format(&self) -> Result<Format, PlanError> {
        self.format.parse().map_err(|reason| PlanError::Damaged { path: self.folder.join(&self.name), reason })
    }

    /// Fails if the input has changed since it was cut.
    pub(crate) fn check_input(&self) -> Result<(), PlanError> {
        let path = self.path();
        match hash_of(&path, self.start, self.end).map_err(|source| PlanError::read(&path, source))? {
            found if found == self.sha256 => Ok(()),
            _ => Err(PlanError::Changed { path, number: self.number }),
        }
    }

    /// What it is known by: its content, its format and its place in the plan.
    pub(crate) fn identity(&self) -> String {
        format!("{} {} of {}", self.plan, self.number, self.of)
    }
}

/// Cuts files into slices and writes the plan into a folder: `plan.json`, and a file for each slice. Standard input is kept
/// there too. Gives the slices.
///
/// # Errors
/// As [`crate::Corpus::open`]; if the folder holds another plan, or something cannot be read or written.
pub fn make_plan(paths: &[PathBuf], format: Option<Format>, folder: &Path) -> Result<Vec<Slice>, PlanError> {
    std::fs::create_dir_all(folder).map_err(|source| PlanError::write(folder, source))?;
    let mut slices = Vec::new();
    for path in paths {
        let spooled;
        let (path, name) = if path == Path::new("-") {
            spooled = spool(folder)?;
            (&spooled, "standard input".to_owned())
        } else {
            (path, String::new())
        };
        for found in expand(std::slice::from_ref(path))? {
            let file = SourceFile::open(&found.path, format, &Meter::default()).map_err(PlanError::from)?;
            let name = if name.is_empty() { found.path.to_string_lossy().into_owned() } else { name.clone() };
            add_slices(&file, &name, folder, &mut slices)?;
        }
    }
    let mut plan = Sha256::new();
    for slice in &slices {
        plan.update(format!("{} {} {} {}\n", slice.format, slice.start, slice.end, slice.sha256));
    }
    let (plan, of) = (hexadecimal(&plan.finalize()), slices.len());
    for (number, slice) in slices.iter_mut().enumerate() {
        (slice.plan, slice.number, slice.of) = (plan.clone(), number, of);
    }
    write_plan(folder, &plan, &slices)?;
    Ok(slices)
}

/// Keeps standard input in a file that is named by its content.
fn spool(folder: &Path) -> Result<PathBuf, PlanError> {
    let draft = folder.join(format!(".input.{}.draft", std::process::id()));
    let mut hash = Sha256::new();
    let mut input = std::io::stdin().lock();
    let written = File::create(&draft).and_then(|mut file| {
        loop {
            let bytes = input.fill_buf()?;
            if bytes.is_empty() {
                return file.sync_all();
            }
            hash.update(bytes);
            file.write_all(bytes)?;
            let length = bytes.len();
            input.consume(length);
        }
    });
    written.map_err(|source| PlanError::write(&draft, source))?;
    let path = folder.join(format!("input-{}", &hexadecimal(&hash.finalize())[..16]));
    std::fs::rename(&draft, &path).map_err(|source| PlanError::write(&path, source))?;
    Ok(path)
}

fn add_slices(source: &SourceFile, name: &str, folder: &Path, slices: &mut Vec<Slice>) -> Result<(), PlanError> {
    let path = source.path();
    let failed = |error| PlanError::read(path, error);
    for cut in cuts(path, source.format()).map_err(failed)? {
        slices.push(Slice {
            version: VERSION,
            plan: String::new(),
            number: 0,
            of: 0,
            file: relative(path, folder).map_err(failed)?,
            name: name.to_owned(),
            format: source.format().name().to_owned(),
            start: cut.start,
            end: cut.end,
            first_line: cut.first_line,
            sha256: hash_of(path, cut.start, cut.end).map_err(failed)?,
            folder: folder.to_owned(),
        });
    }
    Ok(())
}

fn write_plan(folder: &Path, plan: &str, slices: &[Slice]) -> Result<(), PlanError> {
    #[derive(Deserialize, Serialize)]
    struct Manifest {
        version: u32,
        plan: String,
        slices: Vec<String>,
    }
    let manifest = folder.join("plan.json");
    if let Ok(text) = std::fs::read_to_string(&manifest) {
        let known: Result<Manifest, _> = serde_json::from_str(&text);
        if known.is_ok_and(|known| known.plan != plan) {
            return Err(PlanError::OtherPlan { path: folder.to_owned() });
        }
    }
    let mut names = Vec::new();
    for slice in slices {
        let name = format!("{:05}.{SUFFIX}", slice.number);
        write_whole(&folder.join(&name), &json(slice)?)?;
        names.push(name);
    }
    write_whole(&manifest, &json(&Manifest { version: VERSION, plan: plan.to_owned(), slices: names })?)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, PlanError> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| PlanError::Damaged { path: PathBuf::new(), reason: error.to_string() })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The path of a file as seen from a folder.
fn relative(path: &Path, folder: &Path) -> std::io::Result<PathBuf> {
    let (path, folder) = (path.canonicalize()?, folder.canonicalize()?);
    let common = path.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    Ok(up.chain(path.components().skip(common)).collect())
}

/// SHA-256 of a part of a file.
fn hash_of(path: &Path, start: u64, end: u64) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut hash = Sha256::new();
    let mut reader = BufReader::with_capacity(1 << 20, file.take(end - start));
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(hexadecimal(&hash.finalize()));
        }
        hash.update(bytes);
        let length = bytes.len();
        reader.consume(length);
    }
}
