//! What went wrong, and what to do about it, in words for somebody who has a device on the table.

use yizhan_vocabulary::causes::ConnectRefusal;

use super::steps::Whose;
use crate::text::{Language, Text};

/// What went wrong and what to do.
pub(super) struct Words {
    what: Text,
    /// The words of the server or of the TLS library, behind what went wrong.
    detail: Option<String>,
    pub advice: Text,
}

impl Words {
    const fn new(what: Text, advice: Text) -> Self {
        Self { what, detail: None, advice }
    }

    /// What went wrong.
    pub fn what(&self, language: Language) -> String {
        let what = self.what.in_language(language);
        match &self.detail {
            None => what.to_owned(),
            Some(detail) => format!("{what} ({detail})"),
        }
    }
}

const fn text(en: &'static str, zh: &'static str) -> Text {
    Text::new(en, zh)
}

/// Why a connection was refused.
pub(super) fn of_refusal(reason: ConnectRefusal, detail: &str, whose: Whose) -> Words {
    match reason {
        ConnectRefusal::TlsFailed => of_tls(detail),
        ConnectRefusal::NotConnect => {
            let words = Words::new(
                text("What came first is not an MQTT CONNECT.", "收到的首个报文不是 MQTT CONNECT。"),
                text(
                    "Check that the port fits the transport: TLS must go to the TLS port, WebSocket to the HTTP port.",
                    "请检查端口与传输方式是否一致：TLS 连接使用 TLS 端口，WebSocket 使用 HTTP 端口。",
                ),
            );
            Words { detail: Some(detail.to_owned()), ..words }
        }
        ConnectRefusal::UnknownDevice if whose == Whose::Product => Words::new(
            text("The product has no device of that name.", "该产品下没有这个名称的设备。"),
            text(
                "Compare the device name in the firmware with this one; capitals count. The client id is the product id \
                 followed by the device name, without anything between.",
                "请核对固件中的设备名称（区分大小写）。Client ID 为产品 ID 与设备名称直接拼接，中间没有其他字符。",
            ),
        ),
        other => plain(other),
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each reason")]
fn plain(reason: ConnectRefusal) -> Words {
    let (what, advice) = match reason {
        ConnectRefusal::MalformedIdentity => (
            text(
                "The client id or the user name is not of the form that devices use.",
                "Client ID 或用户名的格式不正确。",
            ),
            text(
                "The client id is PRODUCTIDDEVICENAME; the user name is CLIENTID;APPID;CONNID;EXPIRY. The user name is \
                 needed with TLS-PSK and certificates as well.",
                "Client ID 为“产品ID设备名称”；用户名为“ClientID;AppID;ConnID;过期时间”。使用 PSK 或证书时也必须带用户名。",
            ),
        ),
        ConnectRefusal::UnknownDevice => (
            text("There is no such product or device.", "产品或设备不存在。"),
            text("Check product id and device name.", "请检查产品 ID 和设备名称。"),
        ),
        ConnectRefusal::BadSignature => (
            text("The password or key does not belong to the device.", "密码（签名）或密钥与设备不匹配。"),
            text(
                "Sign the whole user name with the base64-decoded device secret, and end the password in ;hmacsha256. If \
                 the secret was reset, give the device the new one.",
                "请用 Base64 解码后的设备密钥对完整用户名做 HMAC 签名，密码以 ;hmacsha256 结尾。如果重置过密钥，请写入新密钥。",
            ),
        ),
        ConnectRefusal::UnknownMethod => (
            text("The password names no method that is known.", "密码中的签名方法无法识别。"),
            text(
                "The password must end in ;hmacsha1 or ;hmacsha256.",
                "密码必须以 ;hmacsha1 或 ;hmacsha256 结尾。",
            ),
        ),
        ConnectRefusal::Expired => (
            text("The signature has expired.", "签名已过期。"),
            text(
                "Set the device's clock, or use a later expiry in the user name (seconds since 1970).",
                "请校准设备时钟，或在用户名中使用更晚的过期时间（1970 年以来的秒数）。",
            ),
        ),
        ConnectRefusal::Disabled => (
            text("The device or its product is disabled.", "设备或产品已被禁用。"),
            text("Enable it in its settings.", "请在设置中启用。"),
        ),
        ConnectRefusal::IdentityMismatch => (
            text(
                "Client id, user name and TLS identity name different devices.",
                "Client ID、用户名与 TLS 身份指向不同的设备。",
            ),
            text(
                "Use PRODUCTIDDEVICENAME as client id, at the start of the user name and as PSK identity.",
                "Client ID、用户名开头和 PSK identity 都应为“产品ID设备名称”。",
            ),
        ),
        ConnectRefusal::CertificateRefused => (
            text(
                "The client certificate is not the device's, or is not valid any more.",
                "客户端证书不属于该设备，或已失效。",
            ),
            text(
                "Install the certificate that was made for this device, or one that the product's authority has signed.",
                "请安装为该设备签发的证书，或由产品所绑定的私有 CA 签发的证书。",
            ),
        ),
        ConnectRefusal::WrongAuthMode => (
            text("The product's devices authenticate in another way.", "产品使用了另一种认证方式。"),
            text(
                "Use a key where the product uses keys, a certificate where it uses certificates.",
                "密钥认证的产品请使用密钥，证书认证的产品请使用证书。",
            ),
        ),
        ConnectRefusal::MissingPassword => (
            text("There is no password.", "没有密码。"),
            text(
                "Over TCP, TLS without a client certificate and WebSocket the password is the signature of the user name.",
                "通过 TCP、WebSocket 或不带客户端证书的 TLS 连接时，密码为用户名的签名。",
            ),
        ),
        ConnectRefusal::BadUser => (
            text(
                "It is not a device's user name, and there is no such MQTT user.",
                "不是设备的用户名，也没有这个 MQTT 用户。",
            ),
            text(
                "A device's user name is CLIENTID;APPID;CONNID;EXPIRY with the four parts separated by semicolons.",
                "设备的用户名为“ClientID;AppID;ConnID;过期时间”，四个部分以分号分隔。",
            ),
        ),
        ConnectRefusal::Throttled => (
            text(
                "Too many failed attempts; the server waits before it looks at another one.",
                "失败次数过多，服务器暂时不再受理。",
            ),
            text("Correct what failed before, then wait a minute.", "请先改正之前的错误，再等待一分钟。"),
        ),
        ConnectRefusal::TooManyConnections => (
            text("The server holds as many connections as it may.", "服务器的连接数已达上限。"),
            text(
                "Raise the limit in the configuration, or close connections.",
                "请在配置中提高上限，或关闭部分连接。",
            ),
        ),
        ConnectRefusal::StorageUnavailable => (
            text("The server cannot store anything now.", "服务器暂时无法存储数据。"),
            text("Look at the server's disk space.", "请检查服务器的磁盘空间。"),
        ),
        ConnectRefusal::UnsupportedProtocol => (
            text("The protocol or its version is not known.", "不支持的协议或版本。"),
            text("Use MQTT 3.1, 3.1.1 or 5.", "请使用 MQTT 3.1、3.1.1 或 5。"),
        ),
        ConnectRefusal::ClientIdRefused => (
            text("The client id is missing or too long.", "Client ID 缺失或过长。"),
            text("The client id is PRODUCTIDDEVICENAME.", "Client ID 应为“产品ID设备名称”。"),
        ),
        ConnectRefusal::UnsupportedAuthMethod => (
            text("Enhanced authentication is not offered.", "不支持 MQTT 5 增强认证。"),
            text("Connect with user name and password.", "请使用用户名和密码连接。"),
        ),
        ConnectRefusal::HandshakeTimeout => (
            text(
                "The client did not send a complete CONNECT in time.",
                "客户端未在规定时间内发送完整的 CONNECT。",
            ),
            text(
                "Check that the port fits the transport: a client that waits for TLS sends nothing on the plain port.",
                "请检查端口与传输方式是否一致，并确认设备会主动发送 CONNECT。",
            ),
        ),
        ConnectRefusal::TooManySessions => (
            text("Too many sessions are kept.", "保留的会话过多。"),
            text("Connect with a clean session.", "请使用 clean session 连接。"),
        ),
        ConnectRefusal::WillNotAuthorized | ConnectRefusal::WillPayloadInvalid => (
            text("The will is not acceptable.", "遗嘱消息不可接受。"),
            text("Connect without a will.", "请不要设置遗嘱消息。"),
        ),
        ConnectRefusal::TlsFailed | ConnectRefusal::NotConnect => (
            text("The handshake failed.", "握手失败。"),
            text("Check port and transport.", "请检查端口和传输方式。"),
        ),
    };
    Words::new(what, advice)
}

/// Why TLS failed, out of the words of the library.
fn of_tls(detail: &str) -> Words {
    let plain = detail.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| plain.contains(part));
    let (what, advice) = match () {
        () if has(&["unknown ca", "certificate unknown", "bad certificate", "certificate expired"]) => (
            text("The client does not trust the server's certificate.", "客户端不信任服务器证书。"),
            text(
                "Give the client the authority's certificate (CA) of this server, and let it connect to a name or address \
                 that stands in the server's certificate.",
                "请在客户端安装本服务器的 CA 证书，并使用服务器证书中包含的域名或地址连接。",
            ),
        ),
        () if has(&["psk identity not found", "unknown psk identity"]) => (
            text(
                "Nobody has a key of the PSK identity that the client named.",
                "客户端的 PSK identity 没有对应的设备密钥。",
            ),
            text(
                "The PSK identity is PRODUCTIDDEVICENAME. Devices of a product with certificates have no key.",
                "PSK identity 应为“产品ID设备名称”。证书认证的产品没有设备密钥。",
            ),
        ),
        () if has(&[
            "bad record mac",
            "decrypt error",
            "decryption failed",
            "digest check failed",
            "binder",
        ]) =>
        {
            (
                text("The pre-shared key is not the device's.", "预共享密钥与设备不匹配。"),
                text(
                    "The key is the base64-decoded device secret; tools that want it in hexadecimal get those bytes.",
                    "预共享密钥为 Base64 解码后的设备密钥；要求十六进制的工具请填写这些字节的十六进制。",
                ),
            )
        }
        () if has(&["no shared cipher", "no suitable"]) => (
            text(
                "Client and server have no cipher suite in common.",
                "客户端与服务器没有共同支持的加密套件。",
            ),
            text(
                "Allow ECDHE, AES or PSK-AES suites of TLS 1.2 or 1.3 in the client; a PSK client must know its identity \
                 and key.",
                "请在客户端启用 TLS 1.2/1.3 的 ECDHE、AES 或 PSK-AES 套件；PSK 客户端需要设置 identity 和密钥。",
            ),
        ),
        () if has(&["unsupported protocol", "version too low", "protocol version"]) => (
            text("The client's TLS is too old.", "客户端的 TLS 版本过低。"),
            text("Use TLS 1.2 or 1.3.", "请使用 TLS 1.2 或 1.3。"),
        ),
        () if has(&[
            "wrong version number",
            "http request",
            "packet length too long",
            "record layer failure",
        ]) =>
        {
            (
                text("What came on the TLS port is not TLS.", "TLS 端口上收到的不是 TLS 数据。"),
                text(
                    "Plain MQTT goes to the other port; or switch TLS on in the client.",
                    "不加密的 MQTT 请使用 TCP 端口，或在客户端启用 TLS。",
                ),
            )
        }
        () if has(&["eof", "reset", "broken pipe", "unexpected end"]) => (
            text("The client gave up during the TLS handshake.", "客户端在 TLS 握手过程中断开。"),
            text(
                "Most often it does not trust the server's certificate; its own log says why.",
                "常见原因是客户端不信任服务器证书，请查看客户端日志。",
            ),
        ),
        () => (
            text("The TLS handshake failed.", "TLS 握手失败。"),
            text("The client's own log says more.", "请查看客户端日志。"),
        ),
    };
    Words { what, detail: Some(detail.to_owned()), advice }
}

/// Why a message of the device was refused, out of the diagnostic log.
pub(super) fn of_report(code: &str, result: &str) -> Words {
    let (what, advice) = match code {
        "Dev_Pub_Unauthorized" => (
            text("The device may not publish to that topic.", "设备没有向该 Topic 发布的权限。"),
            text(
                "Properties go to $thing/up/property/PRODUCTID/DEVICENAME; other topics need a rule in the product's \
                 topics.",
                "属性上报到 $thing/up/property/产品ID/设备名称；其他 Topic 需要在产品的 Topic 列表中授权。",
            ),
        ),
        "Dev_Pub_Payload_TooLong" => (
            text("The message is too long.", "消息内容过长。"),
            text("Report less at once.", "请减少单次上报的内容。"),
        ),
        "Dev_Pub_Reach_Max_Limit" => (
            text("The device reports faster than it may.", "设备上报频率超过限制。"),
            text("Report less often.", "请降低上报频率。"),
        ),
        _ => (
            text("The message does not follow the thing model.", "消息不符合物模型。"),
            text(
                "Compare identifiers, types and ranges with the product's thing model.",
                "请对照产品的物模型检查标识符、数据类型和取值范围。",
            ),
        ),
    };
    Words { what, detail: Some(result.to_owned()), advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_tls_library_become_something_to_do() {
        let advice = |detail: &str| of_tls(detail).advice.en;
        assert!(
            advice("error:0A000418:SSL routines::tlsv1 alert unknown ca").contains("authority's certificate")
        );
        assert!(advice("error:0A0000DF:SSL routines::psk identity not found").contains("PSK identity"));
        assert!(advice("error:0A00010B:SSL routines::wrong version number").contains("other port"));
        assert!(of_tls("x").what(Language::English).ends_with("(x)"));
    }
}
