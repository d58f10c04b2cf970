//! How accounts and times look in answers.

use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use yizhan_people::Account;
use yizhan_vocabulary::UnixMillis;

const DATE_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// A sub-account. Members about the console and telephones are those of clients of the vendor's; there is no login by
/// password here.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserEntry {
    /// Its number, as policies and logs name it.
    uin: i64,
    /// The same number.
    uid: i64,
    name: String,
    nick_name: String,
    remark: String,
    /// 0: it cannot log in to the console.
    console_login: i64,
    phone_num: String,
    country_code: String,
    email: String,
    /// Whether its keys work.
    enabled: bool,
    /// When it was made, UTC.
    create_time: String,
}

impl UserEntry {
    pub fn of(account: &Account) -> Self {
        Self {
            uin: account.uin.0,
            uid: account.uin.0,
            name: account.name.clone(),
            nick_name: account.name.clone(),
            remark: account.remark.clone(),
            console_login: 0,
            phone_num: String::new(),
            country_code: String::new(),
            email: String::new(),
            enabled: account.enabled,
            create_time: date_time(account.created_at),
        }
    }
}

/// A moment as access management writes it, UTC.
pub(super) fn date_time(at: UnixMillis) -> String {
    formatted(at, DATE_TIME)
}

/// The day of a moment, UTC.
pub(super) fn date(at: UnixMillis) -> String {
    formatted(at, DATE)
}

fn formatted(at: UnixMillis, format: &[BorrowedFormatItem<'_>]) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(format).expect("every time of these years has this form")
}
