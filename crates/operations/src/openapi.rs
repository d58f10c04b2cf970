//! The OpenAPI description of the console's surface, made from the table.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::operation::{Audit, Operation};
use crate::table::console_operations;

/// The path under which operations are: `/api/v1/NAME`.
pub const BASE_PATH: &str = "/api/v1";

/// The description, OpenAPI 3.1.
pub fn openapi(server_version: &str) -> Value {
    let mut requests = generator(SchemaSettings::draft2020_12().for_deserialize());
    let mut responses = generator(SchemaSettings::draft2020_12().for_serialize());
    let paths: Map<String, Value> = console_operations()
        .into_iter()
        .map(|operation| {
            (format!("/{}", operation.name()), path_item(operation, &mut requests, &mut responses))
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Yizhan management API",
            "version": server_version,
            "description": "Every operation of the console, one path each. Most are also served, under the same name, by the \
                compatible cloud API; `x-versions` says in which of its versions.",
        },
        "servers": [{ "url": BASE_PATH }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Failure": failure_schema() },
        },
    })
}

/// The schema of an operation's requests, as the description has it.
pub fn request_schema(operation: &Operation) -> Value {
    let mut requests = generator(SchemaSettings::draft2020_12().for_deserialize());
    let mut schema = operation.request_schema(&mut requests);
    Leniency.transform(&mut schema);
    schema.to_value()
}

fn generator(settings: SchemaSettings) -> SchemaGenerator {
    settings
        .with(|settings| {
            settings.meta_schema = None;
            settings.inline_subschemas = true;
        })
        .into_generator()
}

fn path_item(
    operation: &Operation,
    requests: &mut SchemaGenerator,
    responses: &mut SchemaGenerator,
) -> Value {
    let mut request = operation.request_schema(requests);
    Leniency.transform(&mut request);
    let response = operation.response_schema(responses);
    let failed = |why: &str| {
        json!({
            "description": why,
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } } },
        })
    };
    json!({
        "post": {
            "operationId": operation.name(),
            "summary": operation.summary().en,
            "x-summary-zh": operation.summary().zh,
            "x-audit": match operation.audit() {
                Audit::Read => "read",
                Audit::Write => "write",
                Audit::Ledger => "device",
            },
            "x-versions": operation.versions().iter().map(|version| version.as_str()).collect::<Vec<_>>(),
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": request } },
            },
            "responses": {
                "200": { "description": "Done.", "content": { "application/json": { "schema": response } } },
                "400": failed("The request is not acceptable."),
                "401": failed("Nobody knows who asks."),
                "403": failed("The account may not do this."),
                "404": failed("There is no such object, or none that the caller may know of."),
                "409": failed("The state of things forbids it, or a limit is reached."),
                "413": failed("The request is too large."),
                "422": failed("This server does not do what the request asks for."),
                "429": failed("The caller asks more often than it may."),
                "500": failed("A defect of the server."),
                "503": failed("It cannot be done now; later may help."),
            },
        },
    })
}

fn failure_schema() -> Value {
    json!({
        "type": "object",
        "required": ["Error", "RequestId"],
        "properties": {
            "Error": {
                "type": "object",
                "required": ["Code", "Message"],
                "properties": {
                    "Code": { "type": "string", "description": "The code of the compatible API." },
                    "Message": { "type": "string" },
                },
            },
            "RequestId": { "type": "string" },
        },
    })
}

/// Says of requests what `lenient` accepts: numbers and switches may come as text.
#[derive(Clone)]
struct Leniency;

impl Transform for Leniency {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(members) = schema.as_object_mut() else { return };
        let Some(kind) = members.get("type").cloned() else { return };
        let kinds: Vec<String> = match kind {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => return,
        };
        let has = |kind: &str| kinds.iter().any(|one| one == kind);
        let pattern = match () {
            () if has("integer") => "^-?[0-9]{1,18}$",
            () if has("number") => r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$",
            () if has("boolean") => "^(true|false|True|False|TRUE|FALSE|0|1)$",
            () => return,
        };
        let mut kinds: Vec<Value> = kinds.into_iter().map(Value::String).collect();
        kinds.push("string".into());
        members.insert("type".to_owned(), Value::Array(kinds));
        members.insert("pattern".to_owned(), pattern.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_console_is_described_with_request_and_answer() {
        let described = openapi("1");
        for operation in console_operations() {
            let item = &described["paths"][format!("/{}", operation.name())]["post"];
            let request = &item["requestBody"]["content"]["application/json"]["schema"];
            assert_eq!(request["type"], "object", "{operation:?}");
            let response = &item["responses"]["200"]["content"]["application/json"]["schema"];
            assert_eq!(response["type"], "object", "{operation:?}");
        }
        assert!(!described.to_string().contains("$defs"), "schemas stand where they are used");
    }
}
