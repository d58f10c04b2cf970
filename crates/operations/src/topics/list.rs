//! Looking at topics.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::name::{DEVICE, TopicName, platform_topics, privilege_of, shown};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Which topic.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeTopicPolicy {
    product_id: String,
    topic_name: String,
}

/// One topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TopicPolicy {
    product_id: String,
    topic_name: String,
    /// What devices may do: 1 publish, 2 subscribe, 3 both.
    privilege: i64,
}

pub(crate) async fn describe(call: Call, request: DescribeTopicPolicy) -> Outcome<TopicPolicy> {
    let product = call.product(&request.product_id)?;
    let rights = match TopicName::read(&product.id, &request.topic_name)? {
        TopicName::Platform(rule) => Some(rule.rights),
        TopicName::Custom(suffix) => {
            let topics = product.topics();
            topics.custom.iter().find(|topic| topic.suffix == suffix).map(|topic| topic.rights)
        }
    };
    let rights = rights.ok_or(const { Failure::new(Code::TopicPolicyNotExist) })?;
    Ok(TopicPolicy {
        product_id: product.id.to_string(),
        topic_name: request.topic_name,
        privilege: privilege_of(rights),
    })
}

/// Which product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListTopicPolicy {
    product_id: String,
}

/// The topics of a product: its own, then the platform's.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TopicPolicies {
    topics: Vec<TopicItem>,
}

/// One topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TopicItem {
    topic_name: String,
    /// What devices may do: 1 publish, 2 subscribe, 3 both.
    privilege: i64,
}

pub(crate) async fn list(call: Call, request: ListTopicPolicy) -> Outcome<TopicPolicies> {
    let product = call.product(&request.product_id)?;
    let id = &product.id;
    let present = product.topics();
    let custom = present.custom.iter().map(|topic| TopicItem {
        topic_name: shown(id, &topic.suffix),
        privilege: privilege_of(topic.rights),
    });
    let platform = platform_topics().map(|rule| TopicItem {
        topic_name: format!("{}{id}/{DEVICE}{}", rule.prefix, rule.suffix),
        privilege: privilege_of(rule.rights),
    });
    Ok(TopicPolicies { topics: custom.chain(platform).collect() })
}

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeSubscribedTopicPolicy {
    product_id: String,
    device_name: String,
}

/// What a device subscribes to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SubscribedTopics {
    topics: Vec<SubscribedTopicItem>,
}

/// One subscription.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SubscribedTopicItem {
    /// The filter, wildcards included.
    topic_name: String,
}

pub(crate) async fn subscribed(
    call: Call,
    request: DescribeSubscribedTopicPolicy,
) -> Outcome<SubscribedTopics> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let filters = call.platform().devices.subscriptions(&device);
    let topics = filters.into_iter().map(|topic_name| SubscribedTopicItem { topic_name }).collect();
    Ok(SubscribedTopics { topics })
}
