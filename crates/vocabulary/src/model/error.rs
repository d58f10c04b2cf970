//! What can be wrong with a thing model. All errors of a model are reported together, each with the place
//! where it was found, so that a person can correct the file in one go.

use super::notes::ModelNote;
use crate::Bilingual;

named_causes! {
    /// The kind of an error in a thing model.
    ModelErrorCode {
        /// There is no text at all.
        Empty = "empty",
        /// The text is not JSON.
        NotJson = "not_json",
        /// The JSON is not a thing model: not an object, or none of its three sections is present.
        NotAModel = "not_a_model",
        /// A key appears twice in one object.
        DuplicateKey = "duplicate_key",
        /// A part is of the wrong JSON type.
        WrongShape = "wrong_shape",
        /// A required part is missing.
        MissingField = "missing_field",
        /// An identifier is not of the required form.
        InvalidId = "invalid_id",
        /// Two features, members or parameters share an identifier.
        DuplicateId = "duplicate_id",
        /// The access mode is none of `r`, `w` and `rw`.
        InvalidMode = "invalid_mode",
        /// The data type is unknown.
        InvalidType = "invalid_type",
        /// Minimum, maximum, step or start is no number, or they contradict each other.
        InvalidRange = "invalid_range",
        /// A limit lies outside what the type can hold.
        RangeOverflow = "range_overflow",
        /// The mapping of a `bool` has other keys than 0 and 1.
        InvalidBoolMapping = "invalid_bool_mapping",
        /// The mapping of an `enum` or `stringenum` is missing, empty or has bad keys.
        InvalidEnumMapping = "invalid_enum_mapping",
        /// A `struct` without usable members.
        InvalidStruct = "invalid_struct",
        /// An `array` without a usable element type.
        InvalidArray = "invalid_array",
        /// An event without a type.
        MissingEventType = "missing_event_type",
        /// The type of an event is none of `info`, `alert` and `fault`.
        InvalidEventType = "invalid_event_type",
        /// A parameter of an event is not usable.
        InvalidEventParam = "invalid_event_param",
        /// The identifier of an event's parameter is not of the required form.
        InvalidEventParamId = "invalid_event_param_id",
        /// Two parameters of an event share an identifier.
        DuplicateEventParam = "duplicate_event_param",
        /// An event has too many parameters.
        TooManyEventParams = "too_many_event_params",
        /// The model, or a list in it, is larger than the platform allows.
        TooLarge = "too_large",
    }
}

impl ModelErrorCode {
    /// The code that the vendor's cloud API uses for this kind (cloud API facts, error codes of
    /// ModifyModelDefinition).
    pub const fn vendor_code(self) -> &'static str {
        match self {
            Self::Empty => "InvalidParameterValue.ModelDefineNil",
            Self::NotJson | Self::NotAModel | Self::DuplicateKey | Self::WrongShape | Self::MissingField => {
                "InvalidParameterValue.ModelDefineInvalid"
            }
            Self::InvalidId | Self::InvalidEventParamId => {
                "InvalidParameterValue.ModelDefineEventPropNameError"
            }
            Self::DuplicateId => "InvalidParameterValue.ModelDefineDupID",
            Self::InvalidMode => "InvalidParameterValue.ModelDefineErrorModel",
            Self::InvalidType | Self::InvalidStruct | Self::InvalidArray => {
                "InvalidParameterValue.ModelDefineErrorType"
            }
            Self::InvalidRange => "InvalidParameterValue.ModelDefinePropRangeError",
            Self::RangeOverflow => "InvalidParameterValue.ModelDefinePropRangeOverflow",
            Self::InvalidBoolMapping => "InvalidParameterValue.ModelDefinePropBoolMappingError",
            Self::InvalidEnumMapping => "InvalidParameterValue.ModelDefinePropEnumMappingError",
            Self::MissingEventType => "MissingParameter.ModelDefineEventTypeError",
            Self::InvalidEventType => "InvalidParameterValue.ModelDefineEventTypeError",
            Self::InvalidEventParam => "InvalidParameterValue.ModelDefineEventPropError",
            Self::DuplicateEventParam => "InvalidParameterValue.ModelDefineEventParamsDupID",
            Self::TooManyEventParams => "InvalidParameterValue.ModelDefineEventParamsExceedLimit",
            Self::TooLarge => "LimitExceeded.ThingModelExceedLimit",
        }
    }
}

impl ModelErrorCode {
    /// The kind in words, for people; [`ModelError::message`] says in English what exactly is wrong.
    pub fn words(self) -> Bilingual {
        let (english, chinese) = match self {
            Self::Empty => ("the model is empty", "物模型为空"),
            Self::NotJson => ("not JSON", "不是合法的 JSON"),
            Self::NotAModel => ("not a thing model", "不是物模型"),
            Self::DuplicateKey => ("a key appears twice", "键重复"),
            Self::WrongShape => ("wrong JSON type", "JSON 类型错误"),
            Self::MissingField => ("a required part is missing", "缺少必填项"),
            Self::InvalidId => ("bad identifier", "标识符不合法"),
            Self::DuplicateId => ("identifier used twice", "标识符重复"),
            Self::InvalidMode => ("bad access mode", "读写类型不合法"),
            Self::InvalidType => ("bad data type", "数据类型不合法"),
            Self::InvalidRange => ("bad range", "数值范围、步长或初始值不合法"),
            Self::RangeOverflow => ("limit outside what the type can hold", "限值超出类型可表示的范围"),
            Self::InvalidBoolMapping => ("bad mapping of a bool", "布尔型的取值定义不合法"),
            Self::InvalidEnumMapping => ("bad mapping of an enumeration", "枚举型的取值定义不合法"),
            Self::InvalidStruct => ("bad struct", "结构体定义不合法"),
            Self::InvalidArray => ("bad array", "数组定义不合法"),
            Self::MissingEventType => ("event without type", "缺少事件类型"),
            Self::InvalidEventType => ("bad event type", "事件类型不合法"),
            Self::InvalidEventParam => ("bad event parameter", "事件参数不合法"),
            Self::InvalidEventParamId => ("bad identifier of an event parameter", "事件参数标识符不合法"),
            Self::DuplicateEventParam => ("event parameter used twice", "事件参数标识符重复"),
            Self::TooManyEventParams => ("too many event parameters", "事件参数过多"),
            Self::TooLarge => ("larger than allowed", "超出大小限制"),
        };
        Bilingual::of(english, chinese)
    }
}

/// One error in a thing model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{path}: {message}")]
pub struct ModelError {
    /// Its kind.
    pub code: ModelErrorCode,
    /// Where it is, such as `properties[3].define.max`; `$` is the whole model.
    pub path: String,
    /// What is wrong and what is allowed, in English.
    pub message: String,
}

/// What was found so far, bounded: after [`MAX_ERRORS`] a reader learns nothing new.
#[derive(Debug, Default)]
pub(super) struct Findings {
    errors: Vec<ModelError>,
    notes: Vec<ModelNote>,
}

/// How many errors of one model are reported, and how many notes.
pub const MAX_ERRORS: usize = 200;

impl Findings {
    /// Notes an error.
    pub fn add(&mut self, code: ModelErrorCode, path: impl Into<String>, message: impl Into<String>) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(ModelError { code, path: path.into(), message: message.into() });
        }
    }

    /// Notes something that is allowed and yet probably not meant.
    pub fn note(&mut self, note: ModelNote) {
        if self.notes.len() < MAX_ERRORS {
            self.notes.push(note);
        }
    }

    /// All errors and all notes.
    pub fn finish(self) -> (Vec<ModelError>, Vec<ModelNote>) {
        (self.errors, self.notes)
    }
}
