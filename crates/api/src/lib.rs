//! HTTP surfaces: the vendor-compatible management API, the internal one, the web console, dynamic registration of
//! devices, health and metrics, and the door through which MQTT over WebSocket reaches the cores.
//!
//! Surfaces are adapters: they check who asks, translate, and call the services; they hold no rules of their own.

mod access;
mod answer;
mod bridge;
mod cloud;
mod console;
mod device_log;
mod device_publish;
mod door;
mod extract;
mod files;
mod health;
mod internal;
mod live;
mod places;
mod registration;
mod server;
mod services;
mod steady;
mod web;

pub use cloud::CloudSettings;
pub use registration::CertificateHandOuts;
pub use server::{Door, HttpError, HttpListener, HttpSettings, bind_local, serve};
pub use services::Services;
