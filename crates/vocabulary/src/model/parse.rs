//! Reads the three sections of a model: properties, events, actions. What is unknown in the JSON (`version`,
//! `profile`, `desc`, later additions) is kept in the source text and otherwise left alone; keys that are not in the
//! vendor's format at all leave a note.

use std::collections::BTreeSet;

use super::data_type::{Member, Members};
use super::error::{Findings, ModelError, ModelErrorCode as Code};
use super::node::{Node, Section};
use super::notes::{
    ACTION_KEYS, EVENT_KEYS, MEMBER_KEYS, MODEL_KEYS, ModelNote, PROPERTY_KEYS, note_unknown_keys,
};
use super::parse_type::read_type;
use super::{Action, DataType, Event, EventKind, MAX_EVENTS, MAX_MODEL_BYTES, MAX_PROPERTIES, Mode};

/// The longest identifier.
pub(super) const MAX_ID_LENGTH: usize = 64;
/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 128;

/// A property that has no number yet.
pub(super) struct PropertyDraft {
    pub identifier: Box<str>,
    pub name: Box<str>,
    pub mode: Mode,
    pub required: bool,
    pub kind: DataType,
}

/// A model without errors.
pub(super) struct Parsed {
    pub properties: Vec<PropertyDraft>,
    pub events: Vec<Event>,
    pub actions: Vec<Action>,
}

/// Reads a whole model. The notes are there whether or not it has errors.
pub(super) fn parse(json: &str) -> (Result<Parsed, Vec<ModelError>>, Vec<ModelNote>) {
    let mut findings = Findings::default();
    let parsed = read_model(json, &mut findings);
    let (errors, notes) = findings.finish();
    let outcome = match parsed {
        Some(parsed) if errors.is_empty() => Ok(parsed),
        _ => Err(errors),
    };
    (outcome, notes)
}

fn read_model(json: &str, findings: &mut Findings) -> Option<Parsed> {
    if json.trim().is_empty() {
        findings.add(Code::Empty, "$", "the model is empty");
        return None;
    }
    if json.len() > MAX_MODEL_BYTES {
        let text = format!("the model has {} bytes, allowed are {MAX_MODEL_BYTES}", json.len());
        findings.add(Code::TooLarge, "$", text);
        return None;
    }
    let root: Node = match serde_json::from_str(json) {
        Ok(root) => root,
        Err(error) => {
            findings.add(Code::NotJson, "$", format!("the model is not valid JSON: {error}"));
            return None;
        }
    };
    if !matches!(root, Node::Object(_)) {
        let text = format!("a thing model is a JSON object, this is {}", root.kind());
        findings.add(Code::NotAModel, "$", text);
        return None;
    }
    let root = Section::of(&root, String::new(), Code::NotAModel, findings)?;
    note_unknown_keys(&root, MODEL_KEYS, findings);
    if ["properties", "events", "actions"].iter().all(|section| root.get(section).is_none()) {
        let text = "a thing model has at least one of \"properties\", \"events\" and \"actions\"";
        findings.add(Code::NotAModel, "$", text);
        return None;
    }

    // The console guide: an identifier is unique among all features of the product.
    let mut taken = BTreeSet::new();
    let properties = read_list(&root, "properties", MAX_PROPERTIES, findings, |section, findings| {
        read_property(section, &mut taken, findings)
    });
    let events = read_list(&root, "events", MAX_EVENTS, findings, |section, findings| {
        read_event(section, &mut taken, findings)
    });
    let actions = read_list(&root, "actions", MAX_EVENTS, findings, |section, findings| {
        read_action(section, &mut taken, findings)
    });
    Some(Parsed { properties, events, actions })
}

/// Reads the objects of a list; a list that is absent is empty.
fn read_list<'n, T>(
    parent: &Section<'n>,
    key: &str,
    limit: usize,
    findings: &mut Findings,
    mut read: impl FnMut(&Section<'n>, &mut Findings) -> Option<T>,
) -> Vec<T> {
    let Some(node) = parent.get(key) else { return Vec::new() };
    let Node::List(items) = node else {
        findings.add(Code::WrongShape, parent.at(key), format!("expected an array, got {}", node.kind()));
        return Vec::new();
    };
    if items.len() > limit {
        let text = format!("{} entries, allowed are {limit}", items.len());
        findings.add(Code::TooLarge, parent.at(key), text);
        return Vec::new();
    }
    let mut read_items = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let path = format!("{}[{position}]", parent.at(key));
        if let Some(section) = Section::of(item, path, Code::WrongShape, findings) {
            read_items.extend(read(&section, findings));
        }
    }
    read_items
}

fn read_property<'n>(
    section: &Section<'n>,
    taken: &mut BTreeSet<&'n str>,
    findings: &mut Findings,
) -> Option<PropertyDraft> {
    note_unknown_keys(section, PROPERTY_KEYS, findings);
    let identifier = read_feature_id(section, taken, findings);
    let name = read_name(section, NameRule::Required, findings);
    let mode = read_mode(section, findings);
    let required = read_required(section, findings);
    let kind = read_definition(section, "define", Code::MissingField, findings);
    Some(PropertyDraft { identifier: identifier?.into(), name: name?, mode: mode?, required, kind: kind? })
}

fn read_event<'n>(
    section: &Section<'n>,
    taken: &mut BTreeSet<&'n str>,
    findings: &mut Findings,
) -> Option<Event> {
    note_unknown_keys(section, EVENT_KEYS, findings);
    let identifier = read_feature_id(section, taken, findings);
    let name = read_name(section, NameRule::Required, findings);
    let kind = read_event_kind(section, findings);
    let required = read_required(section, findings);
    let params = read_members(section, "params", &EVENT_PARAMS, findings);
    Some(Event { identifier: identifier?.into(), name: name?, kind: kind?, required, params: params? })
}

fn read_action<'n>(
    section: &Section<'n>,
    taken: &mut BTreeSet<&'n str>,
    findings: &mut Findings,
) -> Option<Action> {
    note_unknown_keys(section, ACTION_KEYS, findings);
    let identifier = read_feature_id(section, taken, findings);
    let name = read_name(section, NameRule::Required, findings);
    let required = read_required(section, findings);
    let input = read_members(section, "input", &ACTION_PARAMS, findings);
    let output = read_members(section, "output", &ACTION_PARAMS, findings);
    Some(Action { identifier: identifier?.into(), name: name?, required, input: input?, output: output? })
}

/// What distinguishes one kind of member list from another: the keys it reads and the codes it reports.
pub(super) struct MemberRules {
    /// Where a member's type stands; the first key that is present counts.
    pub definition: &'static [&'static str],
    pub not_an_object: Code,
    pub bad_id: Code,
    pub duplicate: Code,
    pub too_many: Code,
    pub no_definition: Code,
}

const EVENT_PARAMS: MemberRules = MemberRules {
    definition: &["define", "dataType"],
    not_an_object: Code::InvalidEventParam,
    bad_id: Code::InvalidEventParamId,
    duplicate: Code::DuplicateEventParam,
    too_many: Code::TooManyEventParams,
    no_definition: Code::InvalidEventParam,
};

const ACTION_PARAMS: MemberRules = MemberRules {
    definition: &["define", "dataType"],
    not_an_object: Code::WrongShape,
    bad_id: Code::InvalidId,
    duplicate: Code::DuplicateId,
    too_many: Code::TooLarge,
    no_definition: Code::MissingField,
};

/// Reads a list of members one level below a feature; an absent list is empty.
fn read_members(
    section: &Section<'_>,
    key: &str,
    rules: &MemberRules,
    findings: &mut Findings,
) -> Option<Members> {
    match section.get(key) {
        None => Some(Members::default()),
        Some(node) => read_member_list(node, section.at(key), rules, 1, findings),
    }
}

/// Reads the members of a struct, or the parameters of an event or action.
pub(super) fn read_member_list(
    node: &Node,
    path: String,
    rules: &MemberRules,
    depth: usize,
    findings: &mut Findings,
) -> Option<Members> {
    let Node::List(items) = node else {
        findings.add(rules.not_an_object, path, format!("expected an array, got {}", node.kind()));
        return None;
    };
    if items.len() > Members::MAX {
        let text = format!("{} entries, allowed are {}", items.len(), Members::MAX);
        findings.add(rules.too_many, path, text);
        return None;
    }
    let mut members: Vec<Member> = Vec::with_capacity(items.len());
    let mut taken = BTreeSet::new();
    for (position, item) in items.iter().enumerate() {
        let place = format!("{path}[{position}]");
        let Some(section) = Section::of(item, place, rules.not_an_object, findings) else { continue };
        note_unknown_keys(&section, MEMBER_KEYS, findings);
        let identifier = read_id(&section, rules.bad_id, findings);
        if let Some(identifier) = identifier
            && !taken.insert(identifier)
        {
            let text = format!("the identifier \"{identifier}\" is already used in this list");
            findings.add(rules.duplicate, section.at("id"), text);
        }
        let name = read_name(&section, NameRule::Optional, findings);
        let kind = match rules.definition.iter().find(|key| section.get(key).is_some()) {
            Some(key) => {
                let definition = section.get(key).expect("the key was just found");
                Section::of(definition, section.at(key), rules.no_definition, findings)
                    .and_then(|definition| read_type(&definition, depth, findings))
            }
            None => {
                let wanted = rules.definition[0];
                findings.add(rules.no_definition, section.at(wanted), format!("\"{wanted}\" is missing"));
                None
            }
        };
        if let (Some(identifier), Some(name), Some(kind)) = (identifier, name, kind) {
            let name = if name.is_empty() { identifier.into() } else { name };
            members.push(Member { identifier: identifier.into(), name, kind });
        }
    }
    Some(Members::new(members))
}

fn read_definition(
    section: &Section<'_>,
    key: &str,
    missing: Code,
    findings: &mut Findings,
) -> Option<DataType> {
    let Some(node) = section.get(key) else {
        findings.add(missing, section.at(key), format!("\"{key}\" is missing"));
        return None;
    };
    let definition = Section::of(node, section.at(key), Code::WrongShape, findings)?;
    read_type(&definition, 0, findings)
}

/// Reads the identifier of a property, event or action and takes it for the whole model.
fn read_feature_id<'n>(
    section: &Section<'n>,
    taken: &mut BTreeSet<&'n str>,
    findings: &mut Findings,
) -> Option<&'n str> {
    let identifier = read_id(section, Code::InvalidId, findings)?;
    if !taken.insert(identifier) {
        let text = format!("the identifier \"{identifier}\" is already used by another feature");
        findings.add(Code::DuplicateId, section.at("id"), text);
    }
    Some(identifier)
}

fn read_id<'n>(section: &Section<'n>, bad: Code, findings: &mut Findings) -> Option<&'n str> {
    let (code, text) = match section.get("id") {
        None => {
            (if bad == Code::InvalidId { Code::MissingField } else { bad }, "\"id\" is missing".to_owned())
        }
        Some(Node::Text(text)) if is_identifier(text) => return Some(text),
        Some(Node::Text(text)) => {
            let shown: String = text.chars().take(MAX_ID_LENGTH).collect();
            let rule = "letters, digits and '_', not starting with a digit";
            (bad, format!("{shown:?} is not an identifier: 1 to {MAX_ID_LENGTH} {rule}"))
        }
        Some(node) => (bad, format!("expected a text, got {}", node.kind())),
    };
    findings.add(code, section.at("id"), text);
    None
}

fn is_identifier(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=MAX_ID_LENGTH).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.as_bytes()[0].is_ascii_digit()
}

/// Whether a name must be given. Members may do without one and are then called by their identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameRule {
    Required,
    Optional,
}

/// Reads the name; an absent optional one is empty.
fn read_name(section: &Section<'_>, rule: NameRule, findings: &mut Findings) -> Option<Box<str>> {
    let (code, text) = match section.get("name") {
        Some(Node::Text(name)) if name.trim().is_empty() => {
            (Code::MissingField, "the name is empty".to_owned())
        }
        Some(Node::Text(name)) => {
            let length = name.chars().count();
            if length <= MAX_NAME_CHARS {
                return Some(name.as_str().into());
            }
            (Code::TooLarge, format!("the name has {length} characters, allowed are {MAX_NAME_CHARS}"))
        }
        Some(node) => (Code::WrongShape, format!("expected a text, got {}", node.kind())),
        None if rule == NameRule::Optional => return Some("".into()),
        None => (Code::MissingField, "\"name\" is missing".to_owned()),
    };
    findings.add(code, section.at("name"), text);
    None
}

fn read_mode(section: &Section<'_>, findings: &mut Findings) -> Option<Mode> {
    let text = match section.get("mode") {
        Some(Node::Text(text)) => match text.as_str() {
            "r" => return Some(Mode::Read),
            "w" => return Some(Mode::Write),
            "rw" => return Some(Mode::ReadWrite),
            _ => "the mode is none of \"r\", \"rw\" and \"w\"".to_owned(),
        },
        Some(node) => format!("expected \"r\", \"rw\" or \"w\", got {}", node.kind()),
        None => "\"mode\" is missing: \"r\", \"rw\" or \"w\"".to_owned(),
    };
    findings.add(Code::InvalidMode, section.at("mode"), text);
    None
}

fn read_event_kind(section: &Section<'_>, findings: &mut Findings) -> Option<EventKind> {
    let allowed = "\"info\", \"alert\" or \"fault\"";
    let (code, text) = match section.get("type") {
        Some(Node::Text(text)) => match EventKind::parse(text) {
            Some(kind) => return Some(kind),
            None => (Code::InvalidEventType, format!("an event's type is {allowed}")),
        },
        Some(node) => (Code::InvalidEventType, format!("expected {allowed}, got {}", node.kind())),
        None => (Code::MissingEventType, format!("\"type\" is missing: {allowed}")),
    };
    findings.add(code, section.at("type"), text);
    None
}

fn read_required(section: &Section<'_>, findings: &mut Findings) -> bool {
    match section.get("required") {
        None => false,
        Some(Node::Bool(required)) => *required,
        Some(node) => {
            let text = format!("expected true or false, got {}", node.kind());
            findings.add(Code::WrongShape, section.at("required"), text);
            false
        }
    }
}
