//! The language against the vendor's samples, and the matcher against a plain one.

use proptest::prelude::*;
use yizhan_vocabulary::{ProductId, ProjectId, Uin};

use super::pattern::matches;
use super::*;

const OWNER: Uin = Uin::FIRST;
const PROJECT: &str = "qcs::iotexplorer:gz:uin/100000000001:project/prj-1";
const PRODUCT: &str = "qcs::iotexplorer:gz:uin/100000000001:project/prj-1/product/LAMP000001";
const DEVICE: &str = "qcs::iotexplorer:gz:uin/100000000001:project/prj-1/product/LAMP000001/device/a:b";
const OTHER_PRODUCT: &str = "qcs::iotexplorer:gz:uin/100000000001:project/prj-1/product/FAN0000001";
const ACCOUNT: &str = "qcs::iotexplorer:gz:uin/100000000001:*";
const INSTANCE: &str = "qcs::iotexplorer:gz:uin/100000000001:instance/iot-public01";
const ACCESS: &str = "qcs::cam::uin/100000000001:*";

/// The four lines with which the vendor's guide grants a product, after the line for the basic service.
const GUIDE_RESOURCES: &str = r#"["qcs::iotcloud:gz:uin/100000000001:*",
    "qcs::iotexplorer:gz:uin/100000000001:project/prj-1", "qcs::iotexplorer:gz:uin/100000000001:project/prj-1/",
    "qcs::iotexplorer:gz:uin/100000000001:project/prj-1/product/LAMP000001",
    "qcs::iotexplorer:gz:uin/100000000001:project/prj-1/product/LAMP000001/*"]"#;

fn policy(statements: &str) -> Policy {
    Policy::parse(&format!(r#"{{"version":"2.0","statement":[{statements}]}}"#), OWNER).unwrap()
}

fn statement(effect: &str, action: &str, resource: &str) -> String {
    format!(r#"{{"effect":"{effect}","action":{action},"resource":{resource}}}"#)
}

fn allowed(policies: &[Policy], operation: &str, resource: &str) -> bool {
    decide(policies, operation, resource).allowed
}

#[test]
fn the_guides_sample_grants_one_product_with_its_devices_and_its_project_but_not_the_products_beside_it() {
    let granted = [policy(&statement("allow", r#"["*"]"#, GUIDE_RESOURCES))];
    for resource in [PROJECT, PRODUCT, DEVICE, ACCOUNT] {
        assert!(allowed(&granted, "ControlDeviceData", resource), "{resource}");
    }
    let elsewhere = "qcs::iotexplorer:gz:uin/100000000001:project/prj-11";
    for resource in [OTHER_PRODUCT, INSTANCE, elsewhere, ACCESS] {
        assert!(!allowed(&granted, "ControlDeviceData", resource), "{resource}");
    }
}

#[test]
fn the_guides_second_sample_takes_two_operations_away_again() {
    let denied = r#"["iotexplorer:DeleteStudioProduct","iotexplorer:DeleteDevice"]"#;
    let both =
        statement("allow", r#"["*"]"#, GUIDE_RESOURCES) + "," + &statement("deny", denied, GUIDE_RESOURCES);
    let policies = [policy(&both)];
    assert!(allowed(&policies, "CreateDevice", PRODUCT));
    assert!(!allowed(&policies, "DeleteStudioProduct", PRODUCT));
    assert!(!allowed(&policies, "DeleteDevice", DEVICE));
    let decision = decide(&policies, "DeleteDevice", DEVICE);
    assert_eq!(decision.decided_by, Some(StatementAt { policy: 0, statement: 1 }));
}

#[test]
fn deny_wins_whatever_the_order_and_what_nobody_allows_is_refused() {
    let allow = policy(&statement("allow", r#""*""#, r#""*""#));
    let deny = policy(&statement("deny", r#""iotexplorer:Delete*""#, r#""*""#));
    for policies in [[allow.clone(), deny.clone()], [deny.clone(), allow]] {
        assert!(!allowed(&policies, "DeleteDevice", DEVICE));
        assert!(allowed(&policies, "CreateDevice", PRODUCT));
    }
    assert_eq!(decide(&[deny], "CreateDevice", PRODUCT), Decision { allowed: false, decided_by: None });
    assert!(!decide::<Policy>(&[], "CreateDevice", PRODUCT).allowed);
}

#[test]
fn a_policy_says_nothing_about_another_root_accounts_objects() {
    let all = [policy(&statement("allow", r#""*""#, r#""*""#))];
    for foreign in
        ["qcs::iotexplorer:gz:uin/100000000002:project/prj-1", "qcs::iotexplorer:gz:uin/x:*", "*", ""]
    {
        assert!(!allowed(&all, "DescribeProject", foreign), "{foreign}");
    }
    let error = Policy::parse(
        r#"{"version":"2.0","statement":{"effect":"allow","action":"*","resource":"qcs::iotexplorer::uin/7:*"}}"#,
        OWNER,
    );
    assert!(matches!(error, Err(PolicyError::Resource(_, why)) if why.contains("uin/100000000001")));
}

#[test]
fn services_are_told_apart_where_that_matters() {
    let things = [policy(&statement("allow", r#""iotvideo:*""#, r#""*""#))];
    assert!(allowed(&things, "DescribeProduct", PRODUCT), "the three services of things are one");
    assert!(!allowed(&things, "AddUser", ACCESS), "accounts are administered only where cam is named");
    let access = [policy(&statement("allow", r#""cam:*""#, r#""qcs::cam::uin/100000000001:*""#))];
    assert!(allowed(&access, "AddUser", ACCESS));
    assert!(!allowed(&access, "DescribeProject", PROJECT));
    let whole = [policy(&statement("allow", r#""*""#, r#""qcs::iotexplorer::uin/100000000001:*""#))];
    assert!(allowed(&whole, "DescribeProject", PROJECT) && !allowed(&whole, "AddUser", ACCESS));
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    let text = |statement: &str| format!(r#"{{"version":"2.0","statement":[{statement}]}}"#);
    let resource = |text: &str| statement("deny", r#""*""#, &format!("{text:?}"));
    let action = |text: &str| statement("deny", &format!("{text:?}"), r#""*""#);
    let with = |member: &str| format!(r#"{{"effect":"allow","action":"*","resource":"*",{member}}}"#);
    let cases = [
        ("[]".to_owned(), "not an object"),
        (r#"{"version":"1.0","statement":[]}"#.to_owned(), "version"),
        (r#"{"version":"2.0","statement":[]}"#.to_owned(), "no statement"),
        (r#"{"version":"2.0","Statement":[]}"#.to_owned(), "Statement"),
        (text(&with(r#""condition":{"ip_equal":{"qcs:ip":"10.0.0.1"}}"#)), "conditions are not evaluated"),
        (text(&with(r#""principal":{"qcs":["*"]}"#)), "principal"),
        (text(&with(r#""notaction":"*""#)), "notaction"),
        (text(&statement("Allow", r#""*""#, r#""*""#)), "effect"),
        (text(&statement("allow", "[]", r#""*""#)), "action is a text"),
        (text(&statement("allow", r#""*""#, "[7]")), "resource is a text"),
        (text(&action("DeleteDevice")), "SERVICE:OPERATION"),
        (text(&action("cos:GetObject")), "iotexplorer, iotvideo"),
        (text(&action("iotexplorer:Delete Device")), "letters and digits"),
        (text(&resource("project/prj-1")), "qcs::iotexplorer::uin"),
        (text(&resource("qcs::iotexplorer:gz:uin/100000000001:product/LAMP000001")), "a path is"),
        (text(&resource("qcs::iotexplorer:gz:uin/100000000001:project")), "a path is"),
        (text(&resource("qcs::iotexplorer:gz:uin/your_uid:*")), "uin/100000000001"),
        (text(&resource("qcs::iotcloud:gz:uin/100000000001:productId/X")), "only the whole"),
        (text(&resource(&"x".repeat(600))), "too long"),
    ];
    for (document, expected) in cases {
        let error = Policy::parse(&document, OWNER).unwrap_err().to_string();
        assert!(error.contains(expected), "{document}: {error}");
    }
    let long = text(&statement("allow", r#""*""#, &format!("[{}\"*\"]", r#""*","#.repeat(2_000))));
    assert_eq!(Policy::parse(&long, OWNER), Err(PolicyError::TooLong));
}

#[test]
fn an_unreadable_policy_closes_everything() {
    let policies = [policy(&statement("allow", r#""*""#, r#""*""#)), Policy::closed(OWNER)];
    assert!(!allowed(&policies, "DescribeProject", PROJECT) && !allowed(&policies, "AddUser", ACCESS));
}

#[test]
fn an_explanation_names_the_statement_or_what_comes_nearest() {
    let reader = policy(&statement("allow", r#""iotexplorer:Describe*""#, &format!("{PRODUCT:?}")));
    let guard = policy(&statement("deny", r#""iotexplorer:DescribeModelDefinition""#, r#""*""#));
    let policies = [("reader", &reader), ("guard", &guard)];
    let texts = |operation: &str, resource: &str| {
        let explanation = explain(&policies, operation, resource);
        assert!(explanation.zh.ends_with('。'), "{}", explanation.zh);
        explanation.en
    };
    assert_eq!(
        texts("DescribeStudioProduct", PRODUCT),
        "Allowed by statement 1 of policy reader; no statement denies it."
    );
    assert_eq!(
        texts("DescribeModelDefinition", PRODUCT),
        "Denied by statement 1 of policy guard; deny wins over every allow."
    );
    assert!(
        texts("DescribeStudioProduct", OTHER_PRODUCT)
            .contains("reader names the operation, but not the resource")
    );
    assert!(
        texts("DeleteStudioProduct", PRODUCT).contains("reader names the resource, but not the operation")
    );
    let foreign = "qcs::iotexplorer::uin/5:project/x";
    assert!(texts("DescribeProject", foreign).contains("belongs to account 5"));
    let none: [(&str, &Policy); 0] = [];
    assert!(explain(&none, "DescribeProject", PROJECT).en.contains("no policy is attached"));
}

fn choice(effect: Effect, operations: Operations, scope: Scope) -> Choice {
    Choice { effect, operations, scope }
}

#[test]
fn a_generated_policy_says_what_was_chosen() {
    let project = ProjectId::parse("prj-1").unwrap();
    let product = ProductId::parse("LAMP000001").unwrap();
    let made = |choices: &[Choice]| {
        let document = generate(OWNER, choices).unwrap();
        [Policy::parse(&document, OWNER).unwrap()]
    };
    let everything = made(&[choice(Effect::Allow, Operations::All, Scope::Everything)]);
    assert!([ACCOUNT, INSTANCE, PROJECT, DEVICE].iter().all(|on| allowed(&everything, "CreateProject", on)));
    assert!(!allowed(&everything, "AddUser", ACCESS));

    let looking = made(&[choice(Effect::Allow, Operations::ReadOnly, Scope::Project(project.clone()))]);
    assert!([PROJECT, PRODUCT, DEVICE].iter().all(|on| allowed(&looking, "DescribeDevice", on)));
    assert!(!allowed(&looking, "DeleteDevice", DEVICE) && !allowed(&looking, "GetInstanceList", ACCOUNT));

    let product = Scope::Product(project, product);
    let deletes = Operations::Named(vec!["Delete*".to_owned()]);
    let partner = made(&[
        choice(Effect::Allow, Operations::All, product.clone()),
        choice(Effect::Deny, deletes, product),
    ]);
    assert!(allowed(&partner, "ControlDeviceData", DEVICE) && allowed(&partner, "DescribeProject", PROJECT));
    assert!(!allowed(&partner, "DeleteDevice", DEVICE) && !allowed(&partner, "ModifyProject", PROJECT));
    assert!(!allowed(&partner, "ControlDeviceData", OTHER_PRODUCT));

    let bad = choice(Effect::Allow, Operations::Named(vec!["a b".to_owned()]), Scope::Everything);
    assert!(matches!(generate(OWNER, &[bad]), Err(PolicyError::Action(..))));
    assert!(generate(OWNER, &[]).is_err());
}

/// What `*` means, said in the plainest way.
fn plainly_matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|taken| plainly_matches(rest, &text[taken..])),
        Some((letter, rest)) => text.first() == Some(letter) && plainly_matches(rest, &text[1..]),
    }
}

proptest! {
    #[test]
    fn the_matcher_agrees_with_the_plain_one(pattern in "[ab/*]{0,9}", text in "[ab/]{0,12}") {
        prop_assert_eq!(matches(&pattern, &text), plainly_matches(pattern.as_bytes(), text.as_bytes()));
    }

    #[test]
    fn adding_a_statement_that_denies_never_opens_anything(
        actions in proptest::collection::vec("(Describe|Delete|Get)[*A-C]{0,2}", 1..4),
        order in any::<bool>(),
        operation in "(Describe|Delete|Get)[A-C]{0,2}",
    ) {
        let texts: Vec<String> = actions.iter().map(|name| format!("\"iotexplorer:{name}\"")).collect();
        let allow = policy(&statement("allow", &format!("[{}]", texts.join(",")), r#""*""#));
        let deny = policy(&statement("deny", &texts[0], r#""*""#));
        let alone = allowed(std::slice::from_ref(&allow), &operation, PRODUCT);
        let matched = |name: &str| plainly_matches(name.as_bytes(), operation.as_bytes());
        prop_assert_eq!(alone, actions.iter().any(|name| matched(name)));
        let both = if order { [allow, deny] } else { [deny, allow] };
        prop_assert_eq!(allowed(&both, &operation, PRODUCT), alone && !matched(&actions[0]));
    }
}
