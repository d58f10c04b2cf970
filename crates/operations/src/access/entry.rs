//! How accounts and times look in answers.

use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use yizhan_people::{Account, LoginState, People};
use yizhan_vocabulary::UnixMillis;

const DATE_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// A sub-account. Members about telephones are those of clients of the vendor's and empty.
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
    /// 1 if it has a password for the console, 0 if not.
    console_login: i64,
    /// What people type at the login.
    login_name: String,
    /// Whether the password must be changed at the next login.
    need_reset_password: bool,
    /// Whether the login needs a second factor.
    second_factor: bool,
    /// When somebody last logged in, seconds since 1970; 0 if never.
    last_login_time: i64,
    /// From which address.
    last_login_from: String,
    phone_num: String,
    country_code: String,
    email: String,
    /// Whether its keys work.
    enabled: bool,
    /// When it was made, UTC.
    create_time: String,
}

impl UserEntry {
    pub fn of(people: &People, account: &Account) -> Self {
        let login: Option<LoginState> = people.login_state(account.uin);
        let login = login.as_ref();
        Self {
            uin: account.uin.0,
            uid: account.uin.0,
            name: account.name.clone(),
            nick_name: account.name.clone(),
            remark: account.remark.clone(),
            console_login: i64::from(login.is_some()),
            login_name: people.login_name(account),
            need_reset_password: login.is_some_and(|login| login.must_change),
            second_factor: login.is_some_and(|login| login.second_factor),
            last_login_time: login.and_then(|login| login.last_login_at).map_or(0, |at| at.seconds()),
            last_login_from: login.and_then(|login| login.last_login_from.clone()).unwrap_or_default(),
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
