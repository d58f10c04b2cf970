//! The form of answers (cloud API facts §2.6). The content type is compared as a whole by a client: a charset behind it
//! hides the error from that client's users (facts §2.7).

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::json;
use yizhan_operations::Code;

/// An operation's answer, a JSON object as text, with the request's id put into it.
pub(super) fn success(answer: &str, request_id: &str) -> Response {
    let members = answer.strip_suffix('}').unwrap_or("{");
    let separator = if members.ends_with('{') { "" } else { "," };
    respond(format!("{{\"Response\":{members}{separator}\"RequestId\":\"{request_id}\"}}}}"))
}

/// A failure.
pub(super) fn failure(code: Code, message: &str, request_id: &str) -> Response {
    let error = json!({ "Code": code.as_str(), "Message": message });
    respond(json!({ "Response": { "Error": error, "RequestId": request_id } }).to_string())
}

fn respond(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_request_id_stands_beside_the_members_of_an_answer() {
        assert_eq!(text(success("{}", "r-1")).await, r#"{"Response":{"RequestId":"r-1"}}"#);
        assert_eq!(
            text(success(r#"{"Total":0}"#, "r-2")).await,
            r#"{"Response":{"Total":0,"RequestId":"r-2"}}"#
        );
        let failed = failure(Code::InvalidAction, "no \"such\"", "r-3");
        assert_eq!(failed.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(
            text(failed).await,
            r#"{"Response":{"Error":{"Code":"InvalidAction","Message":"no \"such\""},"RequestId":"r-3"}}"#
        );
    }
}
