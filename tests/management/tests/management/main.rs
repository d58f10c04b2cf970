//! What must hold for every operation of the table, tried through the real server.

mod access;
mod calls;
mod console_files;
mod device_data;
mod evidence;
mod fleet;
mod guard;
mod live;
mod logins;
mod overview;
mod system;
mod thing_models;
mod video_products;
mod virtual_devices;
