//! People at the console, through the real server: the first password, sessions, what another site cannot do, what a
//! guesser cannot learn, roles.

use serde_json::{Value, json};
use yizhan_testkit::http::{Answer, Endpoint, request};
use yizhan_testkit::{ServerOptions, TestServer};

const PASSWORD: &str = "correct horse battery 9";
const OTHER: &str = "another horse battery 9";
const CONSOLE: (&str, &str) = ("X-Yizhan", "console");

/// A browser: it keeps the cookie that it is given.
struct Browser {
    endpoint: Endpoint,
    cookie: Option<String>,
}

impl Browser {
    fn at(server: &TestServer) -> Self {
        Self { endpoint: Endpoint::Tcp(server.http()), cookie: None }
    }

    /// Sends a request with these headers and the cookie; keeps the cookie that comes.
    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let cookie = self.cookie.clone().unwrap_or_default();
        let mut headers = [&[("Accept-Language", "en")], headers].concat();
        if self.cookie.is_some() {
            headers.push(("Cookie", &cookie));
        }
        let body = body.map(Value::to_string);
        let answer = request(&self.endpoint, method, path, &headers, body.as_deref().map(str::as_bytes))
            .expect("the server answers");
        if let Some(cookie) = answer.header("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        answer
    }

    fn enter(&mut self, name: &str, password: &str) -> Value {
        self.post("/api/session", &json!({"Name": name, "Password": password}))
    }

    fn post(&mut self, path: &str, body: &Value) -> Value {
        self.send("POST", path, &[CONSOLE], Some(body)).json()
    }

    fn operate(&mut self, operation: &str, body: Value) -> Value {
        self.post(&format!("/api/v1/{operation}"), &body)
    }

    fn session(&mut self) -> Value {
        self.send("GET", "/api/session", &[CONSOLE], None).json()
    }
}

fn code(answer: &Value) -> &str {
    answer["Error"]["Code"].as_str().unwrap_or_default()
}

/// A server whose first password is set.
fn furnished() -> TestServer {
    let server = TestServer::start();
    server.admin().post("/accounts/root/password", &json!({"password": PASSWORD}));
    server
}

/// A sub-account of the first root account with a preset policy.
fn employ(root: &mut Browser, name: &str, policy: &str) {
    let login = json!({"Name": name, "ConsoleLogin": 1, "Password": PASSWORD, "NeedResetPassword": 0});
    let uin = root.operate("AddUser", login)["Uin"].clone();
    let policies = root.operate("ListPolicies", json!({"Scope": "QCS"}));
    let listed = policies["List"].as_array().expect("there are preset policies");
    let preset = listed.iter().find(|one| one["PolicyName"] == policy).expect("the preset is listed");
    assert_eq!(preset["Type"], 2);
    let attach = json!({"PolicyId": preset["PolicyId"], "AttachUin": uin});
    let attached = root.operate("AttachUserPolicy", attach);
    assert_eq!(code(&attached), "", "{attached}");
}

#[test]
fn the_first_password_is_set_with_the_printed_link_and_only_once() {
    let server = TestServer::start();
    let link = server.admin().get("/setup")["link"].as_str().expect("there is no password yet").to_owned();
    // What is printed arrives a moment after the server listens.
    let printed = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        server.log_text().contains(&link)
    });
    assert!(printed, "{link} is not in:\n{}", server.log_text());
    let setup = link.split('#').nth(1).expect("the link ends with the code");
    let mut browser = Browser::at(&server);
    assert_eq!(browser.session()["State"], "setup");
    let with = |code: &str| json!({"SetupCode": code, "Password": PASSWORD});
    assert_eq!(
        code(&browser.post("/api/session/setup", &with("AAAAAAAAAAAAAAAAAAAA"))),
        "AuthFailure.WrongSetupCode"
    );
    let inside = browser.post("/api/session/setup", &with(setup));
    assert_eq!((&inside["State"], &inside["Operator"]), (&json!("in"), &json!(true)), "{inside}");
    assert_eq!(browser.session()["Account"]["Name"], "root");
    assert_eq!(code(&browser.post("/api/session/setup", &with(setup))), "FailedOperation.AlreadySetUp");
    assert_eq!(server.admin().get("/setup")["link"], Value::Null);
    assert_eq!(Browser::at(&server).session()["State"], "out");
}

#[test]
fn a_session_is_a_cookie_that_survives_a_restart_and_ends_with_the_logout() {
    let mut server = furnished();
    let mut browser = Browser::at(&server);
    let body = json!({"Name": "root", "Password": PASSWORD});
    let answer = browser.send("POST", "/api/session", &[CONSOLE], Some(&body));
    let cookie = answer.header("set-cookie").expect("a login gives a cookie").to_owned();
    for part in ["yizhan_session=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "without TLS it would not come back: {cookie}");
    assert!(browser.operate("GetProjectList", json!({})).get("Error").is_none());
    server.terminate();
    server.restart();
    browser.endpoint = Endpoint::Tcp(server.http());
    assert_eq!(browser.session()["State"], "in");
    let mut copy = Browser { endpoint: browser.endpoint.clone(), cookie: browser.cookie.clone() };
    browser.send("DELETE", "/api/session", &[CONSOLE], None);
    assert_eq!(code(&copy.operate("GetProjectList", json!({}))), "AuthFailure.SessionEnded");
    assert_eq!(copy.session()["State"], "out");
}

#[test]
fn a_request_that_another_site_could_make_is_refused_and_counted() {
    let server = furnished();
    let mut browser = Browser::at(&server);
    let body = json!({"Name": "root", "Password": PASSWORD});
    let foreign = browser.send("POST", "/api/session", &[], Some(&body));
    assert_eq!((foreign.status, code(&foreign.json())), (403, "UnauthorizedOperation.CrossSite"));
    assert_eq!(browser.enter("root", PASSWORD)["State"], "in");
    for headers in [&[][..], &[("Origin", "http://localhost")], &[("X-Yizhan", "other")]] {
        let answer = browser.send("POST", "/api/v1/GetProjectList", headers, Some(&json!({})));
        assert_eq!(code(&answer.json()), "UnauthorizedOperation.CrossSite", "{headers:?}");
    }
    let refusals = server.admin().get("/refusals").to_string();
    assert!(refusals.contains("cross_site"), "{refusals}");
}

#[test]
fn a_guesser_learns_nothing_about_accounts_and_has_to_wait() {
    let server = furnished();
    let mut root = Browser::at(&server);
    root.enter("root", PASSWORD);
    root.operate("AddUser", json!({"Name": "nologin"}));
    root.operate("AddUser", json!({"Name": "disabled", "ConsoleLogin": 1, "Password": PASSWORD}));
    root.operate("UpdateUser", json!({"Name": "disabled", "Enabled": false}));
    let mut guesser = Browser::at(&server);
    let mut answers = Vec::new();
    for (name, password) in [("root", OTHER), ("nobody", OTHER), ("nologin", OTHER), ("disabled", PASSWORD)] {
        let mut answer = guesser.enter(name, password);
        assert!(answer["RequestId"].is_string());
        answer["RequestId"] = Value::Null;
        answers.push(answer);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(code(&answers[0]), "AuthFailure.WrongPassword");
    let waits = (0..8).map(|_| guesser.enter("nobody", OTHER)).last().expect("there were some");
    assert_eq!(code(&waits), "RequestLimitExceeded.LockedOut");
    assert!(waits["Error"]["RetryAfterSeconds"].as_u64().is_some_and(|wait| wait > 0), "{waits}");
    let log = root.operate("DescribeAuditLog", json!({"Operation": "Login"}));
    let entries = log["Entries"].as_array().expect("logins are in the audit log");
    let noted = |name: &str, outcome: &str| {
        entries.iter().any(|entry| entry["Request"]["Name"] == name && entry["Outcome"] == outcome)
    };
    assert!(noted("root", "ok") && noted("root", "AuthFailure.WrongPassword"), "{log}");
    assert!(noted("nobody", "AuthFailure.WrongPassword") && !log.to_string().contains(OTHER), "{log}");
    let refusals = server.admin().get("/refusals").to_string();
    for reason in ["wrong_password", "unknown_account", "no_password", "account_disabled", "locked_out"] {
        assert!(refusals.contains(reason), "{reason}: {refusals}");
    }
}

#[test]
fn a_given_password_is_changed_first_and_a_disabled_account_is_out_at_once() {
    let server = furnished();
    let mut root = Browser::at(&server);
    root.enter("root", PASSWORD);
    let made = root.operate("AddUser", json!({"Name": "ann", "ConsoleLogin": 1}));
    let given = made["Password"].as_str().expect("a made password is shown").to_owned();
    let mut ann = Browser::at(&server);
    assert_eq!(ann.enter("ann", &given)["MustChangePassword"], true);
    assert_eq!(code(&ann.operate("ListSessions", json!({}))), "UnauthorizedOperation.PasswordChangeNeeded");
    let change = |old: &str, new: &str| json!({"OldPassword": old, "NewPassword": new});
    assert_eq!(code(&ann.operate("ChangePassword", change(OTHER, OTHER))), "FailedOperation.WrongPassword");
    assert_eq!(
        code(&ann.operate("ChangePassword", change(&given, "annannann"))),
        "InvalidParameter.PasswordViolatedRules"
    );
    assert_eq!(ann.operate("ChangePassword", change(&given, OTHER)), json!({}));
    let sessions = ann.operate("ListSessions", json!({}));
    assert_eq!(sessions["Sessions"][0]["Current"], true, "{sessions}");
    root.operate("UpdateUser", json!({"Name": "ann", "Enabled": false}));
    assert_eq!(code(&ann.operate("ListSessions", json!({}))), "AuthFailure.SessionEnded");
    root.operate("UpdateUser", json!({"Name": "ann", "Enabled": true}));
    assert_eq!(ann.enter("ann", OTHER)["State"], "in");
    root.operate("UpdateUser", json!({"Name": "ann", "ConsoleLogin": 0}));
    assert_eq!(ann.session()["State"], "out");
    assert_eq!(root.operate("GetUser", json!({"Name": "ann"}))["ConsoleLogin"], 0);
}

#[test]
fn a_second_factor_is_set_up_with_its_first_code_and_then_asked_for() {
    let server = furnished();
    let mut browser = Browser::at(&server);
    browser.enter("root", PASSWORD);
    let begun = browser.operate("BeginTotp", json!({"Password": PASSWORD}));
    assert!(begun["Uri"].as_str().is_some_and(|uri| uri.starts_with("otpauth://totp/Yizhan:root?")));
    assert_eq!(
        code(&browser.operate("ConfirmTotp", json!({"Code": "nonsense"}))),
        "FailedOperation.WrongCode"
    );
    assert_eq!(Browser::at(&server).enter("root", PASSWORD)["State"], "in", "an offer changes nothing");
    let secret = begun["Secret"].as_str().expect("the secret is shown once");
    let shown = yizhan_testkit::authenticator::code_now(secret);
    let confirmed = browser.operate("ConfirmTotp", json!({"Code": shown}));
    let recovery = confirmed["RecoveryCodes"][0].as_str().expect("recovery codes are shown").to_owned();
    let mut other = Browser::at(&server);
    assert_eq!(code(&other.enter("root", PASSWORD)), "AuthFailure.CodeNeeded");
    let mut with =
        |code: &str| other.post("/api/session", &json!({"Name": "root", "Password": PASSWORD, "Code": code}));
    assert_eq!(code(&with(&shown)), "AuthFailure.WrongCode", "it was used before");
    assert_eq!(with(&recovery)["RecoveryCodes"], 9);
    assert_eq!(code(&with(&recovery)), "AuthFailure.WrongCode");
    assert_eq!(browser.operate("RemoveTotp", json!({"Password": PASSWORD})), json!({}));
    assert_eq!(Browser::at(&server).enter("root", PASSWORD)["State"], "in");
}

#[test]
fn roles_open_what_they_say_and_the_installation_only_to_whom_policies_open_it() {
    let server = TestServer::with(ServerOptions::default().argument("--demo"));
    server.admin().post("/accounts/root/password", &json!({"password": PASSWORD}));
    let mut root = Browser::at(&server);
    root.enter("root", PASSWORD);
    for (name, policy) in [("dev", "DeveloperAccess"), ("ops", "OperatorAccess"), ("eyes", "ReadOnlyAccess")]
    {
        employ(&mut root, name, policy);
    }
    let enter = |name: &str| {
        let mut browser = Browser::at(&server);
        let session = browser.enter(name, PASSWORD);
        assert_eq!(session["State"], "in", "{session}");
        (browser, session)
    };
    let device = json!({"ProductId": "DEMOPROD01", "DeviceName": "lamp-1"});
    let pool = json!({"InstanceId": "iot-public01", "LicenseType": "video", "TotalNum": 5});
    for (name, may_see_keys, operator) in [("dev", true, false), ("ops", false, true), ("eyes", false, false)]
    {
        let (mut browser, session) = enter(name);
        assert_eq!(session["Operator"], operator, "{name}: {session}");
        let seen = browser.operate("DescribeDevice", device.clone());
        assert_eq!(seen["Device"]["DevicePsk"] != "", may_see_keys, "{name}: {seen}");
        let opened = session["Operations"].as_array().expect("operations are listed");
        assert!(opened.contains(&json!("DescribeDevice")) && opened.contains(&json!("ChangePassword")));
        assert_eq!(opened.contains(&json!("CreateDevice")), name == "dev", "{name}");
        assert_eq!(opened.contains(&json!("ControlDeviceData")), name != "eyes", "{name}");
        assert!(!opened.contains(&json!("AddUser")), "{name}");
        assert_eq!(opened.contains(&json!("AddLicensePool")), operator, "{name}");
        let refused = code(&browser.operate("AddLicensePool", pool.clone())).starts_with("Unauthorized");
        assert_eq!(refused, !operator, "{name}");
        assert_eq!(code(&browser.operate("ListUsers", json!({}))), "UnauthorizedOperation", "{name}");
    }
    let theirs = server.admin().post("/accounts", &json!({"name": "other"}));
    server.admin().post(&format!("/accounts/{}/password", theirs["uin"]), &json!({"password": PASSWORD}));
    let (mut other, session) = enter("other");
    assert_eq!((&session["Operator"], &session["Account"]["Root"]), (&json!(false), &json!(true)));
    assert!(code(&other.operate("AddLicensePool", pool)).starts_with("Unauthorized"));
    assert_eq!(code(&other.operate("DescribeDevice", device)), "ResourceNotFound.StudioProductNotExist");
}
