//! Ordinary MQTT users: name, password and the filters they are confined to.

use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::RwLock;
use yizhan_identity::users::PasswordHash;
use yizhan_mqtt::matches;

/// One ordinary MQTT user.
#[derive(Clone)]
pub struct MqttUser {
    /// The user name of the CONNECT.
    pub name: Arc<str>,
    /// What is kept of the password.
    pub password: PasswordHash,
    /// Filters of topics it may publish to; empty means everything outside `$`.
    pub publish: Vec<String>,
    /// Filters of topics it may receive; empty means everything outside `$`.
    pub subscribe: Vec<String>,
}

impl std::fmt::Debug for MqttUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MqttUser").field("name", &self.name).finish_non_exhaustive()
    }
}

impl MqttUser {
    /// Whether this is the user's password.
    pub fn password_is(&self, password: &[u8]) -> bool {
        self.password.verify(password)
    }

    /// Whether the user may publish to this topic.
    pub fn may_publish(&self, topic: &str) -> bool {
        !topic.starts_with('$')
            && (self.publish.is_empty() || self.publish.iter().any(|filter| matches(filter, topic)))
    }

    /// Whether the user may subscribe to this filter (without its `$share` prefix): every topic that it can match must
    /// be allowed.
    pub fn may_subscribe(&self, filter: &str) -> bool {
        !filter.starts_with('$')
            && (self.subscribe.is_empty() || self.subscribe.iter().any(|allowed| covers(allowed, filter)))
    }
}

/// Whether every topic matched by `inner` is matched by `outer`.
fn covers(outer: &str, inner: &str) -> bool {
    let mut inner_levels = inner.split('/');
    for level in outer.split('/') {
        match (level, inner_levels.next()) {
            ("#", _) => return true,
            ("+", Some("#")) | (_, None) => return false,
            ("+", Some(_)) => {}
            (level, Some(other)) if level == other => {}
            _ => return false,
        }
    }
    inner_levels.next().is_none()
}

/// All ordinary MQTT users, by name.
#[derive(Debug, Default)]
pub struct UserDirectory {
    users: RwLock<AHashMap<Arc<str>, Arc<MqttUser>>>,
}

impl UserDirectory {
    /// Takes a new or changed user.
    pub fn put(&self, user: MqttUser) {
        self.users.write().insert(Arc::clone(&user.name), Arc::new(user));
    }

    /// Forgets a user; open connections are closed by the router's [`disconnect_user`](crate::Router::disconnect_user).
    pub fn remove(&self, name: &str) {
        self.users.write().remove(name);
    }

    /// The user of this name.
    pub fn find(&self, name: &str) -> Option<Arc<MqttUser>> {
        self.users.read().get(name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_covers_only_what_it_matches_entirely() {
        assert!(covers("#", "a/+/b"));
        assert!(covers("a/#", "a"));
        assert!(covers("a/+/c", "a/b/c"));
        assert!(covers("a/+", "a/+"));
        assert!(!covers("a/+", "a/#"));
        assert!(!covers("a/b", "a/+"));
        assert!(!covers("a", "a/b"));
        assert!(!covers("a/b/c", "a/b"));
    }

    #[test]
    fn a_user_without_filters_has_everything_outside_the_platform_topics() {
        let user = MqttUser {
            name: "u".into(),
            password: PasswordHash { salt: [0; 16], hash: [0; 32] },
            publish: Vec::new(),
            subscribe: Vec::new(),
        };
        assert!(user.may_publish("a/b") && user.may_subscribe("#"));
        assert!(!user.may_publish("$thing/up/property/P/D") && !user.may_subscribe("$thing/#"));
    }
}
