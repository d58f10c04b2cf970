//! The users of an application. Counting a million rows for each new one would hold up everybody else who writes, so the
//! numbers are remembered. A refused request leaves its number one too high, so the rows have the last word: they are
//! counted again before anybody is refused.

use std::collections::HashMap;

use parking_lot::Mutex;
use yizhan_store::{AppRows, AppUserRow};
use yizhan_vocabulary::{AppUserId, ApplicationId, UnixMillis};

use super::{Apps, AppsError, MAX_NAME_CHARS, Person, below, check_open_id, check_text, fresh_user_id};

/// How many users each application has, or a few more.
#[derive(Default)]
pub(super) struct UserCounts(Mutex<HashMap<ApplicationId, usize>>);

impl UserCounts {
    /// Counts one user more, unless there are as many as there may be.
    fn add(&self, apps: &AppRows<'_>, application: &ApplicationId, limit: usize) -> Result<(), AppsError> {
        let mut counts = self.0.lock();
        let known = counts.get(application).copied().filter(|count| *count < limit);
        let count = match known {
            Some(count) => count,
            None => apps.user_count(application)?,
        };
        below("users of the application", count, limit)?;
        counts.insert(application.clone(), count + 1);
        Ok(())
    }

    /// Forgets an application that was deleted.
    pub fn forget(&self, application: &ApplicationId) {
        self.0.lock().remove(application);
    }
}

impl Apps {
    /// The user whom the application's owner names so; made if there is none.
    pub(super) fn find_or_make_user(
        &self,
        apps: &AppRows<'_>,
        application: &ApplicationId,
        person: &Person,
        now: UnixMillis,
    ) -> Result<AppUserId, AppsError> {
        check_open_id(&person.open_id)?;
        check_text("NickName", &person.nick_name, 0, MAX_NAME_CHARS)?;
        if let Some(user) = apps.user_by_open_id(application, &person.open_id)? {
            return Ok(user.id);
        }
        self.user_counts.add(apps, application, self.limits.users)?;
        let user = AppUserRow {
            id: fresh_user_id(),
            application: application.clone(),
            open_id: Some(person.open_id.clone()),
            nick_name: person.nick_name.clone(),
            avatar: String::new(),
            created_at: now,
            updated_at: now,
        };
        apps.create_user(&user)?;
        Ok(user.id)
    }
}
