//! From bytes to rows. A byte order mark, either kind of line end, empty lines and columns that mean nothing here are
//! passed over; whether a row can be carried out is found out later.

use yizhan_devices::Tag;

/// The longest text of a field that is kept.
const MAX_FIELD_CHARS: usize = 512;
/// What a column may be headed with, in small letters without spaces and underscores.
const NAME_HEADINGS: [&str; 4] = ["devicename", "name", "设备名称", "设备名"];
const TAGS_HEADINGS: [&str; 3] = ["tags", "tag", "标签"];
const SECRET_HEADINGS: [&str; 4] = ["devicepsk", "definedpsk", "psk", "设备密钥"];

/// Why a file gives no rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TableError {
    /// It is not a table.
    #[error("the file is not CSV: {0}")]
    NotCsv(String),
    /// It is not text.
    #[error("the file is not UTF-8; save it as CSV UTF-8")]
    NotUtf8,
    /// It has more rows than it may.
    #[error("the table has more than {0} rows; import it in several parts")]
    TooMany(usize),
    /// It has headings, and none of them says which column has the names.
    #[error("no column is headed DeviceName")]
    NoNames,
}

/// One row.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Its line in the file, counted from 1.
    pub line: u64,
    /// The name as it stands there.
    pub name: String,
    /// The tags, if the table says anything about tags.
    pub tags: Option<Vec<Tag>>,
    /// The key as it stands there.
    pub secret: Option<String>,
    /// A field of tags that is none.
    pub bad_tags: bool,
}

/// The rows and what was not understood.
#[derive(Default)]
pub(super) struct Table {
    /// In the order of the file.
    pub rows: Vec<Row>,
    /// Headings that mean nothing here.
    pub ignored: Vec<String>,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Name,
    Tags,
    TagOf(String),
    Secret,
    Other,
}

/// Reads a table of at most `most` rows.
pub(super) fn read(file: &[u8], most: usize) -> Result<Table, TableError> {
    let file = std::str::from_utf8(file).map_err(|_| TableError::NotUtf8)?;
    let file = file.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(file.as_bytes());
    let mut table = Table::default();
    let mut columns = None;
    for record in reader.records() {
        let record = record.map_err(|error| TableError::NotCsv(error.to_string()))?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        let Some(columns) = &columns else {
            let found = headings(&record)?;
            let headed = found.is_some();
            let known = found.unwrap_or_else(|| vec![Column::Name, Column::Tags, Column::Secret]);
            if headed {
                table.ignored = ignored(&record, &known);
            } else {
                table.rows.push(row(&record, &known));
            }
            columns = Some(known);
            continue;
        };
        if table.rows.len() == most {
            return Err(TableError::TooMany(most));
        }
        table.rows.push(row(&record, columns));
    }
    Ok(table)
}

/// The columns that the first line names; nothing if it is a row already.
fn headings(record: &csv::StringRecord) -> Result<Option<Vec<Column>>, TableError> {
    let columns: Vec<Column> = record.iter().map(column).collect();
    match () {
        () if columns.contains(&Column::Name) => Ok(Some(columns)),
        () if columns.iter().any(|column| *column != Column::Other) => Err(TableError::NoNames),
        () => Ok(None),
    }
}

fn column(heading: &str) -> Column {
    if let Some((start, key)) = heading.split_once(':')
        && start.trim().eq_ignore_ascii_case("tag")
        && !key.trim().is_empty()
    {
        return Column::TagOf(key.trim().to_owned());
    }
    let plain: String = heading.to_lowercase().chars().filter(|it| !matches!(it, ' ' | '_')).collect();
    let is = |headings: &[&str]| headings.contains(&plain.as_str());
    match () {
        () if is(&NAME_HEADINGS) => Column::Name,
        () if is(&TAGS_HEADINGS) => Column::Tags,
        () if is(&SECRET_HEADINGS) => Column::Secret,
        () => Column::Other,
    }
}

fn ignored(record: &csv::StringRecord, columns: &[Column]) -> Vec<String> {
    let others = record.iter().zip(columns).filter(|(_, column)| **column == Column::Other);
    others.map(|(heading, _)| cut(heading)).filter(|heading| !heading.is_empty()).take(100).collect()
}

fn row(record: &csv::StringRecord, columns: &[Column]) -> Row {
    let line = record.position().map_or(0, csv::Position::line);
    let mut row = Row { line, name: String::new(), tags: None, secret: None, bad_tags: false };
    for (field, column) in record.iter().zip(columns) {
        match column {
            Column::Name => row.name = cut(unquoted(field)),
            Column::Secret => row.secret = Some(cut(unquoted(field))).filter(|text| !text.is_empty()),
            Column::Tags if field.is_empty() => {}
            Column::Tags => match tags_of(unquoted(field)) {
                Some(tags) => row.tags.get_or_insert_default().extend(tags),
                None => row.bad_tags = true,
            },
            Column::TagOf(_) if field.is_empty() => {}
            Column::TagOf(key) => {
                let value = cut(unquoted(field));
                row.tags.get_or_insert_default().push(Tag { key: key.clone(), value });
            }
            Column::Other => {}
        }
    }
    row
}

/// A field without the quote that an export puts before what a spreadsheet would calculate.
fn unquoted(field: &str) -> &str {
    match field.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => field,
    }
}

/// `key=value`, one behind the other with semicolons between them.
fn tags_of(field: &str) -> Option<Vec<Tag>> {
    let pairs = field.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            Some(Tag { key: cut(key.trim()), value: cut(value.trim()) })
        })
        .collect()
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_FIELD_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(file: &str) -> Vec<String> {
        read(file.as_bytes(), 10).map_or_else(
            |error| panic!("{error}"),
            |table| table.rows.into_iter().map(|row| row.name).collect(),
        )
    }

    #[test]
    fn tables_with_and_without_headings_are_read() {
        for file in [
            "\u{feff}DeviceName\r\nlamp-1\r\nlamp-2\r\n",
            "备注,设备名称\nkitchen,lamp-1\n\n,lamp-2\n",
            "lamp-1\nlamp-2",
            "lamp-1,room=a\nlamp-2,,c2VjcmV0\n",
        ] {
            assert_eq!(names(file), ["lamp-1", "lamp-2"], "{file:?}");
        }
        assert!(names("").is_empty() && names("DeviceName,tags\n").is_empty());
    }

    #[test]
    fn tags_come_in_one_column_or_in_columns_of_their_own() {
        let file = "DeviceName,tags,tag:floor,Remark\na,room=hall; side = x ,1,r\nb,nonsense,,\nc,,,\n";
        let table = read(file.as_bytes(), 10).unwrap();
        let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
        assert_eq!(table.rows[0].tags, Some(vec![tag("room", "hall"), tag("side", "x"), tag("floor", "1")]));
        assert!(table.rows[1].bad_tags && table.rows[2].tags.is_none());
        assert_eq!((table.rows[2].line, table.ignored), (4, vec!["Remark".to_owned()]));
    }

    #[test]
    fn what_is_no_table_of_devices_is_refused() {
        let error = |file: &[u8]| read(file, 2).map(drop).unwrap_err();
        assert_eq!(error(b"\xff\xfe\x00"), TableError::NotUtf8);
        assert_eq!(error(b"a\nb\nc"), TableError::TooMany(2));
        assert_eq!(error(b"tags,DevicePsk\nx=1,k"), TableError::NoNames);
    }
}
