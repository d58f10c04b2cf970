//! What the devices of a batch are called: out of an uploaded file, made up, or counted on behind a prefix. Pure but for
//! the random names.

use std::collections::HashMap;

use yizhan_store::PlannedDevice;
use yizhan_vocabulary::DeviceName;

use super::BatchError;
use crate::DevicesError;
use crate::registry::Product;

/// Characters of a made-up name.
const NAME_LENGTH: usize = 12;
/// Characters of a batch's id behind `LC-`.
const ID_LENGTH: usize = 8;
/// No vowels that make words and no characters that look alike: names are typed off labels.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
/// What the first column of a file may be headed with.
const HEADINGS: [&str; 4] = ["devicename", "device_name", "device name", "设备名称"];
/// The longest text of a refused name that is kept.
const SHOWN_CHARS: usize = 64;

/// Why a file gives no names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamesFileError {
    /// It is not a table.
    #[error("the file is not CSV: {0}")]
    NotCsv(String),
    /// It has more rows than a batch may have.
    #[error("the file has more than {0} rows")]
    TooMany(usize),
}

/// The names in the first column of a CSV file (console guide: 上传文件中第一列的数据作为 DeviceName). A byte order mark,
/// either kind of line end, empty lines and a heading are passed over; what is not a name is found out later, row by row.
pub fn read_names(file: &[u8], max: usize) -> Result<Vec<String>, NamesFileError> {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(file);
    let mut names = Vec::new();
    let mut record = csv::ByteRecord::new();
    let mut first = true;
    while reader.read_byte_record(&mut record).map_err(|error| NamesFileError::NotCsv(error.to_string()))? {
        let name = String::from_utf8_lossy(record.get(0).unwrap_or_default());
        let heading = std::mem::take(&mut first) && HEADINGS.contains(&name.to_lowercase().as_str());
        if heading || record.iter().all(<[u8]>::is_empty) {
            continue;
        }
        if names.len() == max {
            return Err(NamesFileError::TooMany(max));
        }
        names.push(name.chars().take(SHOWN_CHARS).collect());
    }
    Ok(names)
}

/// Uploaded names with what is wrong with each.
pub(super) fn checked(names: Vec<String>) -> Vec<PlannedDevice> {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(names.len());
    let check = |(place, name): (usize, String)| {
        let problem = match DeviceName::parse(&name) {
            Err(error) => Some(error.to_string()),
            Ok(_) => {
                let first = *places.entry(name.clone()).or_insert(place);
                (first != place).then(|| format!("the name stands in row {} already", first + 1))
            }
        };
        PlannedDevice { name, problem }
    };
    names.into_iter().enumerate().map(check).collect()
}

/// Names nobody has, in no order that could be guessed.
pub(super) fn generated(product: &Product, count: usize) -> Vec<String> {
    let mut names = std::collections::HashSet::with_capacity(count);
    while names.len() < count {
        let name = random_text(NAME_LENGTH);
        if product.device(&name).is_none() {
            names.insert(name);
        }
    }
    names.into_iter().collect()
}

/// `prefix` and a number each, counting on from the highest the product has.
pub(super) fn counted(product: &Product, prefix: &str, count: usize) -> Result<Vec<String>, BatchError> {
    let names = super::super::registry::numbered_names(product, prefix, count)?;
    let fits = names.iter().try_for_each(|name| DeviceName::parse(name).map(drop));
    fits.map_err(|error| DevicesError::Invalid(format!("the prefix does not do: {error}")))?;
    Ok(names)
}

/// A new batch's id.
pub(super) fn batch_id() -> String {
    format!("LC-{}", random_text(ID_LENGTH))
}

fn random_text(length: usize) -> String {
    let mut random = vec![0_u8; length];
    getrandom::fill(&mut random).expect("the system's source of randomness works");
    random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_column_of_any_usual_file_is_read() {
        for file in [
            "\u{feff}DeviceName\r\nlamp-1\r\nlamp-2\r\n",
            "设备名称,备注\nlamp-1,kitchen\n\nlamp-2\n",
            "lamp-1\nlamp-2",
            "\"lamp-1\",\"a, b\"\nlamp-2\n",
            "lamp-1\r\n,,\r\n  lamp-2  ,\r\n",
        ] {
            assert_eq!(read_names(file.as_bytes(), 10).unwrap(), ["lamp-1", "lamp-2"], "{file:?}");
        }
        assert_eq!(read_names(b"", 10).unwrap(), Vec::<String>::new());
        assert_eq!(read_names(b"DeviceName\n", 10).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_file_with_too_many_rows_is_refused_whatever_they_hold() {
        assert_eq!(read_names(b"a\nb\nc", 3).unwrap().len(), 3);
        assert_eq!(read_names(b"a\nb\nc\n\xff\xfe", 3), Err(NamesFileError::TooMany(3)));
    }

    #[test]
    fn each_bad_row_has_its_own_problem() {
        let names = ["lamp", "la mp", "lamp", &"x".repeat(49)].map(String::from).to_vec();
        let planned = checked(names);
        let problems: Vec<_> = planned.iter().map(|device| device.problem.as_deref()).collect();
        let form = "a device name has 1 to 48 characters out of letters, digits, ':', '_' and '-'";
        let twice = "the name stands in row 1 already";
        assert_eq!(problems, [None, Some(form), Some(twice), Some(form)]);
    }

    #[test]
    fn made_up_texts_are_names() {
        assert!(DeviceName::parse(&random_text(NAME_LENGTH)).is_ok());
        assert_eq!(batch_id().len(), 11);
    }
}
