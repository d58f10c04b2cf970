//! The kinds of things to look at: for each what is the matter, what comes of it and where it is put right, with
//! `{Parameters}` in braces.

use std::collections::HashMap;

use serde_json::Value;
use yizhan_vocabulary::causes::{ConnectRefusal, DropReason};

use super::Severity;
use crate::text::Text;

/// A kind.
#[derive(Debug)]
pub(super) struct Kind {
    pub name: &'static str,
    /// The console's page where it is put right.
    pub page: &'static str,
    pub cause: Text,
    pub effect: Text,
}

/// Puts the parameters into a text.
pub(super) fn filled(text: &str, parameters: &HashMap<&'static str, Value>) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else { break };
        filled.push_str(before);
        match parameters.get(name) {
            Some(Value::String(value)) => filled.push_str(value),
            Some(value) => filled.push_str(&value.to_string()),
            None => {}
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

macro_rules! kinds {
    ($($constant:ident = $name:literal, $page:literal,
        cause $en_cause:literal, $zh_cause:literal,
        effect $en_effect:literal, $zh_effect:literal;)+) => {
        $(pub(super) static $constant: Kind = Kind {
            name: $name,
            page: $page,
            cause: Text::new($en_cause, $zh_cause),
            effect: Text::new($en_effect, $zh_effect),
        };)+

        #[cfg(test)]
        const ALL: &[&Kind] = &[$(&$constant,)+];
    };
}

kinds! {
    SERVER_CERTIFICATE_ENDS = "server_certificate_ends", "/system/certificates",
        cause "The server's certificate ({Role}) ends in {Days} days and was not renewed.",
            "服务器证书（{Role}）将在 {Days} 天后到期，且未能自动续期。",
        effect "Devices and browsers that check it will refuse to connect.",
            "到期后，校验证书的设备和浏览器将无法连接。";
    SERVER_CERTIFICATE_ENDED = "server_certificate_ended", "/system/certificates",
        cause "The server's certificate ({Role}) has ended and was not renewed.",
            "服务器证书（{Role}）已到期，且未能自动续期。",
        effect "Devices and browsers that check it refuse to connect.",
            "校验证书的设备和浏览器无法连接。";
    AUTHORITY_ENDS = "authority_ends", "/system/certificates",
        cause "The authority that vouches for this server and for device certificates ends in {Days} days.",
            "为服务器及设备签发证书的根证书将在 {Days} 天后到期。",
        effect "From then on no device that checks certificates trusts this server, and certificates of devices count for nothing.",
            "到期后，校验证书的设备将不再信任本服务器，设备证书也全部失效。";
    AUTHORITY_ENDED = "authority_ended", "/system/certificates",
        cause "The authority that vouches for this server and for device certificates has ended.",
            "为服务器及设备签发证书的根证书已到期。",
        effect "No device that checks certificates trusts this server, and certificates of devices count for nothing.",
            "校验证书的设备不再信任本服务器，设备证书全部失效。";
    DISK_LOW = "disk_low", "/system/storage",
        cause "{Free} of the disk are free; below {Least}, new messages are refused.",
            "磁盘剩余空间 {Free}，低于 {Least} 时将拒绝新消息。",
        effect "Devices cannot report and commands cannot be stored once the disk is full.",
            "磁盘写满后，设备无法上报，下发的指令也无法保存。";
    WRITES_NOT_TAKEN = "writes_not_taken", "/system/storage",
        cause "The server does not store anything now: {Reason}.",
            "服务器当前无法写入数据：{Reason}。",
        effect "What devices report is refused, and they try again until it is taken.",
            "设备上报的数据会被拒绝，设备会不断重试，直到服务器恢复写入。";
    DISK_FORECAST = "disk_forecast", "/system/storage",
        cause "At the growth of the last days ({Growth} a day), the disk lasts {Days} more days.",
            "按最近几天的增长速度（每天 {Growth}），磁盘空间还能使用 {Days} 天。",
        effect "When it is full, new messages are refused.",
            "磁盘写满后，新消息将被拒绝。";
    SEALING_FAILS = "sealing_fails", "/system/storage",
        cause "Putting the log in order failed {Count} times since the server started; the last time: {Reason}",
            "服务器启动以来，整理日志失败 {Count} 次，最近一次的原因：{Reason}",
        effect "The log grows until it can be put in order again.",
            "恢复之前，日志占用的空间会持续增长。";
    WRITES_REFUSED = "writes_refused", "/system/counters",
        cause "{Count} times within the last hour the log took nothing more.",
            "最近一小时内，日志写入被拒绝 {Count} 次。",
        effect "What devices reported then was refused; they reported it again or it is lost.",
            "当时设备上报的数据被拒绝，设备若未重试，数据即丢失。";
    BACKUP_OLD = "backup_old", "/system/backups",
        cause "The newest backup is {Days} days old.",
            "最近一次备份是 {Days} 天前。",
        effect "If the disk fails, everything since then is lost.",
            "如果磁盘损坏，此后的数据将全部丢失。";
    MESSAGES_DROPPED = "messages_dropped", "/system/counters",
        cause "{Count} messages were dropped within the last hour ({Reason}).",
            "最近一小时内丢弃了 {Count} 条消息（{Reason}）。",
        effect "They did not reach whom they were for.",
            "这些消息没有送达接收方。";
    UNKNOWN_DEVICES = "unknown_devices", "/logs?tab=refused",
        cause "{Count} times within the last hour somebody tried to connect as a device that does not exist, last from {Address}.",
            "最近一小时内，有 {Count} 次以不存在的设备身份发起的连接，最近一次来自 {Address}。",
        effect "Either devices have wrong names or were deleted, or somebody tries names out.",
            "可能是设备信息配置错误、设备已被删除，也可能有人在尝试设备名称。";
    TOKEN_NEVER_USED = "token_never_used", "/access",
        cause "The administration token {Name} was made {Days} days ago and never used.",
            "管理令牌 {Name} 创建于 {Days} 天前，从未使用。",
        effect "Whoever finds it can do everything here. Delete it with: yizhan admin token delete {Name}",
            "任何拿到该令牌的人都拥有全部管理权限。删除命令：yizhan admin token delete {Name}";
    TOKEN_UNUSED = "token_unused", "/access",
        cause "The administration token {Name} has not been used for {Days} days.",
            "管理令牌 {Name} 已有 {Days} 天未使用。",
        effect "Whoever finds it can do everything here. Delete it with: yizhan admin token delete {Name}",
            "任何拿到该令牌的人都拥有全部管理权限。删除命令：yizhan admin token delete {Name}";
    NO_SECOND_FACTOR = "no_second_factor", "/account",
        cause "{Account} logs in with a password alone.",
            "账号 {Account} 仅使用密码登录，未启用两步验证。",
        effect "Whoever learns the password can do what the account may do.",
            "任何知道密码的人都可以使用该账号的权限。";
    KEY_NEVER_USED = "key_never_used", "/access",
        cause "The API key {SecretId} of {Account} was made {Days} days ago and never used.",
            "账号 {Account} 的 API 密钥 {SecretId} 创建于 {Days} 天前，从未使用。",
        effect "Whoever finds it can do what the account may do.",
            "任何拿到该密钥的人都拥有该账号的权限。";
    KEY_UNUSED = "key_unused", "/access",
        cause "The API key {SecretId} of {Account} has not been used for {Days} days.",
            "账号 {Account} 的 API 密钥 {SecretId} 已有 {Days} 天未使用。",
        effect "Whoever finds it can do what the account may do.",
            "任何拿到该密钥的人都拥有该账号的权限。";
    DEVICE_CERTIFICATES_END = "device_certificates_end", "/devices",
        cause "The certificates of {Count} devices of {Product} end; the first in {Days} days.",
            "产品 {Product} 有 {Count} 台设备的证书即将到期，最早一张在 {Days} 天后到期。",
        effect "The devices can no longer connect when their certificate has ended.",
            "证书到期后，设备将无法连接。";
    DEVICE_CERTIFICATES_ENDED = "device_certificates_ended", "/devices",
        cause "The certificates of {Count} devices of {Product} end; the first has ended.",
            "产品 {Product} 有 {Count} 台设备的证书即将到期，其中已有证书到期。",
        effect "Devices whose certificate has ended cannot connect.",
            "证书已到期的设备无法连接。";
    OWN_AUTHORITY_ENDS = "own_authority_ends", "/authorities",
        cause "The private authority {Name} ends in {Days} days.",
            "私有 CA 证书 {Name} 将在 {Days} 天后到期。",
        effect "Devices whose certificates it signed can no longer connect then.",
            "到期后，由其签发证书的设备将无法连接。";
    OWN_AUTHORITY_ENDED = "own_authority_ended", "/authorities",
        cause "The private authority {Name} has ended.",
            "私有 CA 证书 {Name} 已到期。",
        effect "Devices whose certificates it signed cannot connect.",
            "由其签发证书的设备无法连接。";
    REGISTRATION_OPEN = "registration_open", "/products",
        cause "Devices that nobody created may register themselves with {Product}; {Left} more will be taken.",
            "产品 {Product} 允许未预先创建的设备动态注册，剩余 {Left} 台。",
        effect "Whoever knows the product's secret can add devices.",
            "任何拿到产品密钥的人都可以注册新设备。";
    LOGIN_FAILS = "login_fails", "/devices",
        cause "{Device} of {Product} failed {Count} times within the last hour to log in, last because: {Reason}.",
            "产品 {Product} 的设备 {Device} 最近一小时内登录失败 {Count} 次，最近一次的原因：{Reason}。",
        effect "The device cannot come online.",
            "该设备无法上线。";
    BATCH_FAILED = "batch_failed", "/production",
        cause "The batch {Batch} of {Product} could not make {Refused} of its {Wanted} devices.",
            "产品 {Product} 的量产批次 {Batch} 计划 {Wanted} 台，其中 {Refused} 台未能创建。",
        effect "Devices with these names cannot connect.",
            "使用这些名称的设备无法连接。";
    LICENCES_LOW = "licences_low", "/activation",
        cause "{Used} of {Total} activation codes ({Type}) are used.",
            "{Type} 激活码共 {Total} 个，已使用 {Used} 个。",
        effect "When they are used up, no more devices can be created.",
            "激活码用完后，将无法创建新设备。";
    MORE = "more", "/",
        cause "There are {Count} more things of this kind ({Kind}).",
            "还有 {Count} 个同类事项（{Kind}）。",
        effect "They are listed when others of the kind are done with.",
            "处理完已列出的同类事项后，会显示其余的。";
}

/// A reason for which messages are dropped, in words, and how urgent it is; `None` for what is part of ordinary life.
pub(super) const fn dropped(reason: DropReason) -> Option<(Severity, Text)> {
    use Severity::{Critical, Notice, Warning};
    let (severity, en, zh) = match reason {
        DropReason::NoSubscriber
        | DropReason::ReceiverOffline
        | DropReason::MessageExpired
        | DropReason::SessionEnded => return None,
        DropReason::StorageUnavailable => (Critical, "the server could not store them", "服务器无法保存"),
        DropReason::QueueFull => (Warning, "the receiver's queue was full", "接收方的队列已满"),
        DropReason::RateExceeded => (Warning, "the sender was too fast", "发送频率超过限制"),
        DropReason::PayloadTooLarge => (Warning, "they were larger than allowed", "消息超过大小限制"),
        DropReason::NotAuthorized => {
            (Warning, "the sender may not use the topic", "发送方没有该 Topic 的权限")
        }
        DropReason::MalformedPayload => (Warning, "they were malformed", "消息格式错误"),
        DropReason::SlowReader => (Notice, "the receiver was too slow", "接收方处理过慢"),
        DropReason::LargerThanReceiver => {
            (Notice, "they were larger than the receiver takes", "消息超过接收方的大小限制")
        }
        DropReason::FeatureNotServed => {
            (Notice, "their topic belongs to a feature that is not served", "Topic 所属的功能暂不支持")
        }
        DropReason::NotRetained => (Notice, "there was no room to retain them", "没有空间保存保留消息"),
        DropReason::RefusedByReceiver => (Notice, "the receiver refused them", "接收方拒绝"),
    };
    Some((severity, Text::new(en, zh)))
}

/// A reason for which a connection is refused, in words.
pub(super) const fn refused(reason: ConnectRefusal) -> Text {
    let (en, zh) = match reason {
        ConnectRefusal::MalformedIdentity => {
            ("user name or client id are malformed", "用户名或 ClientID 格式错误")
        }
        ConnectRefusal::UnknownDevice => ("there is no such device", "设备不存在"),
        ConnectRefusal::BadSignature => ("the signature is wrong", "签名错误"),
        ConnectRefusal::UnknownMethod => ("the signature's method is unknown", "签名算法不支持"),
        ConnectRefusal::Expired => (
            "the signature is no longer valid, perhaps the device's clock is wrong",
            "签名已过期，设备时钟可能不准",
        ),
        ConnectRefusal::Disabled => ("the device or its product is disabled", "设备或产品已禁用"),
        ConnectRefusal::IdentityMismatch => {
            ("client id, user name and TLS identity differ", "ClientID、用户名与 TLS 身份不一致")
        }
        ConnectRefusal::CertificateRefused => {
            ("the certificate is unknown, withdrawn or has ended", "证书未登记、已吊销或已到期")
        }
        ConnectRefusal::WrongAuthMode => ("the product authenticates in another way", "产品的认证方式不同"),
        ConnectRefusal::MissingPassword => ("there is no password", "缺少密码"),
        ConnectRefusal::BadUser => ("the user or the password is wrong", "用户名或密码错误"),
        ConnectRefusal::Throttled => ("it failed too often before", "失败次数过多，暂时限制"),
        ConnectRefusal::TooManyConnections => ("there are too many connections", "连接数已达上限"),
        ConnectRefusal::StorageUnavailable => ("the server cannot store anything", "服务器无法写入数据"),
        ConnectRefusal::UnsupportedProtocol => {
            ("the version of the protocol is not served", "协议版本不支持")
        }
        ConnectRefusal::ClientIdRefused => ("the client id is not acceptable", "ClientID 不合法"),
        ConnectRefusal::UnsupportedAuthMethod => {
            ("the way of authentication is not served", "认证方式不支持")
        }
        ConnectRefusal::NotConnect => ("it did not begin with CONNECT", "首个报文不是 CONNECT"),
        ConnectRefusal::HandshakeTimeout => ("the handshake took too long", "握手超时"),
        ConnectRefusal::TlsFailed => ("TLS failed", "TLS 握手失败"),
        ConnectRefusal::TooManySessions => ("there are too many sessions", "会话数已达上限"),
        ConnectRefusal::WillNotAuthorized => {
            ("it may not use the topic of its will", "没有遗嘱 Topic 的权限")
        }
        ConnectRefusal::WillPayloadInvalid => ("its will is malformed", "遗嘱消息格式错误"),
    };
    Text::new(en, zh)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_both_languages_name_the_same_parameters() {
        let names: HashSet<_> = ALL.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), ALL.len());
        let parameters = |text: &str| {
            let mut found: Vec<_> =
                text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
            found.sort_unstable();
            found.join(" ")
        };
        for kind in ALL {
            for text in [kind.cause, kind.effect] {
                assert_eq!(parameters(text.en), parameters(text.zh), "{}", kind.name);
            }
        }
    }

    #[test]
    fn a_value_that_looks_like_a_parameter_stays_as_it_is() {
        let parameters = HashMap::from([("Name", Value::from("{Days}")), ("Days", Value::from(7))]);
        assert_eq!(filled("{Name}: {Days} {Gone}|{", &parameters), "{Days}: 7 |{");
    }
}
