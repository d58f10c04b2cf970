//! What must hold for every operation of the table, tried through the real server.

mod guard;
