//! What actions and resources of a statement match.
//!
//! A resource has six parts, `qcs::SERVICE:REGION:ACCOUNT:PATH`. Objects are named `project/P`, `project/P/product/X` and
//! `project/P/product/X/device/D`, exactly: the vendor's own samples list `project/P` beside `project/P/product/X/*`, so
//! a project does not stand for what is in it. `installation` is what the operator of the installation manages; only the
//! first root account has it. `*` stands for any text, slashes included. A slash at the end says
//! nothing. The region says nothing either: an installation is one region.

use yizhan_vocabulary::Uin;

use super::document::PolicyError;

/// The longest action or resource of a statement, in bytes.
const MAX_PATTERN_BYTES: usize = 512;
/// How paths of objects begin.
const PATHS: &[&str] = &["project/", "instance/"];
/// The path of what belongs to nobody but the operator of the installation.
const INSTALLATION: &str = "installation";

/// Whether a text matches a pattern in which `*` stands for any text. Takes time of the order of both lengths multiplied,
/// whatever the pattern.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    // Where to go on when the text after the last `*` does not fit: that `*` then takes one byte more.
    let mut retry: Option<(usize, usize)> = None;
    while read < text.len() {
        if pattern.get(at) == Some(&b'*') {
            retry = Some((at + 1, read));
            at += 1;
        } else if pattern.get(at) == Some(&text[read]) {
            at += 1;
            read += 1;
        } else if let Some((after_star, taken)) = retry {
            retry = Some((after_star, taken + 1));
            at = after_star;
            read = taken + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Which operations are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Those of every service.
    Any,
    /// Those on instances, projects, products and devices: iotexplorer, iotvideo and iotcloud are one here.
    Things,
    /// Those on accounts, keys and policies.
    Access,
}

impl Service {
    fn of(name: &str) -> Option<Self> {
        match name {
            "*" => Some(Self::Any),
            "iotexplorer" | "iotvideo" | "iotcloud" => Some(Self::Things),
            "cam" => Some(Self::Access),
            _ => None,
        }
    }

    fn includes(self, other: Self) -> bool {
        self == Self::Any || self == other
    }
}

/// An action of a statement: `iotexplorer:Describe*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ActionPattern {
    service: Service,
    name: Box<str>,
}

impl ActionPattern {
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let refused = |why: &str| PolicyError::Action(shown(text), why.to_owned());
        if text.len() > MAX_PATTERN_BYTES {
            return Err(refused("it is too long"));
        }
        // The older notation of the vendor's.
        let plain = text.strip_prefix("name/").unwrap_or(text);
        if plain == "*" {
            return Ok(Self { service: Service::Any, name: "*".into() });
        }
        let (service, name) = plain
            .split_once(':')
            .ok_or_else(|| refused("write SERVICE:OPERATION, such as iotexplorer:Describe*"))?;
        let service = Service::of(service)
            .ok_or_else(|| refused("the services here are iotexplorer, iotvideo, iotcloud and cam"))?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'*';
        if name.is_empty() || !name.bytes().all(allowed) {
            return Err(refused("an operation's name has letters and digits, and * for any text"));
        }
        Ok(Self { service, name: name.into() })
    }

    pub fn matches(&self, request: &Request<'_>) -> bool {
        self.service.includes(request.service) && matches(&self.name, request.operation)
    }
}

/// A resource of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResourcePattern {
    /// `*`: everything of the policy's account.
    All,
    /// What is named in six parts.
    Named {
        service: Service,
        /// Only what is no object: lists and totals of the account.
        account_only: bool,
        path: Box<str>,
    },
}

impl ResourcePattern {
    /// Reads a resource of a policy of `owner`.
    pub fn parse(text: &str, owner: Uin) -> Result<Self, PolicyError> {
        let refused = |why: String| PolicyError::Resource(shown(text), why);
        if text.len() > MAX_PATTERN_BYTES {
            return Err(refused("it is too long".to_owned()));
        }
        if text == "*" {
            return Ok(Self::All);
        }
        let form = || refused(format!("write qcs::iotexplorer::uin/{owner}:PATH, or * for everything"));
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["qcs", "", service, _region, account, path] = parts[..] else { return Err(form()) };
        check_account(account, owner).map_err(refused)?;
        let service_name = service;
        let service = Service::of(service).ok_or_else(|| {
            refused("the services here are iotexplorer, iotvideo, iotcloud and cam".to_owned())
        })?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let account_only = service_name == "iotcloud";
        if (account_only || service == Service::Access) && path != "*" {
            return Err(refused(format!("of {service_name} only the whole, written *, can be named")));
        }
        if !names_objects(path) {
            return Err(refused(
                "a path is *, project/P, project/P/product/X, project/P/product/X/device/D, instance/I or \
                 installation"
                    .to_owned(),
            ));
        }
        Ok(Self::Named { service, account_only, path: path.into() })
    }

    /// Whether only the installation is meant.
    pub fn is_installation(&self) -> bool {
        matches!(self, Self::Named { path, .. } if **path == *INSTALLATION)
    }

    pub fn matches(&self, request: &Request<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Named { account_only: true, .. } => {
                request.service == Service::Things && request.path == Request::NO_OBJECT
            }
            Self::Named { service, path, .. } => {
                service.includes(request.service) && matches(path, request.path)
            }
        }
    }
}

fn check_account(account: &str, owner: Uin) -> Result<(), String> {
    let number = match account {
        "" | "*" | "uin/*" => return Ok(()),
        other => other.strip_prefix("uin/").and_then(|number| number.parse().ok()),
    };
    match number {
        Some(number) if Uin(number) == owner => Ok(()),
        Some(_) => Err(format!("a policy of account {owner} can only name what is of uin/{owner}")),
        None => Err(format!("the account is written uin/{owner}")),
    }
}

/// Whether a path can be that of an object. One that cannot is a slip: a statement that denies would never apply.
fn names_objects(path: &str) -> bool {
    let literal = path.split('*').next().unwrap_or_default();
    let open = literal.len() < path.len();
    if path == INSTALLATION || (open && INSTALLATION.starts_with(literal)) {
        return true;
    }
    PATHS.iter().any(|start| {
        (literal.starts_with(start) && (open || literal.len() > start.len()))
            || (open && start.starts_with(literal))
    })
}

/// A text of somebody's as an error shows it.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(100).collect()
}

/// What a caller wants to do: an operation, and the object that it is done to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    operation: &'a str,
    service: Service,
    pub account: Option<Uin>,
    path: &'a str,
}

impl<'a> Request<'a> {
    /// The path of a request that concerns no object.
    const NO_OBJECT: &'static str = "*";

    /// Reads a resource as operations name it: in six parts, without patterns. One that is not so is nobody's.
    pub fn of(operation: &'a str, resource: &'a str) -> Self {
        let parts = || {
            let mut parts = resource.splitn(6, ':');
            let (_qcs, _project, service) = (parts.next()?, parts.next()?, parts.next()?);
            let (_region, account, path) = (parts.next()?, parts.next()?, parts.next()?);
            Some((Service::of(service)?, account.strip_prefix("uin/")?.parse().ok()?, path))
        };
        match parts() {
            Some((service, account, path)) => Self { operation, service, account: Some(Uin(account)), path },
            None => Self { operation, service: Service::Things, account: None, path: "" },
        }
    }
}
