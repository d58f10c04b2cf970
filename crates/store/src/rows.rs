//! The rows of the registry as the rest of the server sees them: checked identifiers, unsealed secrets that do
//! not show themselves, and enums in place of the texts in the columns.

use std::fmt;

use serde::{Deserialize, Serialize};
use yizhan_vocabulary::topics::Rights;
use yizhan_vocabulary::{DeviceId, DeviceName, InstanceId, ProductId, ProjectId, Uin, UnixMillis};
use zeroize::Zeroizing;

/// The SHA-256 of a certificate's DER bytes.
pub type Fingerprint = [u8; 32];

/// A secret text: wiped when dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself; the name makes each use easy to find.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Declares an enum that is kept as one of a few words in a column.
macro_rules! stored_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// The stable word of this value.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            pub(crate) fn from_column(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

pub(crate) use stored_words;

stored_words! {
    /// What kind of node a product's devices are.
    NodeKind {
        /// Connects itself.
        Device = "device",
        /// Connects itself and speaks for sub-devices.
        Gateway = "gateway",
        /// Is reached through a gateway.
        SubDevice = "sub_device",
    }
}

stored_words! {
    /// How a product's devices prove who they are.
    AuthMode {
        /// By a device secret.
        Key = "key",
        /// By a client certificate.
        Certificate = "certificate",
    }
}

/// Whether devices may fetch their credentials with the product's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum DynamicRegistration {
    /// No.
    Off,
    /// Devices that were created beforehand may.
    Known,
    /// Unknown names are created, up to `quota` devices.
    AutoCreate {
        /// How many devices may be created this way.
        quota: u32,
    },
}

stored_words! {
    /// How far a product has come (management API facts §4.3, DevStatus).
    ReleaseStatus {
        /// It is being developed (开发中).
        Developing = "dev",
        /// It waits for an approval (审核中).
        Audited = "audit",
        /// Its devices are in the field (已发布): what they rely on changes no more.
        Released = "released",
    }
}

stored_words! {
    /// What an instance is (console guide, 实例管理).
    InstanceKind {
        /// The one that every root account has (公共实例).
        Public = "public",
        /// One of its own (企业实例).
        Enterprise = "enterprise",
    }
}

/// A container of projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    /// Its id.
    pub id: InstanceId,
    /// The root account that it belongs to.
    pub owner: Uin,
    /// Public or enterprise.
    pub kind: InstanceKind,
    /// A remark for people.
    pub description: String,
    /// Devices that it may hold; as many as the installation if `None`.
    pub device_limit: Option<u32>,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it was last changed.
    pub updated_at: UnixMillis,
}

/// A container of products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRow {
    /// Its id.
    pub id: ProjectId,
    /// The instance that it is in.
    pub instance: InstanceId,
    /// Its name, unique in the instance.
    pub name: String,
    /// A remark for people.
    pub description: String,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it was last changed.
    pub updated_at: UnixMillis,
}

/// A product that was taken from one instance to another with all its devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductMove {
    /// When.
    pub at: UnixMillis,
    /// The root account that both instances belong to.
    pub owner: Uin,
    /// The product.
    pub product: ProductId,
    /// Where it was.
    pub from: InstanceId,
    /// Where it is since.
    pub to: InstanceId,
    /// How many devices it had.
    pub devices: u64,
}

/// What the management API keeps about a product and devices do not depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductProfile {
    /// The project that it is in.
    pub project: ProjectId,
    /// A remark for people.
    pub description: String,
    /// Its category; 1 is a model of its own (facts §4.3, CategoryId).
    pub category_id: i64,
    /// How its devices reach the network (facts §4.3, NetType).
    pub net_type: String,
    /// 1 thing model, 2 pass-through (facts §4.3, DataProtocol).
    pub data_protocol: i64,
    /// The module it is built on; 0 is none.
    pub module_id: i64,
    /// Whether its pass-through data goes through a script.
    pub script_enabled: bool,
    /// What happens when a bound device is bound again (facts §4.3, BindStrategy).
    pub bind_strategy: u8,
    /// How far it has come.
    pub status: ReleaseStatus,
    /// Who created it.
    pub creator: Uin,
    /// When it was last changed.
    pub updated_at: UnixMillis,
}

impl Default for ProductProfile {
    /// That of a product made without the management API: in the project that every installation has.
    fn default() -> Self {
        Self {
            project: ProjectId::parse("prj-default1").expect("the first project's id is well formed"),
            description: String::new(),
            category_id: 1,
            net_type: "else".to_owned(),
            data_protocol: 1,
            module_id: 0,
            script_enabled: false,
            bind_strategy: 1,
            status: ReleaseStatus::Developing,
            creator: Uin::FIRST,
            updated_at: UnixMillis(0),
        }
    }
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRow {
    /// Its id, for ever.
    pub id: ProductId,
    /// Its display name.
    pub name: String,
    /// What its devices are.
    pub node: NodeKind,
    /// How its devices authenticate.
    pub auth: AuthMode,
    /// The product secret.
    pub product_secret: Secret,
    /// Whether and how its devices register themselves.
    pub dynamic_registration: DynamicRegistration,
    /// Whether its devices may connect.
    pub enabled: bool,
    /// The thing model's JSON as it was given.
    pub model_json: Option<String>,
    /// What the management API keeps about it.
    pub profile: ProductProfile,
    /// When it was created.
    pub created_at: UnixMillis,
}

/// What may be changed about a product; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct ProductChange {
    /// A new display name.
    pub name: Option<String>,
    /// A new product secret.
    pub product_secret: Option<Secret>,
    /// A new registration rule.
    pub dynamic_registration: Option<DynamicRegistration>,
    /// Enable or disable.
    pub enabled: Option<bool>,
    /// Another profile, in place of the whole one.
    pub profile: Option<ProductProfile>,
}

/// A topic `PRODUCTID/DEVICENAME/` + `suffix` of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomTopic {
    /// The levels behind the device name; a level may be `+`, the last one `#`.
    pub suffix: String,
    /// What a device may do with its topic.
    pub rights: Rights,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its number, never reused; also its stream in the journal.
    pub id: DeviceId,
    /// Its product.
    pub product: ProductId,
    /// Its name within the product.
    pub name: DeviceName,
    /// Its secret (base64 text).
    pub secret: Secret,
    /// Whether it may connect.
    pub enabled: bool,
    /// Whether it came to be through dynamic registration (these count against the quota).
    pub auto_created: bool,
    /// A name for people.
    pub nickname: Option<String>,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it first connected.
    pub activated_at: Option<UnixMillis>,
    /// Fingerprint of its newest certificate that was not withdrawn.
    pub certificate: Option<Fingerprint>,
}

/// What was counted of a product on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductDay {
    /// The product.
    pub product: ProductId,
    /// Days since 1970-01-01 in the time zone of the statistics.
    pub day: u32,
    /// Messages taken from devices, apart from questions for the time.
    pub messages_up: u64,
    /// Messages for devices, answers included.
    pub messages_down: u64,
    /// Messages of devices that were refused.
    pub failed_up: u64,
    /// Messages for devices that were not delivered.
    pub failed_down: u64,
    /// Questions for the time.
    pub time_requests: u64,
    /// Devices that were made.
    pub registered: u64,
    /// Devices that connected for the first time.
    pub activated: u64,
    /// Devices that were connected at any time.
    pub active: u64,
    /// The most devices online at once.
    pub online_peak: u64,
}

/// A text by which people find a product or a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// What it is about; once for each product or device.
    pub key: String,
    /// What it says.
    pub value: String,
}

/// A device that is to be created.
#[derive(Debug, Clone)]
pub struct NewDevice {
    /// Its product.
    pub product: ProductId,
    /// Its name within the product.
    pub name: DeviceName,
    /// Its secret (base64 text).
    pub secret: Secret,
    /// Whether dynamic registration creates it.
    pub auto_created: bool,
    /// A name for people.
    pub nickname: Option<String>,
    /// When it is created.
    pub created_at: UnixMillis,
}

/// A certificate that was registered for a device. The private key is never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRow {
    /// SHA-256 of the DER bytes.
    pub fingerprint: Fingerprint,
    /// The device it speaks for.
    pub device: DeviceId,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// Start of validity.
    pub not_before: UnixMillis,
    /// End of validity.
    pub not_after: UnixMillis,
    /// When it was withdrawn.
    pub revoked_at: Option<UnixMillis>,
}

/// A user of the plain MQTT broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttUser {
    /// The user name of CONNECT.
    pub name: String,
    /// Salt of the password's hash.
    pub salt: [u8; 16],
    /// SHA-256 of salt and password.
    pub password_hash: [u8; 32],
    /// Filters of topics that may be published.
    pub publish: Vec<String>,
    /// Filters that may be subscribed.
    pub subscribe: Vec<String>,
    /// When it was created.
    pub created_at: UnixMillis,
}

/// A token of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its name, for people.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was last used (to the minute at best).
    pub last_used_at: Option<UnixMillis>,
}

/// A certificate and its private key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedKey {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: Secret,
}

/// The private certificate authority and the server's certificates; all PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityRow {
    /// The authority's certificate.
    pub ca_certificate: String,
    /// The authority's private key.
    pub ca_key: Secret,
    /// The server's certificate with an RSA key.
    pub server_rsa: CertifiedKey,
    /// The server's certificate with a key on an elliptic curve; none in a registry that was last used by a release
    /// without it.
    pub server_ec: Option<CertifiedKey>,
    /// The names (DNS and addresses) the server's certificates were asked to carry.
    pub server_names: Vec<String>,
}

stored_words! {
    /// How the devices of a batch get their credentials (facts, BurnMethod).
    BatchBurn {
        /// They are written into each device in the factory.
        Direct = "direct",
        /// Each device fetches them with the product's secret.
        Registration = "registration",
    }
}

stored_words! {
    /// Where the names of a batch come from (facts, GenerationMethod; `CreateBatch` of the video surface).
    BatchNaming {
        /// Made up.
        Generated = "generated",
        /// Out of an uploaded file.
        Uploaded = "uploaded",
        /// Counted on behind a prefix.
        Prefixed = "prefixed",
    }
}

stored_words! {
    /// How far a batch is.
    BatchState {
        /// Nothing was made yet.
        Created = "created",
        /// Devices are being made.
        Running = "running",
        /// All devices are made; their certificates are being made.
        Finishing = "finishing",
        /// Nothing more will be made.
        Done = "done",
    }
}

/// A batch that is to be created.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// Its id.
    pub id: String,
    /// Whose devices are made.
    pub product: ProductId,
    /// The account that asked for it.
    pub creator: i64,
    /// How its devices get their credentials.
    pub burn: BatchBurn,
    /// Where the names come from.
    pub naming: BatchNaming,
    /// The address of the uploaded file.
    pub upload_url: String,
    /// What counted names start with.
    pub prefix: String,
    /// Whether a QR code is wanted for each device.
    pub qr_codes: bool,
    /// When it is created.
    pub created_at: UnixMillis,
}

/// One device that a batch is to make: its name, or why there will be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDevice {
    /// The name; as it was given where it is not acceptable.
    pub name: String,
    /// Why no device is made.
    pub problem: Option<String>,
}

/// A batch as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// Its number.
    pub number: i64,
    /// Its id.
    pub id: String,
    /// Whose devices are made.
    pub product: ProductId,
    /// The account that asked for it.
    pub creator: i64,
    /// How its devices get their credentials.
    pub burn: BatchBurn,
    /// Where the names come from.
    pub naming: BatchNaming,
    /// The address of the uploaded file.
    pub upload_url: String,
    /// What counted names start with.
    pub prefix: String,
    /// Whether a QR code is wanted for each device.
    pub qr_codes: bool,
    /// How many devices were asked for.
    pub wanted: u32,
    /// How many were made.
    pub made: u32,
    /// How many could not be made.
    pub refused: u32,
    /// How far it is.
    pub state: BatchState,
    /// Why it ended early, or why devices could not be made; empty when all went well.
    pub failure: String,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it last went on.
    pub updated_at: UnixMillis,
}

/// One device of a batch as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchDeviceRow {
    /// Its place in the batch.
    pub position: u32,
    /// Its name.
    pub name: String,
    /// Whether it was made; a device that was deleted since was.
    pub made: bool,
    /// Why it could not be made.
    pub problem: String,
    /// The device, unless it was deleted since.
    pub device: Option<DeviceId>,
    /// The certificate that was made with it.
    pub fingerprint: Option<Fingerprint>,
}
