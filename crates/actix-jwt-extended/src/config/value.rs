//! A setting's value as it arrives, and how it becomes a type.

use crate::claims::Algorithm;
use crate::error::ConfigError;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// A value from a settings file, the environment, or any serde format.
pub(super) enum SettingValue {
    Null,
    Bool(bool),
    Int(i64),
    Text(Zeroizing<String>),
    List(Vec<String>),
    Table(Vec<(String, SettingValue)>),
    Tables(Vec<Vec<(String, SettingValue)>>),
    /// Text from the environment, which has no types: read as whatever the setting needs.
    Untyped(Zeroizing<String>),
    /// The path of the file that holds the value: of a key, named with `_FILE` behind its name.
    Path(PathBuf),
    /// Something that no setting takes.
    Unusable,
}

impl<'de> Deserialize<'de> for SettingValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = SettingValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a setting's value")
            }
            fn visit_unit<E>(self) -> Result<SettingValue, E> {
                Ok(SettingValue::Null)
            }
            fn visit_none<E>(self) -> Result<SettingValue, E> {
                Ok(SettingValue::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<SettingValue, D::Error> {
                deserializer.deserialize_any(self)
            }
            fn visit_bool<E>(self, value: bool) -> Result<SettingValue, E> {
                Ok(SettingValue::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<SettingValue, E> {
                Ok(SettingValue::Int(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<SettingValue, E> {
                Ok(i64::try_from(value).map_or(SettingValue::Unusable, SettingValue::Int))
            }
            fn visit_f64<E>(self, _: f64) -> Result<SettingValue, E> {
                Ok(SettingValue::Unusable)
            }
            fn visit_str<E>(self, value: &str) -> Result<SettingValue, E> {
                Ok(SettingValue::Text(value.to_owned().into()))
            }
            fn visit_string<E>(self, value: String) -> Result<SettingValue, E> {
                Ok(SettingValue::Text(value.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<SettingValue, A::Error> {
                let (mut texts, mut tables, mut others) = (Vec::new(), Vec::new(), false);
                while let Some(item) = seq.next_element::<SettingValue>()? {
                    match item {
                        SettingValue::Text(text) => texts.push(text.to_string()),
                        SettingValue::Table(members) => tables.push(members),
                        _ => others = true,
                    }
                }
                Ok(match (others, texts.is_empty(), tables.is_empty()) {
                    (false, _, true) => SettingValue::List(texts),
                    (false, true, false) => SettingValue::Tables(tables),
                    _ => SettingValue::Unusable,
                })
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<SettingValue, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, SettingValue>()? {
                    members.push(member);
                }
                Ok(SettingValue::Table(members))
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}

/// A type that a setting can be read as.
pub(super) trait FromSetting: Sized {
    /// What a value must be, for the error message.
    const EXPECTED: &'static str;

    /// `None` = not that.
    fn from_setting(value: SettingValue) -> Option<Self>;

    fn read(setting: &'static str, value: SettingValue) -> Result<Self, ConfigError> {
        Self::from_setting(value)
            .ok_or_else(|| ConfigError::InvalidValue { setting, expected: Self::EXPECTED.to_owned() })
    }
}

impl FromSetting for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Bool(value) => Some(value),
            SettingValue::Untyped(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

impl FromSetting for usize {
    const EXPECTED: &'static str = "a whole number, 0 or more";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Int(number) => usize::try_from(number).ok(),
            SettingValue::Untyped(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

impl FromSetting for String {
    const EXPECTED: &'static str = "a string";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Text(text) | SettingValue::Untyped(text) => Some(text.to_string()),
            _ => None,
        }
    }
}

impl FromSetting for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn from_setting(value: SettingValue) -> Option<Self> {
        String::from_setting(value).filter(|path| !path.is_empty()).map(Self::from)
    }
}

impl<T: FromSetting> FromSetting for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Null => Some(None),
            SettingValue::Untyped(text) if text.is_empty() => Some(None),
            value => T::from_setting(value).map(Some),
        }
    }
}

impl FromSetting for Duration {
    const EXPECTED: &'static str = "seconds (10) or a duration (\"10s\")";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Int(seconds) => u64::try_from(seconds).ok().map(Self::from_secs),
            SettingValue::Text(text) | SettingValue::Untyped(text) => parse_duration(text.trim()),
            _ => None,
        }
    }
}

/// Seconds, or `"1h 30m"`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    // `15M` would be fifteen months, and whoever writes it means minutes.
    if text.split(|c: char| !c.is_alphabetic()).any(|unit| unit == "M") {
        return None;
    }
    text.parse().map(Duration::from_secs).ok().or_else(|| humantime::parse_duration(text).ok())
}

impl FromSetting for Algorithm {
    const EXPECTED: &'static str = "one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, \
         Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87";

    fn from_setting(value: SettingValue) -> Option<Self> {
        String::from_setting(value)?.trim().parse().ok()
    }
}
