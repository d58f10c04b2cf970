//! The service channel (facts §2.5, §2.9 to §2.11): binding, files, gateway scenes, music, speech. None of these
//! services exists here yet, and a device that asks for one must not wait in vain: each question that has a reply
//! is refused with it in the form its clients read. Answers of devices, and questions without a reply, are only
//! kept in the content log.

use yizhan_vocabulary::thing::{self, ServiceUplink};
use yizhan_vocabulary::topics::{Rights, TopicRule};
use yizhan_vocabulary::{ThingCode, ThingError};

use super::{Effects, FeatureDescriptor, Service, Situation, Uplink};

const DOWN: &str = "$thing/down/service/";

/// The feature.
pub(crate) const DESCRIPTOR: FeatureDescriptor = FeatureDescriptor {
    name: "service",
    topics: &[
        TopicRule { prefix: "$thing/up/service/", suffix: "", rights: Rights::Publish },
        TopicRule { prefix: DOWN, suffix: "", rights: Rights::Subscribe },
    ],
    service: Service::Served(handle),
};

/// How a refusal is written.
#[derive(Clone, Copy)]
enum Form {
    /// `method`, `clientToken`, `code`, `status`.
    Code,
    /// `method`, `result_code`, `result_msg`.
    Result,
}

/// The questions that have a reply: method, method of the reply, form.
const QUESTIONS: &[(&str, &str, Form)] = &[
    ("unbind_device_request", "unbind_device_reply", Form::Code),
    ("app_bind_token", "app_bind_token_reply", Form::Code),
    ("get_user_avatar", "get_user_avatar_reply", Form::Code),
    ("report_version", "report_version_rsp", Form::Result),
    ("request_url", "request_url_resp", Form::Result),
    ("get_automation_list", "get_automation_list_reply", Form::Code),
    ("gateway_reload_scene_handles", "gateway_reload_scene_handles_reply", Form::Code),
    ("reload_scene_handles", "reload_scene_handles_reply", Form::Code),
    ("gateway_report_inner_scene_list", "gateway_report_inner_scene_list_reply", Form::Code),
    ("gateway_reload_group_devices", "gateway_reload_group_devices_reply", Form::Code),
    ("kugou_query_song", "kugou_query_song_reply", Form::Code),
    ("kugou_query_pid", "kugou_query_pid_reply", Form::Code),
    ("kugou_user_command", "kugou_user_command_reply", Form::Code),
    ("qqmusic_query_song_list", "qqmusic_query_song_list_reply", Form::Code),
    ("qqmusic_query_song", "qqmusic_query_song_reply", Form::Code),
];

fn handle(_situation: &Situation<'_>, uplink: &Uplink<'_>, effects: &mut Effects) {
    let message = match ServiceUplink::parse(uplink.payload) {
        Ok(message) => message,
        Err(error) => {
            effects.refusal = Some(error);
            return;
        }
    };
    let Some(method) = message.method.as_deref() else { return };
    let Some((_, reply, form)) = QUESTIONS.iter().find(|(question, ..)| *question == method) else { return };
    let error = ThingError::new(ThingCode::UnknownIdentifier, format!("{method} is not served"));
    let code = error.code.number();
    let mut payload = Vec::with_capacity(128);
    match form {
        Form::Code => {
            let token = message.client_token.as_deref();
            thing::write_reply(&mut payload, reply, token, code, &error.detail);
        }
        Form::Result => {
            let text = &error.detail;
            let answer = format!(r#"{{"method":"{reply}","result_code":{code},"result_msg":"{text}"}}"#);
            payload.extend_from_slice(answer.as_bytes());
        }
    }
    effects.answer_literal(DOWN, payload);
    effects.refusal = Some(error);
}
