//! Where an address is. The operator may give a database in MaxMind's format; without one, addresses of private networks
//! are told from others and that is all.

use std::net::IpAddr;
use std::path::Path;

use maxminddb::Reader;
use serde::Deserialize;

use crate::DevicesError;

/// The longest name of a place that is shown.
const MAX_NAME_CHARS: usize = 64;

/// A place, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Region {
    /// Somewhere on earth; what is not known is empty.
    Place {
        /// The country.
        country: String,
        /// The province.
        province: String,
        /// The city.
        city: String,
    },
    /// An address that is not reached over the public network.
    PrivateNetwork,
    /// Nobody knows.
    Unknown,
}

/// The database, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Geography(Option<Reader<Vec<u8>>>);

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    country: Named,
    #[serde(default)]
    subdivisions: Vec<Named>,
    #[serde(default)]
    city: Named,
}

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    names: Names,
}

#[derive(Default, Deserialize)]
struct Names {
    #[serde(rename = "zh-CN")]
    chinese: Option<String>,
    en: Option<String>,
}

impl Named {
    /// The Chinese name, or else the English one.
    fn shown(self) -> String {
        let name = self.names.chinese.or(self.names.en).unwrap_or_default();
        name.chars().take(MAX_NAME_CHARS).collect()
    }
}

impl Geography {
    /// Reads the operator's database into memory.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, DevicesError> {
        let Some(path) = path else { return Ok(Self(None)) };
        let refused = |error: maxminddb::MaxMindDbError| {
            DevicesError::Invalid(format!(
                "the geographical database {} cannot be read: {error}",
                path.display()
            ))
        };
        Reader::open_readfile(path).map(|reader| Self(Some(reader))).map_err(refused)
    }

    /// Where the address is.
    pub(crate) fn region(&self, address: IpAddr) -> Region {
        let address = address.to_canonical();
        if is_private(address) {
            return Region::PrivateNetwork;
        }
        let Some(reader) = &self.0 else { return Region::Unknown };
        let record = reader.lookup(address).and_then(|found| found.decode::<Record>());
        let Ok(Some(Record { country, subdivisions, city })) = record else { return Region::Unknown };
        let province = subdivisions.into_iter().next().map(Named::shown).unwrap_or_default();
        let (country, city) = (country.shown(), city.shown());
        if country.is_empty() && province.is_empty() && city.is_empty() {
            return Region::Unknown;
        }
        Region::Place { country, province, city }
    }
}

/// Addresses that no public network carries.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared
        }
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
        }
    }
}
