//! Virtual devices: an MQTT client engine for simulation and load.
