//! A text that people read, in both languages of the product. Which one is shown is decided where it is shown.

/// The same text in English and in Chinese.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Bilingual {
    /// In English.
    pub english: String,
    /// In Chinese.
    pub chinese: String,
}

impl Bilingual {
    /// Takes a text in both languages.
    pub fn of(english: impl Into<String>, chinese: impl Into<String>) -> Self {
        Self { english: english.into(), chinese: chinese.into() }
    }

    /// This text, then another that follows from it.
    pub(crate) fn and_so(&self, other: &Self) -> Self {
        Self {
            english: format!("{}: {}", self.english, other.english),
            chinese: format!("{}：{}", self.chinese, other.chinese),
        }
    }
}
