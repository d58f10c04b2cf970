//! Listeners and the connection driver: TCP, TLS, WebSocket; limits, deadlines, drain.
