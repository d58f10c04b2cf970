//! What changes for devices and applications in use when one thing model takes the place of another.
//!
//! The console guide warns only ("若是已量产的产品需要慎用物模型导入功能"); here each difference is named, together with
//! who notices it: devices whose messages are then refused, applications whose calls are, or nobody. The comparison is
//! pure and says nothing about how many devices are concerned; the caller counts those by their last values.
//!
//! A difference counts as harmless only if every message that fitted the old model fits the new one.

mod types;
mod wording;

use super::{Action, Event, Members, Mode, Property, ThingModel};
use crate::Bilingual;
use types::{Difference, Fit, compare_types};
use wording::{Consequence, mode_words};

named_causes! {
    /// Who notices a change.
    Effect {
        /// Nobody is refused anything.
        Harmless = "harmless",
        /// Applications that do what they did before may be refused.
        CallersRefused = "callers_refused",
        /// Devices in use may have messages refused.
        DevicesRefused = "devices_refused",
    }
}

named_causes! {
    /// What kind of feature a change concerns.
    Feature {
        /// A property.
        Property = "property",
        /// An event.
        Event = "event",
        /// An action.
        Action = "action",
    }
}

named_causes! {
    /// The kind of a change.
    ChangeKind {
        /// Something new.
        Added = "added",
        /// Something is not there any more.
        Removed = "removed",
        /// What people see has another name.
        Renamed = "renamed",
        /// Values are of another type.
        TypeChanged = "type_changed",
        /// A property may be used in another direction.
        ModeChanged = "mode_changed",
        /// Fewer values are allowed.
        Narrowed = "narrowed",
        /// More values are allowed.
        Widened = "widened",
        /// Numbers are counted in another unit.
        UnitChanged = "unit_changed",
        /// An event is of another gravity.
        EventTypeChanged = "event_type_changed",
        /// It became, or is no longer, one of the functions that the product's standard demands.
        RequiredChanged = "required_changed",
    }
}

/// One difference between two models.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// The kind of feature.
    pub feature: Feature,
    /// The feature's identifier.
    pub identifier: String,
    /// Where in the feature, such as `position.longitude`; the identifier itself for the feature as a whole.
    pub path: String,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// Who notices it.
    pub effect: Effect,
    /// What changes, and what follows from it.
    pub text: Bilingual,
}

/// Compares two models. The changes come in the order of the new model, with what was removed after that.
pub fn compare(old: &ThingModel, new: &ThingModel) -> Vec<Change> {
    let mut report = Report::default();
    for property in new.properties() {
        match old.property(&property.identifier) {
            Some(before) => compare_properties(before, property, &mut report),
            None => report.added(Feature::Property, &property.identifier),
        }
    }
    for event in new.events() {
        match old.event(&event.identifier) {
            Some(before) => compare_events(before, event, &mut report),
            None => report.added(Feature::Event, &event.identifier),
        }
    }
    for action in new.actions() {
        match old.action(&action.identifier) {
            Some(before) => compare_actions(before, action, &mut report),
            None => report.added(Feature::Action, &action.identifier),
        }
    }
    note_removed(old, new, &mut report);
    report.changes
}

/// The gravest effect of a list of changes; none is harmless.
pub fn gravest(changes: &[Change]) -> Effect {
    changes.iter().map(|change| change.effect).max().unwrap_or(Effect::Harmless)
}

fn note_removed(old: &ThingModel, new: &ThingModel, report: &mut Report) {
    for property in old.properties().iter().filter(|property| new.property(&property.identifier).is_none()) {
        let consequence = match property.mode {
            Mode::Write => Consequence::ControlUnknown,
            Mode::Read | Mode::ReadWrite => Consequence::ReportUnknown,
        };
        report.removed(Feature::Property, &property.identifier, consequence);
    }
    for event in old.events().iter().filter(|event| new.event(&event.identifier).is_none()) {
        report.removed(Feature::Event, &event.identifier, Consequence::EventUnknown);
    }
    for action in old.actions().iter().filter(|action| new.action(&action.identifier).is_none()) {
        report.removed(Feature::Action, &action.identifier, Consequence::CallUnknown);
    }
}

/// Which way values travel, and so whom it concerns when they no longer fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Travel {
    /// From the device, as a property.
    Report,
    /// To the device, as a property.
    Control,
    /// As a property, both ways.
    Both,
    /// As a property whose old and new modes have no direction in common.
    Neither,
    /// From the device, with an event.
    Event,
    /// To the device, with a call.
    Input,
    /// From the device, with the answer to a call.
    Output,
}

impl Travel {
    fn of_property(old: Mode, new: Mode) -> Self {
        match (old.may_report() && new.may_report(), old.may_control() && new.may_control()) {
            (true, true) => Self::Both,
            (true, false) => Self::Report,
            (false, true) => Self::Control,
            (false, false) => Self::Neither,
        }
    }

    const fn consequence(self, fit: Fit) -> Consequence {
        match (self, fit) {
            (_, Fit::Same) | (Self::Neither, _) => Consequence::Nothing,
            (Self::Report | Self::Both, Fit::Narrower) => Consequence::ReportUnfit,
            (Self::Control, Fit::Narrower) => Consequence::ControlUnfit,
            (Self::Event, Fit::Narrower) => Consequence::EventUnfit,
            (Self::Input, Fit::Narrower) => Consequence::CallUnfit,
            (Self::Output, Fit::Narrower) => Consequence::AnswerUnfit,
            (Self::Both | Self::Control | Self::Input, Fit::Wider) => Consequence::DeviceUnaware,
            (Self::Report | Self::Event | Self::Output, Fit::Wider) => Consequence::Nothing,
        }
    }
}

/// The changes of one comparison.
#[derive(Default)]
struct Report {
    changes: Vec<Change>,
}

/// The feature that is being compared.
#[derive(Clone, Copy)]
struct Subject<'m> {
    feature: Feature,
    identifier: &'m str,
}

impl Report {
    fn push(&mut self, of: Subject<'_>, path: String, kind: ChangeKind, what: Bilingual, then: Consequence) {
        self.changes.push(Change {
            feature: of.feature,
            identifier: of.identifier.to_owned(),
            path,
            kind,
            effect: then.effect(),
            text: what.and_so(&then.words()),
        });
    }

    fn whole(&mut self, of: Subject<'_>, kind: ChangeKind, what: Bilingual, then: Consequence) {
        self.push(of, of.identifier.to_owned(), kind, what, then);
    }

    fn added(&mut self, feature: Feature, identifier: &str) {
        let what = Bilingual::of("new", "新增");
        self.whole(Subject { feature, identifier }, ChangeKind::Added, what, Consequence::Nothing);
    }

    fn removed(&mut self, feature: Feature, identifier: &str, then: Consequence) {
        let what = Bilingual::of("removed", "已删除");
        self.whole(Subject { feature, identifier }, ChangeKind::Removed, what, then);
    }

    fn renamed(&mut self, of: Subject<'_>, old: &str, new: &str) {
        if old != new {
            let english = format!("the name was \"{old}\", is \"{new}\"");
            let chinese = format!("名称由“{old}”改为“{new}”");
            self.whole(of, ChangeKind::Renamed, Bilingual::of(english, chinese), Consequence::Nothing);
        }
    }

    fn required(&mut self, of: Subject<'_>, old: bool, new: bool) {
        if old != new {
            let what = if new {
                Bilingual::of("now required", "改为必选")
            } else {
                Bilingual::of("no longer required", "改为可选")
            };
            self.whole(of, ChangeKind::RequiredChanged, what, Consequence::NotEnforced);
        }
    }

    fn differences(&mut self, of: Subject<'_>, travel: Travel, differences: Vec<Difference>) {
        for Difference { path, kind, fit, what } in differences {
            self.push(of, path, kind, what, travel.consequence(fit));
        }
    }
}

fn compare_properties(old: &Property, new: &Property, report: &mut Report) {
    let of = Subject { feature: Feature::Property, identifier: &new.identifier };
    report.renamed(of, &old.name, &new.name);
    report.required(of, old.required, new.required);
    if old.mode != new.mode {
        let then = match (old.mode, new.mode) {
            (Mode::Read | Mode::ReadWrite, Mode::Write) => Consequence::ReportUnknown,
            (Mode::Write | Mode::ReadWrite, Mode::Read) => Consequence::ControlUnknown,
            _ => Consequence::Nothing,
        };
        report.whole(of, ChangeKind::ModeChanged, mode_words(old.mode, new.mode), then);
    }
    let mut differences = Vec::new();
    compare_types(&new.identifier, &old.kind, &new.kind, &mut differences);
    report.differences(of, Travel::of_property(old.mode, new.mode), differences);
}

fn compare_events(old: &Event, new: &Event, report: &mut Report) {
    let of = Subject { feature: Feature::Event, identifier: &new.identifier };
    report.renamed(of, &old.name, &new.name);
    report.required(of, old.required, new.required);
    if old.kind != new.kind {
        let (old, new) = (old.kind.as_str(), new.kind.as_str());
        let what = Bilingual::of(
            format!("the event type was {old}, is {new}"),
            format!("事件类型由 {old} 改为 {new}"),
        );
        report.whole(of, ChangeKind::EventTypeChanged, what, Consequence::EventUnfit);
    }
    let mut differences = Vec::new();
    types::compare_members(&new.identifier, &old.params, &new.params, &mut differences);
    report.differences(of, Travel::Event, differences);
}

fn compare_actions(old: &Action, new: &Action, report: &mut Report) {
    let of = Subject { feature: Feature::Action, identifier: &new.identifier };
    report.renamed(of, &old.name, &new.name);
    report.required(of, old.required, new.required);
    compare_inputs(of, &old.input, &new.input, report);
    let mut differences = Vec::new();
    let path = format!("{}.output", new.identifier);
    types::compare_members(&path, &old.output, &new.output, &mut differences);
    report.differences(of, Travel::Output, differences);
}

/// Every declared input of a call must be given, so a new one is as grave as a removed one.
fn compare_inputs(of: Subject<'_>, old: &Members, new: &Members, report: &mut Report) {
    let path = format!("{}.input", of.identifier);
    let mut differences = Vec::new();
    types::compare_members(&path, old, new, &mut differences);
    let added = |difference: &Difference| {
        difference.kind == ChangeKind::Added
            && new.iter().any(|member| difference.path == format!("{path}.{}", member.identifier))
    };
    for difference in &mut differences {
        if added(difference) {
            difference.fit = Fit::Narrower;
        }
    }
    report.differences(of, Travel::Input, differences);
}
