//! Memory of a card and kernels started on it: the only place, beside the matrix products, that leaves Rust's guarantees.
//!
//! Everything runs on one stream, in the order in which it was asked for. So a kernel never reads what an earlier one has
//! not written yet, and memory that is dropped is freed after its last use.
#![expect(unsafe_code, reason = "a kernel is foreign code that reads and writes through bare addresses")]

use std::collections::HashMap;
use std::ffi::CString;
use std::marker::PhantomData;
use std::sync::Arc;

use cudarc::driver::{
    CudaContext, CudaEvent, CudaFunction, CudaSlice, CudaStream, DevicePtr, DeviceRepr, DriverError, LaunchConfig,
    PinnedHostSlice, PushKernelArg, ValidAsZeroBits,
    sys::{CUevent_flags, CUfunction_attribute},
};
use cudarc::nvrtc::{self, Ptx};

/// Whether the libraries of CUDA that this program opens are on the machine; if not, the first that is missing.
pub(super) fn missing_library() -> Option<&'static str> {
    // SAFETY: each opens a shared library by its name and closes it again; NVIDIA's libraries do nothing when loaded that
    // other code in the process could see.
    let present = unsafe {
        [
            ("libcuda", cudarc::driver::sys::is_culib_present()),
            ("libnvrtc", cudarc::nvrtc::sys::is_culib_present()),
            ("libcublasLt", cudarc::cublaslt::sys::is_culib_present()),
        ]
    };
    present.into_iter().find(|&(_, present)| !present).map(|(name, _)| name)
}

/// Whether the driver can say how long something took; the call for it came with CUDA 12.8.
pub(super) fn can_time() -> bool {
    let mut version = 0;
    // SAFETY: the number goes where a number has its place.
    let known = unsafe { cudarc::driver::sys::cuDriverGetVersion(&raw mut version) }.result().is_ok();
    known && version >= 12_080
}

/// Compiles a program to the card's own machine code, so that a driver older than the compiler takes it as well; the error
/// is what the compiler says.
pub(super) fn compile(source: &str, options: &[String]) -> Result<Ptx, String> {
    let source = CString::new(source).map_err(|error| error.to_string())?;
    let program = nvrtc::result::create_program(&source, Some(c"hopgraph.cu")).map_err(|error| error.to_string())?;
    let program = Program(program);
    // SAFETY: here and below the program was created above and is destroyed when `program` goes.
    if let Err(error) = unsafe { nvrtc::result::compile_program(program.0, options) } {
        // SAFETY: as above.
        let log = unsafe { nvrtc::result::get_program_log(program.0) }.unwrap_or_default();
        let log: Vec<u8> = log.iter().map(|&letter| letter.cast_unsigned()).take_while(|&letter| letter != 0).collect();
        return Err(format!("{error}: {}", String::from_utf8_lossy(&log)));
    }
    let mut size = 0;
    // SAFETY: the size goes where a size has its place.
    unsafe { nvrtc::sys::nvrtcGetCUBINSize(program.0, &raw mut size) }.result().map_err(|error| error.to_string())?;
    let mut code = vec![0u8; size];
    // SAFETY: `code` has the size that was just asked for.
    unsafe { nvrtc::sys::nvrtcGetCUBIN(program.0, code.as_mut_ptr().cast()) }
        .result()
        .map_err(|error| error.to_string())?;
    Ok(Ptx::from_binary(code))
}

/// A program of the compiler's.
struct Program(nvrtc::sys::nvrtcProgram);

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: it was created by `create_program`, and nothing uses it any more. That it could not be destroyed is no
        // reason to stop.
        let _ = unsafe { nvrtc::result::destroy_program(self.0) };
    }
}

/// Memory of a card.
pub(super) struct Memory {
    bytes: CudaSlice<u8>,
    address: u64,
}

impl Memory {
    /// Room filled with zeros, which are a number in every format.
    pub(super) fn zeros(stream: &Arc<CudaStream>, length: usize) -> Result<Self, DriverError> {
        Ok(Self::of(stream.alloc_zeros(length.max(16))?, stream))
    }

    /// A copy of these bytes.
    pub(super) fn copy_of(stream: &Arc<CudaStream>, bytes: &[u8]) -> Result<Self, DriverError> {
        Ok(Self::of(stream.clone_htod(bytes)?, stream))
    }

    fn of(bytes: CudaSlice<u8>, stream: &Arc<CudaStream>) -> Self {
        let address = bytes.device_ptr(stream).0;
        Self { bytes, address }
    }

    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// All of it, to be read.
    pub(super) fn all(&self) -> Part<'_> {
        self.part(0, self.length())
    }

    /// Some of it, to be read.
    pub(super) fn part(&self, from: usize, length: usize) -> Part<'_> {
        assert!(from + length <= self.length(), "{from} + {length} bytes of {}", self.length());
        Part { address: self.address + from as u64, length, memory: PhantomData }
    }

    /// All of it, to be written.
    pub(super) fn all_mut(&mut self) -> PartMut<'_> {
        self.rest_mut(0)
    }

    /// All of it from some byte on, to be written.
    pub(super) fn rest_mut(&mut self, from: usize) -> PartMut<'_> {
        let Part { address, length, .. } = self.part(from, self.length() - from);
        PartMut { address, length, memory: PhantomData }
    }

    /// Copies to the start of it what the host holds, without waiting.
    pub(super) fn fill(&mut self, stream: &Arc<CudaStream>, from: &mut Pinned<u32>) -> Result<(), DriverError> {
        let count = from.words.len();
        // SAFETY: a view of the same bytes as words, which all are; `transmute_mut` checks the length.
        let view = unsafe { self.bytes.transmute_mut::<u32>(count) };
        stream.memcpy_htod(&from.words, &mut view.expect("the memory holds as many words"))?;
        from.note_copy(stream)
    }
}

/// Memory that is only read.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    address: u64,
    length: usize,
    memory: PhantomData<&'a Memory>,
}

impl<'a> Part<'a> {
    pub(super) fn address(self) -> u64 {
        self.address
    }

    pub(super) fn length(self) -> usize {
        self.length
    }

    /// What begins some bytes later.
    pub(super) fn skip(self, bytes: usize) -> Part<'a> {
        assert!(bytes <= self.length, "{bytes} bytes of {}", self.length);
        Part { address: self.address + bytes as u64, length: self.length - bytes, memory: PhantomData }
    }
}

/// Memory that is written, or read and written.
pub(super) struct PartMut<'a> {
    address: u64,
    length: usize,
    memory: PhantomData<&'a mut Memory>,
}

impl PartMut<'_> {
    pub(super) fn address(&self) -> u64 {
        self.address
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }
}

/// Memory of the host that the card reads and writes by itself, while the processor goes on.
///
/// cudarc keeps no count of such copies while there is but one stream, so this does: nothing is seen or changed before the
/// last copy that was asked for is done.
pub(super) struct Pinned<T> {
    words: PinnedHostSlice<T>,
    copied: Option<CudaEvent>,
}

impl<T> Pinned<T> {
    fn note_copy(&mut self, stream: &CudaStream) -> Result<(), DriverError> {
        self.copied = Some(stream.record_event(Some(CUevent_flags::CU_EVENT_BLOCKING_SYNC))?);
        Ok(())
    }

    fn wait(&self) -> Result<(), DriverError> {
        self.copied.as_ref().map_or(Ok(()), CudaEvent::synchronize)
    }
}

impl<T> Drop for Pinned<T> {
    fn drop(&mut self) {
        // If the card is lost, no copy is under way any more.
        let _ = self.wait();
    }
}

impl<T: DeviceRepr + ValidAsZeroBits> Pinned<T> {
    pub(super) fn new(context: &Arc<CudaContext>, length: usize) -> Result<Self, DriverError> {
        // SAFETY: the memory is not initialised, so it is filled with zeros before anybody sees it; both types that are
        // used, u32 and f32, may have all bits zero.
        let mut words = unsafe { context.alloc_pinned_with_flags::<T>(length, 0)? };
        let start = words.as_mut_ptr()?;
        // SAFETY: `start` is the beginning of `length` values that nobody else has seen.
        unsafe { std::ptr::write_bytes(start, 0, length) };
        Ok(Self { words, copied: None })
    }

    /// What it holds, once the copies to or from it that were asked for are done.
    pub(super) fn get(&self) -> Result<&[T], DriverError> {
        self.wait()?;
        self.words.as_slice()
    }

    pub(super) fn get_mut(&mut self) -> Result<&mut [T], DriverError> {
        self.wait()?;
        self.words.as_mut_slice()
    }
}

impl Pinned<f32> {
    /// Copies here what the card will have put into a memory by then, without waiting.
    pub(super) fn fetch(&mut self, stream: &Arc<CudaStream>, from: &Memory, count: usize) -> Result<(), DriverError> {
        // SAFETY: a view of the same bytes as numbers; every four bytes are some f32, and `transmute` checks the length.
        let view = unsafe { from.bytes.transmute::<f32>(count) };
        stream.memcpy_dtoh(&view.expect("the memory holds as many numbers"), &mut self.words)?;
        self.note_copy(stream)
    }
}

/// A value given to a kernel.
pub(super) enum Value {
    /// Memory, or none.
    Address(u64),
    /// A count.
    Count(u32),
    /// A count of many.
    Long(u64),
    /// A number.
    Number(f32),
}

/// How a kernel is spread over the card.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) blocks: (u32, u32, u32),
    pub(super) threads: u32,
    pub(super) shared_bytes: u32,
}

/// A structure given to a kernel as it is.
///
/// # Safety
/// It must have the layout of C, no references, and be the one that the kernel expects.
pub(super) unsafe trait Structure: Copy {}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct AsIs<T>(T);

// SAFETY: whoever implements `Structure` has promised what is asked here.
unsafe impl<T: Structure> DeviceRepr for AsIs<T> {}

/// Compiled kernels, by name.
pub(super) struct Functions {
    stream: Arc<CudaStream>,
    by_name: HashMap<String, CudaFunction>,
}

impl Functions {
    /// Finds the kernels of these names in a compiled program.
    pub(super) fn load(
        stream: &Arc<CudaStream>,
        program: Ptx,
        names: impl IntoIterator<Item = String>,
    ) -> Result<Self, DriverError> {
        let module = stream.context().load_module(program)?;
        let load = |name: String| module.load_function(&name).map(|function| (name, function));
        Ok(Self { stream: stream.clone(), by_name: names.into_iter().map(load).collect::<Result<_, _>>()? })
    }

    fn named(&self, name: &str) -> &CudaFunction {
        self.by_name.get(name).unwrap_or_else(|| panic!("no kernel `{name}` was compiled"))
    }

    /// Lets blocks of a kernel share so many bytes, which without it is at most 48 KiB.
    pub(super) fn allow_shared(&self, name: &str, bytes: u32) -> Result<(), DriverError> {
        let attribute = CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        self.named(name).set_attribute(attribute, bytes.cast_signed())
    }

    /// Starts a kernel. It must take these values, and reach no memory but what they lead to: [`super::kernel`] says what
    /// each one reaches and has checked it.
    pub(super) fn start(&self, name: &str, grid: Grid, values: &[Value]) -> Result<(), DriverError> {
        let mut launch = self.stream.launch_builder(self.named(name));
        for value in values {
            match value {
                Value::Address(value) | Value::Long(value) => launch.arg(value),
                Value::Count(value) => launch.arg(value),
                Value::Number(value) => launch.arg(value),
            };
        }
        // SAFETY: `kernel.rs` gives each kernel the values that its text asks for, in that order, and has checked that the
        // memory is as large as the kernel may reach; the stream keeps it alive and in order.
        unsafe { launch.launch(grid.into()) }.map(|_| ())
    }

    /// The same for a kernel that takes one structure.
    pub(super) fn start_with<T: Structure>(&self, name: &str, grid: Grid, structure: T) -> Result<(), DriverError> {
        let structure = AsIs(structure);
        let mut launch = self.stream.launch_builder(self.named(name));
        launch.arg(&structure);
        // SAFETY: as above.
        unsafe { launch.launch(grid.into()) }.map(|_| ())
    }
}

impl From<Grid> for LaunchConfig {
    fn from(grid: Grid) -> Self {
        Self { grid_dim: grid.blocks, block_dim: (grid.threads, 1, 1), shared_mem_bytes: grid.shared_bytes }
    }
}

/// What `attention` and `attention_plain` take: `Packed` of `kernel/attention.cu`, where its fields are explained.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Packed {
    pub(super) queries: u64,
    pub(super) query_stride: u32,
    pub(super) keys: u64,
    pub(super) key_stride: u32,
    pub(super) values_from: u32,
    pub(super) prefix: u64,
    pub(super) prefix_length: u32,
    pub(super) starts: u64,
    pub(super) turns: u64,
    pub(super) scale: f32,
    pub(super) group: u32,
    pub(super) only_last: u32,
    pub(super) attended: u64,
    pub(super) out_stride: u32,
}

// SAFETY: the layout of C, plain numbers, field for field as in `kernel/attention.cu`.
unsafe impl Structure for Packed {}
