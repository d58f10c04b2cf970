//! What follows from a change, as a closed table: whom it concerns, and how that is said in both languages.

use super::Effect;
use crate::Bilingual;
use crate::model::Mode;

/// What follows from a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consequence {
    Nothing,
    /// `required` is kept for people; no message is checked against it.
    NotEnforced,
    /// Applications may send what devices in use have never heard of.
    DeviceUnaware,
    ReportUnknown,
    ReportUnfit,
    ControlUnknown,
    ControlUnfit,
    EventUnknown,
    EventUnfit,
    CallUnknown,
    CallUnfit,
    /// What a device answers is taken all the same.
    AnswerUnfit,
}

impl Consequence {
    pub(super) const fn effect(self) -> Effect {
        match self {
            Self::Nothing | Self::NotEnforced | Self::DeviceUnaware | Self::AnswerUnfit => Effect::Harmless,
            Self::ControlUnknown | Self::ControlUnfit | Self::CallUnknown | Self::CallUnfit => {
                Effect::CallersRefused
            }
            Self::ReportUnknown | Self::ReportUnfit | Self::EventUnknown | Self::EventUnfit => {
                Effect::DevicesRefused
            }
        }
    }

    pub(super) fn words(self) -> Bilingual {
        let (english, chinese) = match self {
            Self::Nothing => ("nothing is refused", "不会有消息被拒绝"),
            Self::NotEnforced => ("reports are not checked against it", "上报不受其约束"),
            Self::DeviceUnaware => (
                "devices in use may be sent values that they do not know",
                "使用中的设备可能收到其不认识的值",
            ),
            Self::ReportUnknown => {
                ("devices that still report it are refused with 403", "仍上报它的设备会被拒绝（403）")
            }
            Self::ReportUnfit => (
                "reports that no longer fit are refused with 403 or 406",
                "不再符合定义的上报会被拒绝（403 或 406）",
            ),
            Self::ControlUnknown => ("applications that still set it are refused", "仍下发它的应用会被拒绝"),
            Self::ControlUnfit => (
                "applications that set values which no longer fit are refused",
                "下发不再符合定义的值会被拒绝",
            ),
            Self::EventUnknown => {
                ("devices that still post it are refused with 404", "仍上报该事件的设备会被拒绝（404）")
            }
            Self::EventUnfit => (
                "devices that post it as before may be refused with 403 or 406",
                "按原定义上报的设备可能被拒绝（403 或 406）",
            ),
            Self::CallUnknown => ("applications that still call it are refused", "仍调用它的应用会被拒绝"),
            Self::CallUnfit => {
                ("applications that call it as before are refused", "按原定义调用的应用会被拒绝")
            }
            Self::AnswerUnfit => (
                "answers as before are taken and leave a line in the diagnostic log",
                "按原定义的应答仍被接受，并在云端诊断日志中留下一行",
            ),
        };
        Bilingual::of(english, chinese)
    }
}

/// How a change of the access mode is said.
pub(super) fn mode_words(old: Mode, new: Mode) -> Bilingual {
    let (old, new) = (old.as_str(), new.as_str());
    Bilingual::of(format!("the mode was {old}, is {new}"), format!("读写类型由 {old} 改为 {new}"))
}
