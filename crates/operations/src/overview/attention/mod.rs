//! What should be looked at. Each check looks at one part of the state of things and gives findings of the kinds in
//! `kinds.rs`; an id names the kind and its object, so that a finding is the same one as long as it lasts.

mod access;
mod devices;
mod kinds;
mod making;
mod server;
mod traffic;

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yizhan_devices::Product;
use yizhan_store::IgnoredAttention;
use yizhan_vocabulary::{Uin, UnixMillis};

use self::kinds::Kind;
use super::sees_installation;
use crate::call::Call;
use crate::failure::Outcome;
use crate::platform::Platform;
use crate::resource::Resource;
use crate::text::{Language, Text};

/// Findings of one kind at most; beyond, there is one that says how many more there are.
const MOST_OF_A_KIND: usize = 20;
const DAY_MS: i64 = 24 * 3_600_000;

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeAttention {}

/// What should be looked at.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttentionList {
    /// The most urgent first; what is ignored comes last.
    items: Vec<AttentionItem>,
}

/// Something that should be looked at.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct AttentionItem {
    /// The same as long as it lasts.
    id: String,
    /// What kind of thing it is, such as `certificate_ends`.
    kind: &'static str,
    severity: Severity,
    /// What it is about in this case.
    parameters: HashMap<&'static str, Value>,
    /// What is the matter.
    cause: String,
    /// What comes of it.
    effect: String,
    /// The console's page where it can be put right.
    page: String,
    ignored: bool,
    /// The account that ignores it; 0 if none does.
    ignored_by: i64,
    /// Milliseconds; 0 if it is not ignored.
    ignored_at: i64,
}

/// How urgent something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    /// Something does not work, or will not within days.
    Critical,
    /// Something will go wrong if nobody does anything.
    Warning,
    /// Something could be better.
    Notice,
}

/// How much there is to look at, without what is ignored.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttentionNumbers {
    critical: u64,
    warning: u64,
    notice: u64,
    ignored: u64,
}

impl AttentionNumbers {
    /// Counts what there is to look at.
    pub(super) fn of(look: &Look, platform: &Platform) -> Outcome<Self> {
        let ignored = ignored(look, platform)?;
        let mut numbers = Self::default();
        for finding in findings(look, platform)? {
            let number = match finding.severity {
                _ if ignored.contains_key(&finding.id) => &mut numbers.ignored,
                Severity::Critical => &mut numbers.critical,
                Severity::Warning => &mut numbers.warning,
                Severity::Notice => &mut numbers.notice,
            };
            *number += 1;
        }
        Ok(numbers)
    }
}

/// Something that a check found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) id: String,
    kind: &'static Kind,
    severity: Severity,
    parameters: HashMap<&'static str, Value>,
    /// Parameters that are words of a language.
    words: Vec<(&'static str, Text)>,
    page: String,
}

impl Finding {
    /// A finding about the object `subject`; there may be one of each kind about an object.
    fn new(kind: &'static Kind, severity: Severity, subject: &str) -> Self {
        let finding = Self {
            id: kind.name.to_owned(),
            kind,
            severity,
            parameters: HashMap::new(),
            words: Vec::new(),
            page: kind.page.to_owned(),
        };
        if subject.is_empty() { finding } else { finding.named(subject) }
    }

    /// The same about another object.
    fn named(mut self, subject: &str) -> Self {
        self.id = format!("{}:{subject}", self.kind.name);
        self
    }

    /// The same with words for its texts.
    fn in_words(mut self, name: &'static str, words: Text) -> Self {
        self.words.push((name, words));
        self
    }

    /// The same with a value for its texts.
    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name, value.into());
        self
    }

    /// The same with another page.
    fn on(mut self, page: String) -> Self {
        self.page = page;
        self
    }

    fn into_item(mut self, language: Language, ignored: Option<&IgnoredAttention>) -> AttentionItem {
        for (name, words) in self.words.drain(..) {
            self.parameters.insert(name, words.in_language(language).into());
        }
        AttentionItem {
            cause: kinds::filled(self.kind.cause.in_language(language), &self.parameters),
            effect: kinds::filled(self.kind.effect.in_language(language), &self.parameters),
            kind: self.kind.name,
            severity: self.severity,
            parameters: self.parameters,
            page: self.page,
            id: self.id,
            ignored: ignored.is_some(),
            ignored_by: ignored.map_or(0, |ignored| ignored.by.0),
            ignored_at: ignored.map_or(0, |ignored| ignored.at.0),
        }
    }
}

/// Who looks, and at what.
pub(super) struct Look {
    pub(super) owner: Uin,
    /// Whether the installation itself is looked at too.
    operator: bool,
    /// Whether accounts and keys are.
    access: bool,
    products: Vec<Arc<Product>>,
    now: UnixMillis,
}

impl Look {
    /// What the caller may see; refused if it may not look at all.
    pub(super) fn of(call: &Call) -> Outcome<Self> {
        let owner = call.account()?;
        Ok(Self {
            owner,
            operator: sees_installation(call),
            access: call.may(&Resource::Access(owner)),
            products: call.every_product(),
            now: call.now(),
        })
    }

    /// How many whole days there are until then; negative when it is over.
    fn days_until(&self, end: UnixMillis) -> i64 {
        (end.0 - self.now.0).div_euclid(DAY_MS)
    }

    /// How many whole days have passed since then.
    fn days_since(&self, at: UnixMillis) -> i64 {
        (self.now.0 - at.0).div_euclid(DAY_MS)
    }
}

/// Everything there is to look at, ignored or not. Asks the registry and the disk, so it may block.
pub(super) fn findings(look: &Look, platform: &Platform) -> Outcome<Vec<Finding>> {
    let mut found = Vec::new();
    if look.operator {
        found.extend(server::certificates(look, platform)?);
        found.extend(server::storage(platform)?);
        found.extend(server::backups(look, platform));
        found.extend(traffic::refused_writes(look, platform));
        found.extend(traffic::dropped_messages(look, platform));
        found.extend(traffic::unknown_devices(look, platform));
        found.extend(access::tokens(look, platform)?);
    }
    if look.access {
        found.extend(access::single_factors(look, platform));
        found.extend(access::keys(look, platform));
    }
    found.extend(devices::certificates(look, platform)?);
    found.extend(devices::authorities(look, platform));
    found.extend(devices::open_registration(look));
    found.extend(traffic::failing_logins(look, platform));
    found.extend(making::batches(look, platform)?);
    found.extend(making::licences(look, platform)?);
    bound(&mut found);
    found.sort_by(|one, other| (one.severity, &one.id).cmp(&(other.severity, &other.id)));
    Ok(found)
}

/// Leaves the first findings of each kind, and one about all the others. Checks give the most urgent first.
fn bound(found: &mut Vec<Finding>) {
    let mut seen: HashMap<&'static str, (usize, &'static Kind)> = HashMap::new();
    found.retain(|finding| {
        let (count, _) = seen.entry(finding.kind.name).or_insert((0, finding.kind));
        *count += 1;
        *count <= MOST_OF_A_KIND
    });
    for (name, (count, kind)) in seen {
        if let Some(more) = count.checked_sub(MOST_OF_A_KIND).filter(|more| *more > 0) {
            let finding = Finding::new(&kinds::MORE, Severity::Notice, name);
            found.push(finding.with("Count", more).with("Kind", name).on(kind.page.to_owned()));
        }
    }
}

fn ignored(look: &Look, platform: &Platform) -> Outcome<HashMap<String, IgnoredAttention>> {
    let rows = platform.store.ignored_attention(look.owner)?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

pub(crate) async fn describe(call: Call, _request: DescribeAttention) -> Outcome<AttentionList> {
    let look = Look::of(&call)?;
    let language = call.caller().language;
    call.blocking(move |platform| {
        let ignored = ignored(&look, platform)?;
        let found = findings(&look, platform)?.into_iter();
        let mut items: Vec<_> = found
            .map(|finding| {
                let ignored = ignored.get(&finding.id);
                finding.into_item(language, ignored)
            })
            .collect();
        // The order within stays.
        items.sort_by_key(|item| item.ignored);
        Ok::<_, crate::Failure>(AttentionList { items })
    })
    .await
}
