//! A program that creates devices over HTTP and remembers those that the server said it had created.

use serde_json::{Value, json};
use yizhan_testkit::http::{self, Endpoint};

use crate::random::Random;
use crate::stage::{Actor, Visit};
use crate::wire::Lost;

pub struct Registrar {
    product: String,
    random: Random,
    next: u64,
    /// Name and secret.
    pub created: Vec<(String, String)>,
}

impl Registrar {
    pub fn new(product: &str, random: Random) -> Self {
        Self { product: product.into(), random, next: 1, created: Vec::new() }
    }

    pub fn product(&self) -> &str {
        &self.product
    }
}

impl Actor for Registrar {
    fn name(&self) -> String {
        "registrar".into()
    }

    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), Lost> {
        let endpoint = Endpoint::Unix(visit.stage.admin_socket.clone());
        let path = format!("/internal/v1/products/{}/devices", self.product);
        while visit.loading() {
            let name = format!("created-{}", self.next);
            self.next += 1;
            let body = json!({ "names": [name] }).to_string();
            let headers = [("Content-Type", "application/json")];
            let answer = http::request(&endpoint, "POST", &path, &headers, Some(body.as_bytes()))?;
            let told: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            match told["devices"][0]["secret"].as_str() {
                Some(secret) if answer.status == 201 => self.created.push((name, secret.to_owned())),
                _ => {
                    visit.find(format!("device {name} was not created: {} {}", answer.status, answer.text()))
                }
            }
            std::thread::sleep(self.random.millis(20, 80));
        }
        Ok(())
    }
}
