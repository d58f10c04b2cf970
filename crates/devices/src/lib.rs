//! Products and devices, and what a device can do: one folder per feature.
