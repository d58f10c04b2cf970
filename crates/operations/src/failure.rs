//! Why an operation was not carried out: the vendor's codes (management API facts §2.6, §7), each with its class and its
//! text in both languages. Surfaces show the code and the text; a detail says what exactly is wrong.

use std::borrow::Cow;

use yizhan_devices::DevicesError;
use yizhan_store::StoreError;

use crate::text::{Language, Text};
use crate::thing_model::model_refused;

/// What kind of failure a code is; surfaces with status codes use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The request is not acceptable.
    Invalid,
    /// The caller did not prove who it is.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such object, or none that the caller may know of.
    NotFound,
    /// The state of things forbids it.
    Conflict,
    /// A limit is reached.
    Limit,
    /// The caller asks more often than it may.
    TooMany,
    /// It cannot be done now; later may help.
    Unavailable,
    /// This server does not do it.
    Unsupported,
    /// A defect on our side.
    Internal,
}

macro_rules! codes {
    ($($name:ident = $text:literal, $class:ident, $en:literal, $zh:literal;)+) => {
        /// A code of the compatible API. The variants are named after the codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each variant has its text in the table")]
        pub enum Code { $($name,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The code with this text.
            pub fn of_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }

            /// Its class.
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)+ }
            }

            /// Its text.
            pub const fn text(self) -> Text {
                match self { $(Self::$name => Text::new($en, $zh),)+ }
            }
        }
    };
}

codes! {
    InternalError = "InternalError", Internal, "Something failed inside the platform.", "平台内部错误。";
    ServiceUnavailable = "ServiceUnavailable", Unavailable, "This cannot be stored or done right now; try again later.", "服务暂时不可用,请稍后重试。";
    InvalidAction = "InvalidAction", NotFound, "There is no such action.", "接口不存在。";
    NoSuchVersion = "NoSuchVersion", NotFound, "There is no such API version.", "接口版本不存在。";
    UnsupportedOperation = "UnsupportedOperation", Unsupported, "This platform does not support the operation.", "本平台不支持该操作。";
    InvalidParameter = "InvalidParameter", Invalid, "A parameter is malformed.", "参数错误。";
    InvalidParameterValue = "InvalidParameterValue", Invalid, "A parameter's value is not acceptable.", "参数取值错误。";
    MissingParameter = "MissingParameter", Invalid, "A parameter is missing.", "缺少参数。";
    InvalidRequest = "InvalidRequest", Invalid, "The request cannot be read.", "请求无法解析。";
    RequestSizeLimitExceeded = "RequestSizeLimitExceeded", Invalid, "The request is too large.", "请求包超过限制大小。";
    ResponseSizeLimitExceeded = "ResponseSizeLimitExceeded", Limit, "The answer would be too large; ask for less.", "返回包超过限制大小,请缩小查询范围。";
    UnsupportedProtocol = "UnsupportedProtocol", Invalid, "The request's method or content type is not supported.", "请求方法或内容类型不支持。";
    RequestLimitExceeded = "RequestLimitExceeded", TooMany, "The key is used more often than it may be.", "请求频率超过限制。";
    LimitExceeded = "LimitExceeded", Limit, "A limit of this installation is reached.", "超过配额限制。";
    FailedOperation = "FailedOperation", Conflict, "The operation failed.", "操作失败。";
    UnauthorizedOperation = "UnauthorizedOperation", Forbidden, "The account may not do this.", "未授权操作。";
    ResourceNotFound = "ResourceNotFound", NotFound, "There is no such object.", "资源不存在。";
    ResourceInUse = "ResourceInUse", Conflict, "The object is in use.", "资源被占用。";

    AuthInvalidAuthorization = "AuthFailure.InvalidAuthorization", Unauthenticated, "The Authorization header is malformed.", "请求头部的 Authorization 不符合标准。";
    AuthInvalidSecretId = "AuthFailure.InvalidSecretId", Unauthenticated, "The SecretId is not one of an API key.", "密钥非法。";
    AuthSecretIdNotFound = "AuthFailure.SecretIdNotFound", Unauthenticated, "There is no such SecretId, or it is disabled.", "密钥不存在或已被禁用。";
    AuthSignatureExpire = "AuthFailure.SignatureExpire", Unauthenticated, "The signature is not valid any more: its time is too far from the server's, or it was used before.", "签名已失效,请检查本地时间;同一签名不可重复使用。";
    AuthSignatureFailure = "AuthFailure.SignatureFailure", Unauthenticated, "The signature does not match.", "签名错误。";
    AuthTokenFailure = "AuthFailure.TokenFailure", Unauthenticated, "Session tokens are not used here.", "Token 错误。";
    AuthUnauthorizedOperation = "AuthFailure.UnauthorizedOperation", Forbidden, "The account may not do this.", "请求未授权。";

    LoginWrongPassword = "AuthFailure.WrongPassword", Unauthenticated, "The name or the password is wrong.", "账号或密码错误。";
    LoginCodeNeeded = "AuthFailure.CodeNeeded", Unauthenticated, "The login needs a code of the second factor.", "需要输入动态验证码。";
    LoginWrongCode = "AuthFailure.WrongCode", Unauthenticated, "The code is wrong, or it was used before.", "动态验证码错误或已使用。";
    LoginWrongSetupCode = "AuthFailure.WrongSetupCode", Unauthenticated, "The setup code is wrong; the server prints it when it starts.", "初始化码错误,请查看服务启动时的输出。";
    LoginLockedOut = "RequestLimitExceeded.LockedOut", TooMany, "There were too many failed logins; wait before the next one.", "登录失败次数过多,请稍后再试。";
    SessionEnded = "AuthFailure.SessionEnded", Unauthenticated, "Nobody is logged in, or the session is over.", "未登录或登录已失效。";
    CrossSite = "UnauthorizedOperation.CrossSite", Forbidden, "The request does not come from the console.", "请求不是由控制台发出。";
    PasswordChangeNeeded = "UnauthorizedOperation.PasswordChangeNeeded", Forbidden, "The password must be changed first.", "请先修改密码。";
    PersonNeeded = "UnauthorizedOperation.PersonNeeded", Forbidden, "Only a person who is logged in to the console may do this.", "仅登录控制台的用户可以执行该操作。";
    AlreadySetUp = "FailedOperation.AlreadySetUp", Conflict, "The first password was set already.", "初始密码已设置。";
    OwnPasswordWrong = "FailedOperation.WrongPassword", Conflict, "The present password is wrong.", "当前密码错误。";
    OwnCodeWrong = "FailedOperation.WrongCode", Conflict, "The code is wrong.", "动态验证码错误。";
    PasswordViolatedRules = "InvalidParameter.PasswordViolatedRules", Invalid, "The password is not acceptable.", "密码不符合要求。";

    InstanceNotExist = "ResourceNotFound.InstanceNotExist", NotFound, "There is no such instance.", "实例不存在。";
    NoPermissionToInstance = "UnauthorizedOperation.NoPermissionToInstance", Forbidden, "The account may not do this with the instance.", "没有该实例的操作权限。";
    ProjectNotExist = "ResourceNotFound.ProjectNotExist", NotFound, "There is no such project.", "项目不存在。";
    NoPermissionToProject = "UnauthorizedOperation.NoPermissionToProject", Forbidden, "The account may not do this with the project.", "没有该项目的操作权限。";
    ProjectParmsError = "InvalidParameterValue.ProjectParmsError", Invalid, "A parameter of the project is not acceptable.", "项目参数错误。";
    ProjectDupKeyExist = "UnsupportedOperation.ProjectDupKeyExist", Conflict, "A project of this name exists already.", "项目名称重复。";
    ProjectExceedLimit = "LimitExceeded.ProjectExceedLimit", Limit, "There are as many projects as there may be.", "项目数量超过限制。";
    ProductExistUnderProject = "UnsupportedOperation.ProductExistUnderProject", Conflict, "The project still has products.", "项目下存在产品。";

    StudioProductNotExist = "ResourceNotFound.StudioProductNotExist", NotFound, "There is no such product.", "产品不存在。";
    ProductNotExist = "ResourceNotFound.ProductNotExist", NotFound, "There is no such product.", "产品不存在。";
    NoPermissionToStudioProduct = "UnauthorizedOperation.NoPermissionToStudioProduct", Forbidden, "The account may not do this with the product.", "没有该产品的操作权限。";
    ProductParmsError = "InvalidParameterValue.ProductParmsError", Invalid, "A parameter of the product is not acceptable.", "产品参数错误。";
    ProductAlreadyExist = "InvalidParameterValue.ProductAlreadyExist", Conflict, "A product of this name exists already in the project.", "产品名称已存在。";
    ProductDupKeyExist = "UnsupportedOperation.ProductDupKeyExist", Conflict, "A product of this name exists already.", "产品名称重复。";
    StudioProductExceedLimit = "LimitExceeded.StudioProductExceedLimit", Limit, "There are as many products as there may be.", "产品数量超过限制。";
    DevicesExistUnderProduct = "UnsupportedOperation.DevicesExistUnderProduct", Conflict, "The product still has devices.", "产品下存在设备。";
    NoPermissionToReleasedProduct = "UnsupportedOperation.NoPermissionToReleasedProduct", Conflict, "The product is released; withdraw it first.", "产品已发布,不支持该操作。";

    DeviceLicenseLimitExceeded = "LimitExceeded.DeviceLicenseLimitExceeded", Limit, "The instance's activation codes are used up.", "设备激活码数量不足。";

    CaCertInvalid = "InvalidParameterValue.CACertInvalid", Invalid, "This is not the certificate of an authority that can be used.", "CA 证书无效。";
    CaCertNotMatch = "InvalidParameterValue.CACertNotMatch", Invalid, "The verification certificate does not belong to the CA certificate and this account.", "验证证书与 CA 证书或账号不匹配。";
    CaCertLimit = "LimitExceeded.CACertLimit", Limit, "The account has as many authorities as it may.", "CA 证书数量超过限制。";
    CaCertNameRepeat = "LimitExceeded.CACertNameRepeat", Conflict, "An authority of this name exists already.", "CA 证书名称重复。";
    CaRepeat = "LimitExceeded.CARepeat", Conflict, "This CA certificate exists already.", "CA 证书重复。";
    CaAlreadyBindProduct = "LimitExceeded.CAAlreadyBindProduct", Conflict, "The authority is still used by products.", "CA 证书已绑定产品。";
    CaCertNotSupport = "LimitExceeded.CACertNotSupport", Conflict, "The product does not use certificates.", "产品不支持 CA 证书。";
    CaCertNotExist = "ResourceNotFound.CACertNotExist", NotFound, "There is no such authority.", "CA 证书不存在。";

    ProductNotReleased = "FailedOperation.ProductNotReleased", Conflict, "The product is not released.", "产品未发布。";
    BatchProductionNotExist = "ResourceNotFound.BatchProductionNotExist", NotFound, "There is no such batch.", "量产批次不存在。";
    BatchProductionIsRunning = "ResourceInsufficient.BatchProductionIsRunning", Conflict, "A batch of the product is still running.", "产品有量产任务正在进行。";
    BatchProductionExceedLimit = "LimitExceeded.BatchProductionExceedLimit", Limit, "The batch has more devices than one may have.", "量产数量超过限制。";
    BatchProductionNull = "LimitExceeded.BatchProductionNull", Invalid, "The batch has no devices.", "量产数量为空。";
    CannotGetFromUrl = "ResourceNotFound.CannotGetFromUrl", NotFound, "The uploaded file cannot be read.", "无法从上传地址获取文件。";

    DeviceNotExist = "ResourceNotFound.DeviceNotExist", NotFound, "There is no such device.", "设备不存在。";
    DeviceNameInvalid = "InvalidParameterValue.DeviceNameInvalid", Invalid, "The device's name is not acceptable.", "设备名称不合法。";
    DeviceAlreadyExist = "InvalidParameterValue.DeviceAlreadyExist", Conflict, "A device of this name exists already.", "设备名称已存在。";
    DeviceExceedLimit = "LimitExceeded.DeviceExceedLimit", Limit, "There are as many devices as there may be.", "设备数量超过限制。";
    ProductNotSupportPsk = "UnauthorizedOperation.ProductNotSupportPSK", Conflict, "The product's devices have no key.", "产品不支持密钥认证。";
    DeviceAlreadyDisabled = "FailedOperation.DeviceAlreadyDisabled", Conflict, "The device or its product is disabled.", "设备已被禁用。";

    ModelDefineNil = "InvalidParameterValue.ModelDefineNil", Invalid, "There is no thing model, or it is empty; define one first.", "物模型不存在或为空,请先定义物模型。";
    ActionNilOrNotExist = "InvalidParameterValue.ActionNilOrNotExist", Invalid, "The thing model has no such action.", "物模型中不存在该行为。";
    ActionInputParamsInvalid = "InvalidParameter.ActionInputParamsInvalid", Invalid, "The inputs are not those of the action.", "行为输入参数不合法。";
    ActionUnreachable = "FailedOperation.ActionUnreachable", Conflict, "The device cannot be reached.", "动作消息不可达。";
    ActionTimeout = "FailedOperation.Timeout", Conflict, "The device did not answer in time.", "调用超时。";
    ResourceInsufficient = "ResourceInsufficient", Limit, "Too much waits for the device already; try again later.", "资源不足,请稍后重试。";
    DeviceNoSubscription = "FailedOperation.DeviceNoSubscription", Conflict, "The device does not subscribe to the topic.", "设备没有订阅该 Topic。";
    DeviceOffline = "FailedOperation.DeviceOffline", Conflict, "The device is offline.", "设备不在线。";
    DeviceIsConnected = "FailedOperation.DeviceIsConnected", Conflict, "The real device is connected.", "真实设备已连接。";
    VirtualDeviceNotExist = "ResourceNotFound.VirtualDeviceNotExist", NotFound, "The device was never started as a virtual device.", "该设备没有作为虚拟设备启动过。";
    VirtualDeviceNotRunning = "FailedOperation.VirtualDeviceNotRunning", Conflict, "The virtual device does not run.", "虚拟设备没有运行。";
    VirtualDeviceExceedLimit = "LimitExceeded.VirtualDeviceExceedLimit", Limit, "As many virtual devices run as may.", "虚拟设备数量超过限制。";
    MessageSaved = "LimitExceeded.MessageSaved", Limit, "As many messages are kept for the device as may be.", "设备离线消息存储数量超过限制。";
    PayloadOverLimit = "InvalidParameterValue.PayloadOverLimit", Invalid, "The payload is too large.", "消息内容超过长度限制。";
    RrpcTimeout = "FailedOperation.RRPCTimeout", Conflict, "The device did not answer in time.", "RRPC 调用超时。";
    TopicMismatch = "InvalidParameterValue.TopicMismatch", Invalid, "ReplyTopic needs a Topic.", "Topic 与 ReplyTopic 不匹配。";
    BroadcastTaskIsRunning = "FailedOperation.BroadcastTaskIsRunning", Conflict, "The product's last broadcast is still under way.", "广播任务正在执行中。";
    TopicPolicyAlreadyExist = "InvalidParameterValue.TopicPolicyAlreadyExist", Conflict, "The product has this topic already.", "Topic 已存在。";
    TopicPolicyNotExist = "ResourceNotFound.TopicPolicyNotExist", NotFound, "The product has no such topic.", "Topic 不存在。";
    TopicPolicyExceedLimit = "LimitExceeded.TopicPolicyExceedLimit", Limit, "The product has as many topics as it may.", "Topic 数量超过限制。";
    ModelDefineInvalid = "InvalidParameterValue.ModelDefineInvalid", Invalid, "The thing model is not acceptable, or there is none.", "物模型无效或不存在。";
    ModelDefineDupId = "InvalidParameterValue.ModelDefineDupID", Invalid, "An identifier of the thing model is used twice.", "物模型标识符重复。";
    ModelDefineErrorModel = "InvalidParameterValue.ModelDefineErrorModel", Invalid, "An access mode of the thing model is not acceptable.", "物模型读写类型错误。";
    ModelDefineErrorType = "InvalidParameterValue.ModelDefineErrorType", Invalid, "A data type of the thing model is not acceptable.", "物模型数据类型错误。";
    ModelDefineEventParamsDupId = "InvalidParameterValue.ModelDefineEventParamsDupID", Invalid, "A parameter of an event is defined twice.", "事件参数标识符重复。";
    ModelDefineEventParamsExceedLimit = "InvalidParameterValue.ModelDefineEventParamsExceedLimit", Invalid, "An event has too many parameters.", "事件参数数量超过限制。";
    ModelDefineEventPropError = "InvalidParameterValue.ModelDefineEventPropError", Invalid, "A parameter of an event is not acceptable.", "事件参数错误。";
    ModelDefineEventPropNameError = "InvalidParameterValue.ModelDefineEventPropNameError", Invalid, "An identifier of the thing model is not acceptable.", "物模型标识符不合法。";
    ModelDefineEventTypeError = "InvalidParameterValue.ModelDefineEventTypeError", Invalid, "The type of an event is not acceptable.", "事件类型错误。";
    ModelDefineEventTypeMissing = "MissingParameter.ModelDefineEventTypeError", Invalid, "The type of an event is missing.", "缺少事件类型。";
    ModelDefinePropRangeError = "InvalidParameterValue.ModelDefinePropRangeError", Invalid, "A range of the thing model is not acceptable.", "物模型数值范围错误。";
    ModelDefinePropRangeOverflow = "InvalidParameterValue.ModelDefinePropRangeOverflow", Invalid, "A limit of the thing model is outside what its type can hold.", "物模型数值范围越界。";
    ModelDefinePropBoolMappingError = "InvalidParameterValue.ModelDefinePropBoolMappingError", Invalid, "The mapping of a bool is not acceptable.", "布尔型取值定义错误。";
    ModelDefinePropEnumMappingError = "InvalidParameterValue.ModelDefinePropEnumMappingError", Invalid, "The mapping of an enumeration is not acceptable.", "枚举型取值定义错误。";
    ModelDefineDontMatchTemplate = "InvalidParameterValue.ModelDefineDontMatchTemplate", Invalid, "A required standard function has another meaning than in the category's template.", "标准功能与品类模板不一致。";
    ThingModelExceedLimit = "LimitExceeded.ThingModelExceedLimit", Limit, "The thing model is larger than it may be.", "物模型超过大小限制。";
    ModelVersionNotExist = "ResourceNotFound.ModelVersionNotExist", NotFound, "There is no such version of the thing model.", "物模型版本不存在。";
    CategoryNotExist = "InvalidParameterValue.CategoryNotExist", NotFound, "There is no such category.", "品类不存在。";
    NoSuchDeviceName = "InvalidParameterValue.DeviceNotExist", NotFound, "There is no such device.", "设备不存在。";
    ProductIdInvalid = "InvalidParameterValue.ProductIDInvalid", Invalid, "The product's id is not acceptable.", "产品 ID 不合法。";

    AppNotExists = "ResourceNotFound.AppNotExists", NotFound, "There is no such application.", "应用不存在。";
    InvalidAppKey = "InvalidParameterValue.InvalidAppKey", NotFound, "The AppKey is not one of the account's applications.", "AppKey 无效。";
    AppNoPermission = "UnauthorizedOperation.AppNoPermission", Forbidden, "The account may not do this with the application.", "没有该应用的操作权限。";
    AppNoPermissionToStudioProduct = "UnauthorizedOperation.APPNoPermissionToStudioProduct", Forbidden, "The application does not serve the product.", "应用没有该产品的操作权限。";
    AppExists = "InvalidParameterValue.AppExists", Conflict, "An application of this name exists already in the project.", "应用名称已存在。";
    AppNameTooLong = "InvalidParameterValue.AppNameTooLong", Invalid, "The application's name is not acceptable.", "应用名称不合法或过长。";
    AppDescriptionTooLong = "InvalidParameterValue.AppDescriptionTooLong", Invalid, "The application's description is too long.", "应用描述过长。";
    ApplicationExceedLimit = "LimitExceeded.ApplicationExceedLimit", Limit, "There are as many applications as there may be.", "应用数量超过限制。";
    PushEnvironmentInvalid = "InvalidParameterValue.PushEnvironmentInvalid", Invalid, "The push environment is not acceptable.", "推送环境不合法。";
    TpnsIosValidationFailed = "InvalidParameterValue.TPNSiOSValidationFailed", Invalid, "The push service for iOS is not set up acceptably.", "TPNS iOS 推送配置校验失败。";
    TpnsAndroidValidationFailed = "InvalidParameterValue.TPNSAndroidValidationFailed", Invalid, "The push service for Android is not set up acceptably.", "TPNS Android 推送配置校验失败。";
    ProductIsSubProduct = "UnsupportedOperation.ProductIsSubProduct", Conflict, "The product's devices are sub-devices; they are bound through their gateway.", "子产品不支持该操作。";
    DeviceType = "UnsupportedOperation.DeviceType", Conflict, "Devices of this kind cannot be bound so.", "设备类型不支持该操作。";
    VirtualDeviceCannotBind = "UnsupportedOperation.VirtualDeviceCannotBind", Conflict, "A virtual device cannot be bound.", "虚拟设备不支持绑定。";
    CannotReBindFamily = "UnsupportedOperation.CannotReBindFamily", Conflict, "The device is bound in another family.", "设备已绑定到其他家庭,不能重复绑定。";
    NoPermissionToFamily = "UnauthorizedOperation.NoPermissionToFamily", Forbidden, "The user is not in the family.", "没有该家庭的操作权限。";
    DeviceNotBound = "ResourceNotFound.DeviceNotBound", NotFound, "The device is not bound.", "设备未绑定。";
    DeviceNotBind = "ResourceNotFound.DeviceNotBind", NotFound, "The device is not bound in a family.", "设备未绑定家庭。";
    NoPermissionToShareDevice = "UnauthorizedOperation.NoPermissionToShareDevice", Forbidden, "Only the device's owner shares it.", "没有分享该设备的权限。";
    ShareDeviceToSelf = "InvalidParameterValue.ShareDeviceToSelf", Invalid, "A device cannot be shared with its owner.", "不能将设备分享给自己。";
    UserNotExist = "ResourceNotFound.UserNotExist", NotFound, "There is no such sub-account.", "用户不存在。";
    SubUserNameInUse = "InvalidParameter.SubUserNameInUse", Conflict, "A sub-account of this name exists already.", "子用户名称已存在。";
    UserHaveKeys = "OperationDenied.HaveKeys", Conflict, "The sub-account still has API keys; delete them first, or set Force.", "该用户存在未删除的 API 密钥。";
    SecretNotExist = "ResourceNotFound.SecretNotExist", NotFound, "There is no such API key.", "密钥不存在。";
    AccessKeyOverLimit = "OperationDenied.AccessKeyOverLimit", Limit, "The account has as many API keys as it may have.", "访问密钥数量超过限制。";
    PolicyIdNotFound = "ResourceNotFound.PolicyIdNotFound", NotFound, "There is no such policy, or it is not attached.", "策略不存在或未关联。";
    PolicyNameInUse = "FailedOperation.PolicyNameInUse", Conflict, "A policy of this name exists already.", "策略名称已存在。";
    PolicyDocumentError = "InvalidParameter.PolicyDocumentError", Invalid, "The policy document cannot be read.", "策略文档不合法。";
    PolicyDocumentTooLong = "InvalidParameter.PolicyDocumentLengthOverLimit", Invalid, "The policy document is too long.", "策略文档超过长度限制。";
    PolicyVersionError = "InvalidParameter.VersionError", Invalid, "The policy document is of another version.", "策略语法版本错误。";
    PolicyStatementError = "InvalidParameter.StatementError", Invalid, "A statement of the policy is not understood.", "策略语句错误。";
    PolicyConditionError = "InvalidParameter.ConditionError", Invalid, "Conditions in policies are not evaluated here.", "策略条件不支持。";
    PolicyPrincipalError = "InvalidParameter.PrincipalError", Invalid, "A principal in a policy is not taken here.", "策略 principal 不支持。";
    PolicyActionError = "InvalidParameter.ActionError", Invalid, "An action of the policy is not understood.", "策略操作错误。";
    PolicyResourceError = "InvalidParameter.ResourceError", Invalid, "A resource of the policy is not understood.", "策略资源错误。";
}

/// A failed operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", code.as_str(), self.message(Language::English))]
pub struct Failure {
    code: Code,
    detail: Option<Cow<'static, str>>,
}

/// What a handler returns.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure with nothing but its code's text.
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None }
    }

    /// The same, saying what exactly is wrong and what to do.
    #[must_use]
    pub fn because(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same under another code, for operations whose published codes are finer.
    #[must_use]
    pub fn under(self, from: Code, to: Code) -> Self {
        if self.code == from { Self { code: to, ..self } } else { self }
    }

    /// Its code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What people read.
    pub fn message(&self, language: Language) -> String {
        let text = self.code.text().in_language(language);
        match &self.detail {
            None => text.to_owned(),
            Some(detail) => format!("{text} ({detail})"),
        }
    }
}

impl From<DevicesError> for Failure {
    fn from(error: DevicesError) -> Self {
        let code = match &error {
            DevicesError::NotFound(_) => Code::ResourceNotFound,
            DevicesError::Conflict(_) => Code::FailedOperation,
            DevicesError::InvalidModel(errors) => return model_refused(errors),
            DevicesError::Invalid(_) | DevicesError::InvalidValue { .. } => Code::InvalidParameterValue,
            DevicesError::LimitReached(_) => Code::LimitExceeded,
            DevicesError::LicencesUsedUp(_) => Code::DeviceLicenseLimitExceeded,
            DevicesError::Unavailable(_) => Code::ServiceUnavailable,
            DevicesError::Internal(detail) => {
                tracing::error!(%detail, "a management operation failed");
                return Self::new(Code::InternalError);
            }
        };
        Self::new(code).because(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        DevicesError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_there_once_and_has_its_text_in_both_languages() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} twice", code.as_str());
            let text = code.text();
            assert!(text.en.ends_with('.') && text.zh.ends_with('。'), "{}", code.as_str());
        }
    }
}
