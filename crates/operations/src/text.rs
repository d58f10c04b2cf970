//! What people read, in both languages; and times in the form that some answers have them in.

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use yizhan_vocabulary::Bilingual;
use yizhan_vocabulary::UnixMillis;

/// A language of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// 简体中文, the default of the compatible API.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The language that a tag such as `en-US` asks for; Chinese where it asks for neither.
    pub fn of_tag(tag: &str) -> Self {
        let english = tag.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("en"));
        if english { Self::English } else { Self::Chinese }
    }

    /// The text in this language.
    pub(crate) fn of(self, text: Bilingual) -> String {
        match self {
            Self::Chinese => text.chinese,
            Self::English => text.english,
        }
    }
}

/// One text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

impl Text {
    /// A text.
    pub const fn new(en: &'static str, zh: &'static str) -> Self {
        Self { en, zh }
    }

    /// The text in one language.
    pub const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.zh,
            Language::English => self.en,
        }
    }
}

/// A time to the second, as in `2019-03-18T03:44:33Z`.
pub(crate) fn iso(at: UnixMillis) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).expect("every time of these years has this form")
}
