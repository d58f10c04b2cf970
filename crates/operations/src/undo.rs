//! Things that are made in two steps, because two parts of the platform keep them. They are there whole or not at all: a
//! caller who got an error can ask again and must not hear that the thing exists already.

use std::fmt::Display;

use crate::failure::Outcome;

/// What the second step gave; when it failed, the first one is taken back.
pub(crate) fn or_undo<T, E: Display>(second: Outcome<T>, undo: impl FnOnce() -> Result<(), E>) -> Outcome<T> {
    if second.is_err()
        && let Err(error) = undo()
    {
        tracing::error!(%error, "what was made by half could not be taken back");
    }
    second
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::failure::{Code, Failure};

    #[test]
    fn the_first_step_is_taken_back_only_when_the_second_one_failed() {
        let undone = Cell::new(0);
        let undo = || {
            undone.set(undone.get() + 1);
            Err::<(), _>("gone already")
        };
        assert_eq!(or_undo(Ok(7), undo).ok(), Some(7));
        assert_eq!(undone.get(), 0);
        let failure = or_undo(Err::<(), _>(Failure::new(Code::LimitExceeded)), undo).err();
        assert_eq!(failure.map(|failure| failure.code()), Some(Code::LimitExceeded));
        assert_eq!(undone.get(), 1);
    }
}
