//! A real server, fake devices and clocks for tests.
