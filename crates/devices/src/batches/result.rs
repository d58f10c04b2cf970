//! What a factory is given of a batch: one CSV file with a row for each device, and a ZIP archive with a picture of each
//! device's QR code. Both are put together when they are asked for, out of the registry as it is then: a device that was
//! deleted, or whose key was changed since, is shown as it is now.

use std::io::{Cursor, Write};

use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;
use yizhan_identity::authority::certificate_pem;
use yizhan_identity::binding_signature::FOREVER_S;
use yizhan_store::{AuthMode, BatchBurn, BatchDeviceRow, BatchRow};
use yizhan_vocabulary::{ProductId, UnixMillis};
use zip::write::SimpleFileOptions;

use super::Batches;
use crate::DevicesError;
use crate::registry::{Device, Product};

/// Light modules around a code (ISO/IEC 18004 asks for four).
const QUIET_ZONE: usize = 4;

/// What stands in the QR code of one device: the vendor's apps read it as JSON and hand its `Signature` back when they
/// bind the device (AppSecureAddDeviceInFamily).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BindingText<'a> {
    device_name: &'a str,
    product_id: &'a str,
    signature: &'a str,
}

/// The text of a device's QR code.
pub fn binding_text(product: &ProductId, device: &str, signature: &str) -> String {
    let text = BindingText { device_name: device, product_id: product.as_str(), signature };
    serde_json::to_string(&text).expect("texts are always JSON")
}

impl Batches {
    /// The batch's devices as CSV: what is burnt into each, and what is wrong with those that were not made.
    pub fn result_csv(&self, batch: &BatchRow) -> Result<Vec<u8>, DevicesError> {
        let product = self.0.devices.known_product(&batch.product)?;
        let columns = Columns::of(batch, &product);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| DevicesError::Internal(format!("the result: {error}"));
        writer.write_record(columns.headings()).map_err(failed)?;
        for row in self.0.store.batch_devices(batch.number)? {
            let fields = self.fields(batch, &product, &columns, &row)?;
            writer.write_record(&fields).map_err(failed)?;
        }
        writer.into_inner().map_err(|error| DevicesError::Internal(format!("the result: {error}")))
    }

    fn fields(
        &self,
        batch: &BatchRow,
        product: &Product,
        columns: &Columns,
        row: &BatchDeviceRow,
    ) -> Result<Vec<String>, DevicesError> {
        let device = row.device.and_then(|id| self.0.devices.device(id));
        let problem = match (&device, row.made) {
            (None, true) => "the device was deleted",
            _ => row.problem.as_str(),
        };
        let mut fields = vec![product.id.to_string(), shown_name(row)];
        match columns.credentials {
            CredentialColumns::Secret => {
                let secret = device.as_ref().and_then(|device| device.secret());
                fields.push(secret.map(|secret| secret.as_text().to_owned()).unwrap_or_default());
            }
            CredentialColumns::Certificate => {
                let (certificate, key) = self.credentials(device.as_deref())?;
                fields.extend([certificate, key]);
            }
            CredentialColumns::ProductSecret => {
                let made = device.is_some();
                let secret = product.settings().secret.clone();
                fields.push(if made { secret.expose().to_owned() } else { String::new() });
            }
        }
        if columns.qr_codes {
            fields.push(device.as_ref().map(|device| self.code_of(batch, device)).unwrap_or_default());
        }
        fields.push(problem.to_owned());
        Ok(fields)
    }

    fn credentials(&self, device: Option<&Device>) -> Result<(String, String), DevicesError> {
        let Some(device) = device else { return Ok(Default::default()) };
        let Some((certificate, key)) = self.0.store.batch_credentials(device.id)? else {
            return Ok(Default::default());
        };
        let pem = certificate_pem(&certificate).map_err(|error| DevicesError::Internal(error.to_string()))?;
        Ok((pem, key.expose().to_owned()))
    }

    fn code_of(&self, batch: &BatchRow, device: &Device) -> String {
        // From the batch's beginning on, so that a file fetched twice holds the same codes.
        let end: UnixMillis = batch.created_at.plus_ms(FOREVER_S * 1000);
        let signature = self.0.bindings.sign(device.id, end).unwrap_or_default();
        binding_text(device.product_id(), device.name.as_str(), &signature)
    }

    /// A ZIP archive with one SVG picture for each device that was made and is still there, and the CSV file beside them.
    pub fn result_pictures(&self, batch: &BatchRow) -> Result<Vec<u8>, DevicesError> {
        let failed = |error: &dyn std::fmt::Display| DevicesError::Internal(format!("the archive: {error}"));
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        let mut add = |name: String, bytes: &[u8]| {
            archive.start_file(name, options).map_err(|error| failed(&error))?;
            archive.write_all(bytes).map_err(|error| failed(&error))
        };
        add(format!("{}.csv", batch.id), &self.result_csv(batch)?)?;
        for row in self.0.store.batch_devices(batch.number)? {
            let Some(device) = row.device.and_then(|id| self.0.devices.device(id)) else { continue };
            let picture = picture(&self.code_of(batch, &device))?;
            add(picture_name(&device), picture.as_bytes())?;
        }
        archive.finish().map(Cursor::into_inner).map_err(|error| failed(&error))
    }
}

/// A colon may stand in a device's name but not in a file's on every system.
fn picture_name(device: &Device) -> String {
    format!("qrcodes/{}.svg", device.name.as_str().replace(':', "%3A"))
}

/// A refused name is what somebody typed; a spreadsheet must not take it for a formula.
fn shown_name(row: &BatchDeviceRow) -> String {
    let formula = !row.made && row.name.starts_with(['=', '+', '-', '@', '\t']);
    if formula { format!("'{}", row.name) } else { row.name.clone() }
}

/// The QR code of a text as a picture: one path over a white square, a unit a module.
fn picture(text: &str) -> Result<String, DevicesError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| DevicesError::Internal(format!("a QR code: {error}")))?;
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET_ZONE;
    let mut path = String::new();
    for (y, line) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let dark = line[x..].iter().take_while(|color| **color == Color::Dark).count();
            if dark > 0 {
                path.push_str(&format!("M{} {}h{dark}v1h-{dark}z", x + QUIET_ZONE, y + QUIET_ZONE));
            }
            x += dark.max(1);
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>\n"
    ))
}

/// Which columns the file of a batch has.
struct Columns {
    credentials: CredentialColumns,
    qr_codes: bool,
}

enum CredentialColumns {
    /// The device's key.
    Secret,
    /// Its certificate and private key.
    Certificate,
    /// The product's secret, with which the device fetches its own.
    ProductSecret,
}

impl Columns {
    fn of(batch: &BatchRow, product: &Product) -> Self {
        let credentials = match (batch.burn, product.auth) {
            (BatchBurn::Registration, _) => CredentialColumns::ProductSecret,
            (BatchBurn::Direct, AuthMode::Key) => CredentialColumns::Secret,
            (BatchBurn::Direct, AuthMode::Certificate) => CredentialColumns::Certificate,
        };
        Self { credentials, qr_codes: batch.qr_codes }
    }

    fn headings(&self) -> Vec<&'static str> {
        let credentials: &[&str] = match self.credentials {
            CredentialColumns::Secret => &["DevicePsk"],
            CredentialColumns::Certificate => &["DeviceCert", "DevicePrivateKey"],
            CredentialColumns::ProductSecret => &["ProductSecret"],
        };
        let mut headings = vec!["ProductId", "DeviceName"];
        headings.extend(credentials);
        // The guide's name of this column.
        headings.extend(self.qr_codes.then_some("QR-code"));
        headings.push("Error");
        headings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_json_that_the_apps_read() {
        let product = ProductId::parse("DEMOPROD01").unwrap();
        let text = binding_text(&product, "dev:1", "fbaba57679644f29adee486528644a5a");
        assert_eq!(
            text,
            r#"{"DeviceName":"dev:1","ProductId":"DEMOPROD01","Signature":"fbaba57679644f29adee486528644a5a"}"#
        );
    }

    #[test]
    fn a_picture_has_a_dark_module_for_each_of_the_code() {
        let svg = picture("x").unwrap();
        let runs = svg.split("v1h-").skip(1);
        let dark: usize = runs.map(|run| run.split('z').next().unwrap().parse::<usize>().unwrap()).sum();
        let code = QrCode::with_error_correction_level("x", EcLevel::M).unwrap();
        assert_eq!(dark, code.to_colors().iter().filter(|color| **color == Color::Dark).count());
        assert!(svg.contains("viewBox=\"0 0 29 29\""), "{svg}");
    }
}
