//! Which devices are simulated: those of a file, or those of the local server, where missing ones are made.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use yizhan_simulator::Credential;

use crate::local_client::{LocalClient, Path};
use crate::output;

/// The largest credentials file.
const MAX_FILE: u64 = 64 << 20;
/// Devices in one question to the server.
const PAGE: usize = 1_000;

/// The forms of a JSON file: a list, or what `admin device create --json` prints.
#[derive(Deserialize)]
#[serde(untagged)]
enum CredentialFile {
    List(Vec<Credential>),
    Answer { devices: Vec<Credential> },
    One(Credential),
}

/// The devices of a file: at most `count`, and only those of `product` if it is named.
pub(super) fn read(
    file: &FilePath,
    product: Option<&str>,
    count: Option<usize>,
) -> anyhow::Result<Vec<Credential>> {
    let shown = file.display();
    let size = std::fs::metadata(file).with_context(|| format!("{shown} cannot be read"))?.len();
    ensure!(size <= MAX_FILE, "{shown} is larger than {MAX_FILE} bytes");
    let text = std::fs::read_to_string(file).with_context(|| format!("{shown} cannot be read"))?;
    let mut devices = parse(&text).with_context(|| shown.to_string())?;
    devices.retain(|device| product.is_none_or(|product| device.product == product));
    if let Some(count) = count {
        ensure!(devices.len() >= count, "{shown} has {} such devices, {count} are asked for", devices.len());
        devices.truncate(count);
    }
    ensure!(!devices.is_empty(), "{shown} has no such device");
    Ok(devices)
}

fn parse(text: &str) -> anyhow::Result<Vec<Credential>> {
    if text.trim_start().starts_with(['[', '{']) {
        let parsed = serde_json::from_str(text);
        return Ok(match parsed.context("it is not a list of objects with product_id, name and secret")? {
            CredentialFile::List(devices) | CredentialFile::Answer { devices } => devices,
            CredentialFile::One(device) => vec![device],
        });
    }
    let mut devices = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
        let [product, device, secret, ..] = cells[..] else {
            bail!("line {}: write product,device,secret", number + 1);
        };
        let is_heading = devices.is_empty() && secret.eq_ignore_ascii_case("secret");
        if !is_heading {
            let [product, device, secret] = [product, device, secret].map(ToOwned::to_owned);
            devices.push(Credential { product, device, secret });
        }
    }
    Ok(devices)
}

/// `PREFIX-1` to `PREFIX-COUNT` of the local server, made where they are missing.
pub(super) fn provide(
    client: &LocalClient,
    product: &str,
    prefix: &str,
    count: usize,
) -> anyhow::Result<Vec<Credential>> {
    let shown = client.get(&Path::of(["products", product]))?;
    ensure!(
        shown["auth"] == "key",
        "the devices of {product} authenticate by certificate, simulated ones by key: choose another product"
    );
    let mut known = existing(client, product, prefix)?;
    let names: Vec<String> = (1..=count).map(|number| format!("{prefix}-{number}")).collect();
    let missing: Vec<&String> = names.iter().filter(|name| !known.contains_key(*name)).collect();
    for names in missing.chunks(PAGE) {
        let made = client.post(&Path::of(["products", product, "devices"]), &json!({ "names": names }))?;
        collect(&made, prefix, &mut known)?;
    }
    if !missing.is_empty() {
        output::note(&format!("made {} devices of product {product}", missing.len()));
    }
    let mut take = |name: &String| known.remove(name).with_context(|| format!("device {name} was not made"));
    names.iter().map(&mut take).collect()
}

fn existing(
    client: &LocalClient,
    product: &str,
    prefix: &str,
) -> anyhow::Result<BTreeMap<String, Credential>> {
    let mut known = BTreeMap::new();
    let mut offset = 0;
    loop {
        let path = Path::of(["products", product, "devices"]);
        let page = client.get(&path.query("offset", Some(offset)).query("limit", Some(PAGE)))?;
        collect(&page, prefix, &mut known)?;
        let returned = page["devices"].as_array().map_or(0, Vec::len);
        offset += returned;
        if returned == 0 || offset as u64 >= page["total"].as_u64().unwrap_or(0) {
            return Ok(known);
        }
    }
}

fn collect(answer: &Value, prefix: &str, known: &mut BTreeMap<String, Credential>) -> anyhow::Result<()> {
    for device in answer["devices"].as_array().into_iter().flatten() {
        let rest = device["name"].as_str().and_then(|name| name.strip_prefix(prefix));
        if rest.is_some_and(|rest| rest.starts_with('-')) {
            let credential: Credential =
                serde_json::from_value(device.clone()).context("a device in the server's answer")?;
            known.insert(credential.device.clone(), credential);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credentials_file_is_json_or_csv() {
        let answer = r#"{"devices":[{"id":7,"product_id":"P","name":"d1","secret":"c2VjcmV0"}],"total":1}"#;
        let list = r#"[{"product":"P","device":"d1","secret":"c2VjcmV0"}]"#;
        let one = r#"{"product_id":"P","name":"d1","secret":"c2VjcmV0"}"#;
        let csv = "product,device,secret\n# lamps\nP, d1, c2VjcmV0\n\n";
        for text in [answer, list, one, csv] {
            let devices = parse(text).unwrap();
            assert_eq!(devices.len(), 1, "{text}");
            let device = &devices[0];
            assert_eq!((&*device.product, &*device.device, &*device.secret), ("P", "d1", "c2VjcmV0"));
        }
        assert!(format!("{:#}", parse("P;d1;x").unwrap_err()).contains("line 1"));
        assert!(parse("[{}]").is_err());
    }

    #[test]
    fn a_file_is_filtered_by_product_and_cut_to_the_count() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("devices.csv");
        std::fs::write(&file, "P,d1,a\nQ,d2,b\nP,d3,c\n").unwrap();
        let names = |product, count| {
            let devices = read(&file, product, count)?;
            anyhow::Ok(devices.into_iter().map(|device| device.device).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(names(None, None).unwrap(), "d1 d2 d3");
        assert_eq!(names(Some("P"), None).unwrap(), "d1 d3");
        assert_eq!(names(Some("P"), Some(1)).unwrap(), "d1");
        assert!(names(Some("P"), Some(3)).unwrap_err().to_string().contains("3 are asked for"));
        assert!(names(Some("R"), None).unwrap_err().to_string().contains("no such device"));
    }
}
