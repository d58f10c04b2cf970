//! Sealed data: how rows become bytes.
//!
//! `pack` writes numbers in few bits, `column` chooses the best form for a column of values, `history` and `logs` make
//! the block of one stream, and `chunk` puts blocks of neighbouring streams together, so that what surrounds a block costs
//! next to nothing. Everything here is pure. Decoding trusts nothing: damaged bytes give `None`, never a panic.

pub(crate) mod chunk;
pub(crate) mod column;
pub(crate) mod history;
pub(crate) mod logs;
pub(crate) mod pack;

/// Rows that one block holds at most.
pub(crate) const MAX_ROWS: usize = 1024;
