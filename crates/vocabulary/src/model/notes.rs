//! What is allowed in a thing model and yet probably not meant. A note never refuses a model: vendor tools and later
//! releases write keys that nobody here knows. But a misspelt `"mim"` is a limit that silently does not exist, so
//! whoever edits a model is told.

use super::error::Findings;
use super::node::Section;
use crate::Bilingual;

/// The keys of a whole model (console guide, "物模型格式参考").
pub(super) const MODEL_KEYS: &[&str] = &["version", "profile", "properties", "events", "actions"];
/// The keys of a property.
pub(super) const PROPERTY_KEYS: &[&str] = &["id", "name", "desc", "required", "mode", "define"];
/// The keys of an event.
pub(super) const EVENT_KEYS: &[&str] = &["id", "name", "desc", "required", "type", "params"];
/// The keys of an action.
pub(super) const ACTION_KEYS: &[&str] = &["id", "name", "desc", "required", "input", "output"];
/// The keys of a parameter or of a member of a struct.
pub(super) const MEMBER_KEYS: &[&str] = &["id", "name", "desc", "required", "define", "dataType"];
/// The keys of a type, whichever it is.
pub(super) const TYPE_KEYS: &[&str] =
    &["type", "min", "max", "start", "step", "unit", "mapping", "specs", "arrayInfo"];

named_causes! {
    /// The kind of a note.
    ModelNoteCode {
        /// Nobody reads this key.
        UnknownKey = "unknown_key",
    }
}

/// One note about a thing model.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ModelNote {
    /// Its kind.
    pub code: ModelNoteCode,
    /// Where it is, such as `properties[3].define.mim`.
    pub path: String,
    /// What was noticed.
    pub text: Bilingual,
}

/// Notes the keys of an object that nobody reads.
pub(super) fn note_unknown_keys(section: &Section<'_>, known: &[&str], findings: &mut Findings) {
    for (key, _) in section.entries() {
        if !known.contains(&key.as_str()) {
            findings.note(ModelNote {
                code: ModelNoteCode::UnknownKey,
                path: section.at(key),
                text: Bilingual::of(
                    format!("this key is not known and has no effect; known are {}", known.join(", ")),
                    format!("未知的键，不起作用；可用的键：{}", known.join("、")),
                ),
            });
        }
    }
}
