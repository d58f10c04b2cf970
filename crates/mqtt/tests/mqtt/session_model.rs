//! The session against the plain model, with random operations.

use proptest::prelude::*;

use crate::model;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_reordered(operations in prop::collection::vec(any::<[u8; 4]>(), 0..120)) {
        model::run(&operations);
    }
}
