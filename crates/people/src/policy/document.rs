//! Reading a policy document. Everything in it is understood, or it is refused with the place and the reason.

use serde_json::{Map, Value};
use yizhan_vocabulary::Uin;

use super::pattern::{ActionPattern, Request, ResourcePattern};

/// The longest document, spaces not counted (access management, 限制: 6144 characters).
pub const MAX_DOCUMENT_CHARS: usize = 6_144;
/// The longest document, spaces counted.
const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// The only version of the language.
const VERSION: &str = "2.0";

/// Why a document is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It is not JSON.
    #[error("the document is not JSON: {0}")]
    NotJson(String),
    /// It is too long.
    #[error("the document has more than {MAX_DOCUMENT_CHARS} characters, spaces not counted")]
    TooLong,
    /// It is of another version.
    #[error("the document's version must be \"{VERSION}\"")]
    Version,
    /// A member is missing, has another form or is not known.
    #[error("{0}: {1}")]
    Member(String, String),
    /// A condition, which is not evaluated here.
    #[error("{0}: conditions are not evaluated on this platform; a statement with a condition is not taken")]
    Condition(String),
    /// A principal, which only policies attached to resources have.
    #[error("{0}: a policy of accounts names no principal; attach it to the accounts that are meant")]
    Principal(String),
    /// An action that cannot be meant.
    #[error("the action {0:?} is not understood: {1}")]
    Action(String, String),
    /// A resource that cannot be meant.
    #[error("the resource {0:?} is not understood: {1}")]
    Resource(String, String),
}

/// What a statement does to the requests that it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// They may pass, unless another statement denies them.
    Allow,
    /// They may not pass, whatever else is said.
    Deny,
}

impl Effect {
    /// The word in a document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    effect: Effect,
    actions: Vec<ActionPattern>,
    resources: Vec<ResourcePattern>,
}

impl Statement {
    /// Its effect.
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    pub(super) fn names_action(&self, request: &Request<'_>) -> bool {
        self.actions.iter().any(|action| action.matches(request))
    }

    /// Whether it concerns more than the installation.
    pub(super) fn concerns_objects(&self) -> bool {
        self.resources.iter().any(|resource| !resource.is_installation())
    }

    pub(super) fn names_resource(&self, request: &Request<'_>) -> bool {
        self.resources.iter().any(|resource| resource.matches(request))
    }
}

/// A policy of a root account, ready to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    owner: Uin,
    statements: Vec<Statement>,
}

impl Policy {
    /// Reads a document of a policy that belongs to `owner`.
    pub fn parse(document: &str, owner: Uin) -> Result<Self, PolicyError> {
        let long = document.len() > MAX_DOCUMENT_BYTES
            || document.chars().filter(|letter| !letter.is_whitespace()).count() > MAX_DOCUMENT_CHARS;
        if long {
            return Err(PolicyError::TooLong);
        }
        let value: Value =
            serde_json::from_str(document).map_err(|error| PolicyError::NotJson(error.to_string()))?;
        let Value::Object(members) = value else {
            return Err(PolicyError::NotJson("it is not an object".to_owned()));
        };
        let known = |name: &str| matches!(name, "version" | "statement");
        refuse_unknown("the document", &members, known)?;
        if members.get("version").and_then(Value::as_str) != Some(VERSION) {
            return Err(PolicyError::Version);
        }
        let member = |why: &str| PolicyError::Member("statement".to_owned(), why.to_owned());
        let one;
        let statements = match members.get("statement") {
            Some(Value::Array(list)) if !list.is_empty() => list.as_slice(),
            Some(value @ Value::Object(_)) => {
                one = [value.clone()];
                &one
            }
            _ => return Err(member("there is no statement")),
        };
        let statements =
            statements.iter().enumerate().map(|(index, value)| statement(index + 1, value, owner));
        Ok(Self { owner, statements: statements.collect::<Result<_, _>>()? })
    }

    /// A policy that denies everything: what stands in for a document that cannot be read any more.
    pub fn closed(owner: Uin) -> Self {
        let everything = ActionPattern::parse("*").expect("a lone star is an action");
        let statement = Statement {
            effect: Effect::Deny,
            actions: vec![everything],
            resources: vec![ResourcePattern::All],
        };
        Self { owner, statements: vec![statement] }
    }

    /// The root account that it belongs to.
    pub const fn owner(&self) -> Uin {
        self.owner
    }

    /// Its statements, in the document's order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

fn statement(number: usize, value: &Value, owner: Uin) -> Result<Statement, PolicyError> {
    let place = format!("statement {number}");
    let refused = |why: &str| PolicyError::Member(place.clone(), why.to_owned());
    let Value::Object(members) = value else { return Err(refused("it is not an object")) };
    if members.contains_key("condition") {
        return Err(PolicyError::Condition(place));
    }
    if members.contains_key("principal") {
        return Err(PolicyError::Principal(place));
    }
    refuse_unknown(&place, members, |name| matches!(name, "effect" | "action" | "resource"))?;
    let effect = match members.get("effect").and_then(Value::as_str) {
        Some("allow") => Effect::Allow,
        Some("deny") => Effect::Deny,
        _ => return Err(refused("the effect is \"allow\" or \"deny\"")),
    };
    let texts = |name: &str| {
        texts(members.get(name))
            .ok_or_else(|| refused(&format!("{name} is a text or a list of texts, not empty")))
    };
    let actions = texts("action")?.into_iter().map(ActionPattern::parse).collect::<Result<_, _>>()?;
    let resources = texts("resource")?.into_iter().map(|text| ResourcePattern::parse(text, owner));
    Ok(Statement { effect, actions, resources: resources.collect::<Result<_, _>>()? })
}

fn refuse_unknown(
    place: &str,
    members: &Map<String, Value>,
    known: impl Fn(&str) -> bool,
) -> Result<(), PolicyError> {
    match members.keys().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => {
            let name: String = name.chars().take(40).collect();
            Err(PolicyError::Member(place.to_owned(), format!("the member {name:?} is not known")))
        }
    }
}

fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    match value? {
        Value::String(text) => Some(vec![text.as_str()]),
        Value::Array(list) if !list.is_empty() => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}
