//! A person's own login: password, second factor, sessions. They concern whoever is logged in to the console, whatever the
//! policies say, and nobody else: keys and tokens are no persons.

mod password;
mod second_factor;
mod sessions;

use std::sync::Arc;

use yizhan_people::{Account, LoginOrigin, LoginRefusal, Session};

use crate::call::{Call, Means};
use crate::failure::{Code, Failure, Outcome};
use crate::operation::{Audit, CONSOLE, Nothing, Operation};
use crate::resource::Resource;

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "ChangePassword",
        CONSOLE,
        Audit::Write,
        text!("Change one's own password; one's other sessions end", "修改自己的登录密码"),
        handler!(password::change: password::ChangePassword => Nothing),
    ),
    Operation::new(
        "BeginTotp",
        CONSOLE,
        Audit::Write,
        text!("Get a secret for a second factor of one's own login", "开始绑定自己的虚拟 MFA"),
        handler!(second_factor::begin: second_factor::BeginTotp => second_factor::BegunTotp),
    ),
    Operation::new(
        "ConfirmTotp",
        CONSOLE,
        Audit::Write,
        text!("Turn the second factor on with its first code", "确认绑定自己的虚拟 MFA"),
        handler!(second_factor::confirm: second_factor::ConfirmTotp => second_factor::ConfirmedTotp),
    ),
    Operation::new(
        "RemoveTotp",
        CONSOLE,
        Audit::Write,
        text!("Turn one's own second factor off", "解绑自己的虚拟 MFA"),
        handler!(second_factor::remove: second_factor::RemoveTotp => Nothing),
    ),
    Operation::new(
        "ListSessions",
        CONSOLE,
        Audit::Read,
        text!("One's own open sessions of the console", "查询自己的登录会话"),
        handler!(sessions::list: sessions::ListSessions => sessions::SessionList),
    ),
    Operation::new(
        "EndSession",
        CONSOLE,
        Audit::Write,
        text!("End one of one's own sessions, or all others", "结束自己的登录会话"),
        handler!(sessions::end: sessions::EndSession => Nothing),
    ),
];

/// The operations that a person may use before a password that was given to it is changed.
pub(crate) const BEFORE_THE_PASSWORD_IS_CHANGED: &[&str] = &["ChangePassword"];

/// Who is logged in.
struct Person {
    account: Arc<Account>,
    session: Arc<Session>,
    origin: LoginOrigin,
}

impl Call {
    /// The person who calls, with the session.
    fn person(&self) -> Outcome<Person> {
        let caller = self.caller();
        let person = match &caller.means {
            Means::Session(id) => self.platform().people.account(caller.account).and_then(|account| {
                let sessions = self.platform().people.sessions_of(account.uin);
                let session = sessions.into_iter().find(|session| session.id() == id)?;
                let origin = LoginOrigin { address: caller.address, agent: String::new() };
                Some(Person { account, session, origin })
            }),
            Means::Key(_) | Means::Token(_) | Means::Password | Means::Local => None,
        };
        self.concerns(&Resource::Access(caller.owner));
        person.ok_or(const { Failure::new(Code::PersonNeeded) })
    }
}

/// What a person is told. Being logged in already, nobody is told to log in again.
fn told(refusal: LoginRefusal) -> Failure {
    match refusal {
        LoginRefusal::UnknownAccount
        | LoginRefusal::NoPassword
        | LoginRefusal::AccountDisabled
        | LoginRefusal::WrongPassword => Failure::new(Code::OwnPasswordWrong),
        LoginRefusal::CodeNeeded | LoginRefusal::WrongCode => Failure::new(Code::OwnCodeWrong),
        LoginRefusal::LockedOut(seconds) => {
            Failure::new(Code::LoginLockedOut).because(format!("try again in {seconds} seconds"))
        }
        LoginRefusal::Busy => Failure::new(Code::ServiceUnavailable),
        LoginRefusal::WrongSetupCode | LoginRefusal::AlreadySetUp => Failure::new(Code::AlreadySetUp),
        LoginRefusal::Weak(why) => Failure::new(Code::PasswordViolatedRules).because(why.to_string()),
        LoginRefusal::Failed(error) => error.into(),
    }
}

/// The same for somebody who administers another person's login.
pub(crate) fn about_login(refusal: LoginRefusal) -> Failure {
    told(refusal)
}
