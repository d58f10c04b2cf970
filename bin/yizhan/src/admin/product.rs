//! `yizhan admin product`: kinds of devices.

use anyhow::Context;
use serde_json::{Map, Value, json};
use yizhan_vocabulary::ThingModel;

use super::caller::{Caller, cell, facts, items, read_model, time_cell};
use crate::local_client::Path;
use crate::output::{self, Table};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Product {
    /// Create a product
    Create(Create),
    /// List all products
    List,
    /// Show a product with its secret
    Show { product: String },
    /// Change a product; what is not named stays
    Change(Change),
    /// Give a product a new secret; devices that have registered are not concerned
    ResetSecret { product: String },
    /// Let the product's devices connect
    Enable { product: String },
    /// Disconnect the product's devices and let none connect
    Disable { product: String },
    /// Delete a product
    Delete { product: String },
    /// Print the thing model, or put one
    Model {
        product: String,
        /// Put this file's thing model (`-` for standard input)
        #[arg(long, value_name = "FILE")]
        set: Option<String>,
    },
    /// List the custom topics, replace them or remove them
    Topics {
        product: String,
        /// Replace all custom topics; repeat for several. RIGHTS are the device's: publish, subscribe or both
        #[arg(long, value_name = "SUFFIX=RIGHTS", value_parser = parse_topic)]
        set: Vec<Topic>,
        /// Remove all custom topics
        #[arg(long, conflicts_with = "set")]
        clear: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// Ten letters and digits; the server makes one up when absent
    #[arg(long)]
    id: Option<String>,
    /// What people see
    #[arg(long)]
    name: String,
    /// What its devices are
    #[arg(long)]
    node: Option<Node>,
    /// How its devices authenticate
    #[arg(long)]
    auth: Option<Auth>,
    #[command(flatten)]
    registration: Registration,
    /// The thing model's file (`-` for standard input)
    #[arg(long, value_name = "FILE")]
    model: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Change {
    product: String,
    /// What people see
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    registration: Registration,
}

#[derive(Debug, clap::Args)]
struct Registration {
    /// Whether devices may fetch their credentials with the product secret: known devices only, or new ones too
    #[arg(long, value_name = "MODE")]
    dynamic_registration: Option<Mode>,
    /// How many devices registration may create
    #[arg(long, value_name = "N")]
    auto_create_quota: Option<u32>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Node {
    Device,
    Gateway,
    #[value(name = "subdevice", alias = "sub_device")]
    SubDevice,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Auth {
    Key,
    Certificate,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Mode {
    Off,
    Known,
    Auto,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    suffix: String,
    rights: String,
}

fn parse_topic(text: &str) -> Result<Topic, String> {
    let (suffix, rights) =
        text.rsplit_once('=').ok_or("write SUFFIX=RIGHTS, for example control=subscribe")?;
    if !matches!(rights, "publish" | "subscribe" | "both") {
        return Err(format!("{rights:?} is not publish, subscribe or both"));
    }
    Ok(Topic { suffix: suffix.to_owned(), rights: rights.to_owned() })
}

impl Node {
    const fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Gateway => "gateway",
            Self::SubDevice => "sub_device",
        }
    }
}

impl Auth {
    const fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Certificate => "certificate",
        }
    }
}

impl Registration {
    fn put_into(&self, body: &mut Map<String, Value>) {
        let mode = self.dynamic_registration.map(|mode| match mode {
            Mode::Off => "off",
            Mode::Known => "known",
            Mode::Auto => "auto",
        });
        body.extend(mode.map(|mode| ("dynamic_registration".to_owned(), mode.into())));
        body.extend(self.auto_create_quota.map(|quota| ("auto_create_quota".to_owned(), quota.into())));
    }
}

impl Create {
    pub(super) fn body(&self) -> anyhow::Result<Value> {
        let mut body = Map::new();
        body.insert("name".to_owned(), self.name.as_str().into());
        body.extend(self.id.as_deref().map(|id| ("id".to_owned(), id.into())));
        body.extend(self.node.map(|node| ("node".to_owned(), node.word().into())));
        body.extend(self.auth.map(|auth| ("auth".to_owned(), auth.word().into())));
        self.registration.put_into(&mut body);
        if let Some(file) = &self.model {
            let text = read_model(file)?;
            tell_notes(&text);
            let model = serde_json::from_str(&text).context("the thing model")?;
            body.insert("model".to_owned(), model);
        }
        Ok(Value::Object(body))
    }
}

impl Product {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = &caller.client;
        match self {
            Self::Create(create) => {
                let answer = client.post(&Path::of(["products"]), &create.body()?)?;
                caller.show(&answer, shown)
            }
            Self::List => caller.show(&client.get(&Path::of(["products"]))?, listed),
            Self::Show { product } => caller.show(&client.get(&one(&product))?, shown),
            Self::Change(change) => {
                let mut body = Map::new();
                body.extend(change.name.map(|name| ("name".to_owned(), name.into())));
                change.registration.put_into(&mut body);
                anyhow::ensure!(
                    !body.is_empty(),
                    "nothing to change: name it with --name, --dynamic-registration or --auto-create-quota"
                );
                caller.show(&client.patch(&one(&change.product), &Value::Object(body))?, shown)
            }
            Self::ResetSecret { product } => {
                caller.show(&client.post(&Path::of(["products", &product, "secret"]), &json!({}))?, shown)
            }
            Self::Enable { product } => {
                caller.show(&client.patch(&one(&product), &json!({ "enabled": true }))?, shown)
            }
            Self::Disable { product } => {
                caller.show(&client.patch(&one(&product), &json!({ "enabled": false }))?, shown)
            }
            Self::Delete { product } => {
                client.delete(&one(&product))?;
                caller.done(&format!("product {product} is deleted"))
            }
            Self::Model { product, set: None } => {
                output::result(client.get_text(&Path::of(["products", &product, "model"]))?.trim_end());
                Ok(())
            }
            Self::Model { product, set: Some(file) } => {
                let model = read_model(&file)?;
                client.put(&Path::of(["products", &product, "model"]), &model)?;
                tell_notes(&model);
                caller.done(&format!("product {product} has the thing model of {file}"))
            }
            Self::Topics { product, set, clear } => {
                let path = Path::of(["products", &product, "topics"]);
                if clear || !set.is_empty() {
                    let topics: Vec<Value> = set
                        .iter()
                        .map(|topic| json!({ "suffix": topic.suffix, "rights": topic.rights }))
                        .collect();
                    client.put(&path, &json!({ "topics": topics }).to_string())?;
                }
                caller.show(&client.get(&path)?, |answer| topics(&product, answer))
            }
        }
    }
}

/// Says what in a thing model is allowed and probably not meant, such as a misspelt limit.
fn tell_notes(model: &str) {
    for note in ThingModel::check(model).1 {
        output::note(&format!(
            "{}: {}",
            output::printable(&note.path),
            output::printable(&note.text.english)
        ));
    }
}

fn one(product: &str) -> Path {
    Path::of(["products", product])
}

pub(super) fn listed(answer: &Value) -> String {
    let mut table = Table::new(["ID", "NAME", "NODE", "AUTH", "REGISTRATION", "MODEL", "DEVICES", "ENABLED"]);
    for product in items(answer, "products") {
        table.row([
            cell(&product["id"]),
            cell(&product["name"]),
            cell(&product["node"]),
            cell(&product["auth"]),
            cell(&product["dynamic_registration"]),
            cell(&product["has_model"]),
            cell(&product["devices"]),
            cell(&product["enabled"]),
        ]);
    }
    if table.is_empty() {
        return "There is no product yet. Create one with: yizhan admin product create --name NAME"
            .to_owned();
    }
    table.text()
}

fn shown(product: &Value) -> String {
    facts(&[
        ("id", cell(&product["id"])),
        ("name", cell(&product["name"])),
        ("node", cell(&product["node"])),
        ("auth", cell(&product["auth"])),
        ("product secret", cell(&product["product_secret"])),
        ("dynamic registration", cell(&product["dynamic_registration"])),
        ("registration creates at most", cell(&product["auto_create_quota"])),
        ("created by registration", cell(&product["auto_created"])),
        ("thing model", cell(&product["has_model"])),
        ("devices", cell(&product["devices"])),
        ("enabled", cell(&product["enabled"])),
        ("created", time_cell(&product["created_at"])),
    ])
}

fn topics(product: &str, answer: &Value) -> String {
    let mut table = Table::new(["TOPIC", "A DEVICE MAY"]);
    for topic in items(answer, "topics") {
        let rights = match cell(&topic["rights"]).as_str() {
            "both" => "publish and subscribe".to_owned(),
            other => other.to_owned(),
        };
        table.row([format!("{product}/DEVICE/{}", cell(&topic["suffix"])), rights]);
    }
    table.text()
}
