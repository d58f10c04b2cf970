//! What can be wrong with a thing model. All errors of a model are reported together, each with the place
//! where it was found, so that a person can correct the file in one go.

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

/// The errors found so far, bounded: after [`MAX_ERRORS`] a reader learns nothing new.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<ModelError>);

/// How many errors of one model are reported.
pub const MAX_ERRORS: usize = 200;

impl Findings {
    /// Notes an error.
    pub fn add(&mut self, code: ModelErrorCode, path: impl Into<String>, message: impl Into<String>) {
        if self.0.len() < MAX_ERRORS {
            self.0.push(ModelError { code, path: path.into(), message: message.into() });
        }
    }

    /// Nothing found, or all that was.
    pub fn finish(self) -> Result<(), Vec<ModelError>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
