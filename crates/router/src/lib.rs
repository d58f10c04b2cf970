//! Who gets a message: sessions, platform topics, subscriptions, durable delivery.
