//! Tables of devices as CSV: what spreadsheets open as it was meant, whatever a device calls itself.

use crate::failure::{Code, Failure};

/// A table that is being written.
pub(super) struct TableWriter(csv::Writer<Vec<u8>>);

impl TableWriter {
    /// A table with these columns. The mark in front makes spreadsheets read it as UTF-8.
    pub fn new(headings: &[&str]) -> Result<Self, Failure> {
        let mut writer = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
        writer.write_record(headings).map_err(failed)?;
        Ok(Self(writer))
    }

    /// A row. What would be a formula to a spreadsheet becomes text.
    pub fn row(&mut self, fields: &[String]) -> Result<(), Failure> {
        self.0.write_record(fields.iter().map(|field| harmless(field))).map_err(failed)
    }

    /// The whole table.
    pub fn finish(self) -> Result<String, Failure> {
        let bytes = self.0.into_inner().map_err(|error| failed(csv::Error::from(error.into_error())))?;
        String::from_utf8(bytes).map_err(|_| Failure::new(Code::InternalError))
    }
}

/// The field, behind a quote where a spreadsheet would calculate with it.
fn harmless(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{field}") } else { field.to_owned() }
}

fn failed(error: csv::Error) -> Failure {
    tracing::error!(%error, "a table could not be written");
    Failure::new(Code::InternalError)
}

/// Tags in one field: `key=value`, one behind the other with semicolons between them.
pub(super) fn tags_in_field(tags: &[yizhan_devices::Tag]) -> String {
    let shown: Vec<_> = tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect();
    shown.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_calculate_is_text_and_quotes_are_kept() {
        let mut table = TableWriter::new(&["A", "B"]).unwrap();
        table.row(&["=1+1".to_owned(), "say \"hi\", 你好".to_owned()]).unwrap();
        assert_eq!(table.finish().unwrap(), "\u{feff}A,B\n'=1+1,\"say \"\"hi\"\", 你好\"\n");
    }
}
