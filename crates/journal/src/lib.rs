//! The durable log: group commit, blocks, history and log queries, retention.
