//! Ordinary MQTT users: name, password and the filters they are confined to.

use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::RwLock;
use yizhan_identity::topic_permission::UserPermission;
use yizhan_identity::users::PasswordHash;

/// One ordinary MQTT user.
#[derive(Clone)]
pub struct MqttUser {
    /// The user name of the CONNECT.
    pub name: Arc<str>,
    /// What is kept of the password.
    pub password: PasswordHash,
    /// What it may publish and receive.
    pub permission: UserPermission,
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

    /// Forgets a user; sessions and connections are ended by the router's [`end_user`](crate::Router::end_user).
    pub fn remove(&self, name: &str) {
        self.users.write().remove(name);
    }

    /// The user of this name.
    pub fn find(&self, name: &str) -> Option<Arc<MqttUser>> {
        self.users.read().get(name).cloned()
    }
}
