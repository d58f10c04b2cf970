//! A policy document from choices, as the vendor's policy generator makes it (console guide, 按策略生成器创建): which
//! operations, on the whole service, a project or a product.

use serde_json::{Value, json};
use yizhan_vocabulary::{ProductId, ProjectId, Uin};

use super::document::{Effect, Policy, PolicyError};

/// The names of operations that only look.
pub const READ_OPERATIONS: &[&str] = &["Describe*", "Get*", "List*", "Search*"];

/// Which operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operations {
    /// All of them.
    All,
    /// Those that only look.
    ReadOnly,
    /// Those of a list; `*` stands for any text in a name.
    Named(Vec<String>),
}

/// On what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything of the account: instances, projects, products and devices.
    Everything,
    /// A project and what is in it.
    Project(ProjectId),
    /// A product of a project, and its devices.
    Product(ProjectId, ProductId),
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Whether it is allowed or denied.
    pub effect: Effect,
    /// Which operations.
    pub operations: Operations,
    /// On what.
    pub scope: Scope,
}

/// The document of a policy of `owner` that says what was chosen. What it says is read back before it is given out.
pub fn generate(owner: Uin, choices: &[Choice]) -> Result<String, PolicyError> {
    let statements: Vec<Value> = choices.iter().flat_map(|choice| statements(owner, choice)).collect();
    let document = json!({ "version": "2.0", "statement": statements }).to_string();
    Policy::parse(&document, owner)?;
    Ok(document)
}

fn statements(owner: Uin, choice: &Choice) -> Vec<Value> {
    let resource = |path: String| format!("qcs::iotexplorer::uin/{owner}:{path}");
    let (resources, above) = match &choice.scope {
        Scope::Everything => (vec![resource("*".to_owned())], None),
        Scope::Project(project) => {
            (vec![resource(format!("project/{project}")), resource(format!("project/{project}/*"))], None)
        }
        Scope::Product(project, product) => {
            let path = format!("project/{project}/product/{product}");
            let inside = format!("{path}/*");
            (vec![resource(path), resource(inside)], Some(resource(format!("project/{project}"))))
        }
    };
    let statement = |operations: &Operations, resources: Vec<String>| json!({ "effect": choice.effect.as_str(), "action": actions(operations), "resource": resources });
    let mut statements = vec![statement(&choice.operations, resources)];
    // Whoever may use a product must be able to see the project that it is in.
    if let (Some(project), Effect::Allow) = (above, choice.effect) {
        statements.push(statement(&Operations::ReadOnly, vec![project]));
    }
    statements
}

fn actions(operations: &Operations) -> Vec<String> {
    let service = |name: &str| format!("iotexplorer:{name}");
    match operations {
        Operations::All => vec![service("*")],
        Operations::ReadOnly => READ_OPERATIONS.iter().map(|name| service(name)).collect(),
        Operations::Named(names) => names.iter().map(|name| service(name)).collect(),
    }
}
