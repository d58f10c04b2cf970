//! One preallocated file of the log.

/// Bytes before a frame's payload: `length u32`, `checksum u32`.
pub(crate) const FRAME_HEADER: usize = 8;
/// Frames begin at multiples of this.
pub(crate) const FRAME_ALIGN: usize = 8;
/// What a frame can take beyond its payload.
pub(crate) const FRAME_OVERHEAD: usize = FRAME_HEADER + FRAME_ALIGN;
