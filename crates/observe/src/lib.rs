//! Metrics catalogue, health, recorded reasons.
