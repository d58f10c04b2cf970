//! Carrying a table out: devices are made in portions, tags follow, and the result is the same table with what became of
//! each row and the key of each device.

use std::sync::Arc;

use yizhan_devices::{DeviceCreation, Product};

use super::super::results::keep;
use super::super::table::{TableWriter, tags_in_field};
use super::plan::{Planned, Verdict, plan};
use super::read::Row;
use crate::call::Call;
use crate::failure::{Code, Failure};
use crate::jobs::{Job, JobEnd};

/// Devices that are made with one write, and that are given up together if it fails.
const PORTION: usize = 200;

/// What became of a row.
struct Outcome {
    row: Planned,
    failure: Option<Failure>,
}

/// Imports the rows, and keeps the result as the job's file.
pub(super) fn import(job: &Job, call: &Call, product: &Arc<Product>, rows: Vec<Row>) -> Result<(), JobEnd> {
    let planned = plan(product, rows);
    let mut outcomes = Vec::with_capacity(planned.len());
    let mut waiting: Vec<Planned> = Vec::new();
    let mut ended = Ok(());
    for row in planned {
        ended = job.go_on();
        if ended.is_err() {
            break;
        }
        match (&row.verdict, &row.secret) {
            (Verdict::Create, None) => {
                waiting.push(row);
                if waiting.len() >= PORTION {
                    create(job, call, product, std::mem::take(&mut waiting), &mut outcomes);
                }
            }
            _ => {
                let done = one(call, product, &row);
                finish(job, call, row, done, &mut outcomes);
            }
        }
    }
    if ended.is_ok() {
        create(job, call, product, waiting, &mut outcomes);
    }
    // What was done before somebody stopped it has its keys in the result all the same.
    report(job, call, product, outcomes)?;
    ended
}

/// Makes devices with keys of the server's making.
fn create(job: &Job, call: &Call, product: &Arc<Product>, rows: Vec<Planned>, outcomes: &mut Vec<Outcome>) {
    if rows.is_empty() {
        return;
    }
    let names = rows.iter().map(|row| row.name.clone()).collect();
    let made = permitted(call, product).and_then(|()| {
        let creation = DeviceCreation::Named(names);
        Ok(call.platform().devices.create_devices(&product.id, creation).map(drop)?)
    });
    for row in rows {
        // One that cannot be made keeps a whole portion from being made, so each is tried alone then.
        let done = match &made {
            Ok(()) => Ok(()),
            Err(_) => alone(call, product, &row.name),
        };
        finish(job, call, row, done, outcomes);
    }
}

fn alone(call: &Call, product: &Arc<Product>, name: &str) -> Result<(), Failure> {
    permitted(call, product)?;
    let creation = DeviceCreation::Named(vec![name.to_owned()]);
    Ok(call.platform().devices.create_devices(&product.id, creation).map(drop)?)
}

/// Makes a device with a key of its own, or passes over one that is there.
fn one(call: &Call, product: &Arc<Product>, row: &Planned) -> Result<(), Failure> {
    match (&row.verdict, &row.secret) {
        (Verdict::Refused(reason), _) => {
            let why = reason.shown(call.caller().language);
            Err(Failure::new(Code::InvalidParameterValue).because(why))
        }
        (Verdict::Create, Some(secret)) => {
            permitted(call, product)?;
            let devices = &call.platform().devices;
            Ok(devices.create_device_with_key(&product.id, &row.name, secret.clone()).map(drop)?)
        }
        _ => Ok(()),
    }
}

/// The right is asked for again with each portion: it may have been taken away meanwhile.
fn permitted(call: &Call, product: &Arc<Product>) -> Result<(), Failure> {
    call.product(product.id.as_str()).map(drop)
}

/// Gives the device its tags, and notes what became of the row.
fn finish(job: &Job, call: &Call, row: Planned, done: Result<(), Failure>, outcomes: &mut Vec<Outcome>) {
    let tagged = done.and_then(|()| tag(call, &row));
    match &tagged {
        Ok(()) => job.advance(1),
        Err(failure) => job.fail(&format!("{}: {}", row.line, row.name), failure),
    }
    outcomes.push(Outcome { row, failure: tagged.err() });
}

fn tag(call: &Call, row: &Planned) -> Result<(), Failure> {
    let changes = matches!(row.verdict, Verdict::Create | Verdict::Update);
    let Some(tags) = row.tags.clone().filter(|_| changes) else { return Ok(()) };
    let device = call.device(row.product.as_str(), &row.name)?;
    Ok(call.platform().devices.put_device_tags(&device, tags)?)
}

fn report(job: &Job, call: &Call, product: &Product, outcomes: Vec<Outcome>) -> Result<(), JobEnd> {
    let mut table =
        TableWriter::new(&["Line", "ProductId", "DeviceName", "Result", "Reason", "DevicePsk", "tags"])?;
    let (mut created, mut updated, mut unchanged, mut refused) = (0_u64, 0_u64, 0_u64, 0_u64);
    let language = call.caller().language;
    for Outcome { row, failure } in outcomes {
        let device = product.device(&row.name);
        let (result, count) = match (&failure, &row.verdict) {
            (None, Verdict::Create) => ("created", &mut created),
            (None, Verdict::Update) => ("updated", &mut updated),
            (None, Verdict::Unchanged) => ("unchanged", &mut unchanged),
            _ => ("refused", &mut refused),
        };
        *count += 1;
        let shown = device.filter(|_| failure.is_none());
        let secret = shown.as_ref().and_then(|device| device.secret());
        let tags = shown.as_ref().map(|device| device.tags().as_ref().map(|tags| tags_in_field(tags)));
        table.row(&[
            row.line.to_string(),
            product.id.to_string(),
            row.name,
            result.to_owned(),
            failure.map(|failure| failure.message(language)).unwrap_or_default(),
            secret.map(|secret| secret.as_text().to_owned()).unwrap_or_default(),
            tags.flatten().unwrap_or_default(),
        ])?;
    }
    for (name, count) in
        [("Created", created), ("Updated", updated), ("Unchanged", unchanged), ("Refused", refused)]
    {
        job.result(name, count);
    }
    keep(job, call, "import-result.csv", &table.finish()?, true)
}
