//! Adding, changing and deleting custom topics.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use yizhan_devices::CustomTopic;

use super::name::{TopicName, privilege_of, rights_of, shown};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// Topics that a product may have (the limit of the permission check, which compares each message with all of them).
const MAX_TOPICS: usize = yizhan_identity::topic_permission::MAX_CUSTOM_TOPICS;

/// A topic that is to be added.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateTopicPolicy {
    product_id: String,
    /// `PRODUCTID/${deviceName}/SUFFIX`; levels of the suffix may be `+`, the last one `#`.
    topic_name: String,
    /// What devices may do: 1 publish, 2 subscribe, 3 both.
    privilege: i64,
}

pub(crate) async fn create(call: Call, request: CreateTopicPolicy) -> Outcome<Nothing> {
    let rights = rights_of(request.privilege)?;
    changed(&call, &request.product_id, request.topic_name, move |topics, suffix| {
        if topics.iter().any(|topic| topic.suffix == suffix) {
            return Err(Failure::new(Code::TopicPolicyAlreadyExist));
        }
        if topics.len() >= MAX_TOPICS {
            return Err(Failure::new(Code::TopicPolicyExceedLimit));
        }
        topics.push(CustomTopic { suffix, rights });
        Ok(())
    })
    .await
}

/// A topic that is to be changed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyTopicPolicy {
    product_id: String,
    topic_name: String,
    /// Its new name; the old one may be given again.
    new_topic_name: String,
    /// What devices may do: 1 publish, 2 subscribe, 3 both.
    privilege: i64,
}

pub(crate) async fn modify(call: Call, request: ModifyTopicPolicy) -> Outcome<Nothing> {
    let rights = rights_of(request.privilege)?;
    let product = call.product(&request.product_id)?;
    let renamed = TopicName::read(&product.id, &request.new_topic_name)?.changeable()?;
    changed(&call, &request.product_id, request.topic_name, move |topics, suffix| {
        let position = position(topics, &suffix)?;
        if renamed != suffix && topics.iter().any(|topic| topic.suffix == renamed) {
            return Err(Failure::new(Code::TopicPolicyAlreadyExist));
        }
        topics[position] = CustomTopic { suffix: renamed, rights };
        Ok(())
    })
    .await
}

/// A topic that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteTopicPolicy {
    product_id: String,
    topic_name: String,
}

pub(crate) async fn delete(call: Call, request: DeleteTopicPolicy) -> Outcome<Nothing> {
    changed(&call, &request.product_id, request.topic_name, |topics, suffix| {
        let position = position(topics, &suffix)?;
        topics.remove(position);
        Ok(())
    })
    .await
}

/// Changes a product's custom topics, with what they were and are for the audit log.
async fn changed(
    call: &Call,
    product: &str,
    topic: String,
    change: impl FnOnce(&mut Vec<CustomTopic>, String) -> Outcome<()> + Send + 'static,
) -> Outcome<Nothing> {
    let product = call.product(product)?;
    let suffix = TopicName::read(&product.id, &topic)?.changeable()?;
    let id = product.id;
    let seen = call
        .blocking(move |platform| {
            let mut seen = (Value::Null, Value::Null);
            platform.devices.change_custom_topics(&id, |topics| {
                seen.0 = list(topics, &id);
                change(topics, suffix)?;
                seen.1 = list(topics, &id);
                Ok::<(), Failure>(())
            })?;
            Ok::<_, Failure>(seen)
        })
        .await?;
    call.changed(Some(seen.0), Some(seen.1));
    Ok(Nothing {})
}

fn position(topics: &[CustomTopic], suffix: &str) -> Outcome<usize> {
    let found = topics.iter().position(|topic| topic.suffix == suffix);
    found.ok_or(const { Failure::new(Code::TopicPolicyNotExist) })
}

fn list(topics: &[CustomTopic], product: &yizhan_vocabulary::ProductId) -> Value {
    let one = |topic: &CustomTopic| json!({ "TopicName": shown(product, &topic.suffix), "Privilege": privilege_of(topic.rights) });
    topics.iter().map(one).collect()
}
