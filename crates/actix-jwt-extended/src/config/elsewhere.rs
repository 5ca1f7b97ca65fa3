//! Settings that stand where they are not in force: in a table of the application's.

use super::value::SettingValue;
use super::{ConfigError, JwtConfig, is_ours};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// All that stands below a `[table]` header belongs to that table. So a setting there would be passed over, and with
/// it a check that somebody believes to be on.
pub(super) fn refuse_misplaced(table: &str, name: &str) -> Result<(), ConfigError> {
    // `[jwt] secret_key`, or `jwt.secret_key`, is one too; what else is in such a table is the application's.
    let joined = format!("{table}_{name}").replace(['.', '-'], "_").to_ascii_uppercase();
    let own = is_ours(name).then(|| name.to_ascii_uppercase());
    match own.or_else(|| JwtConfig::SETTINGS.contains(&joined.as_str()).then_some(joined)) {
        Some(setting) => Err(ConfigError::Misplaced { table: table.to_owned(), setting }),
        None => Ok(()),
    }
}

/// What stands under a name that is not ours, looked through for settings.
pub(super) struct Elsewhere<'a>(pub(super) &'a str);

impl<'de> DeserializeSeed<'de> for Elsewhere<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elsewhere<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i128<E>(self, _: i128) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u128<E>(self, _: u128) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Elsewhere(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<SettingValue>()? {
            let name = match name {
                SettingValue::Text(name) => name,
                _ => String::new().into(),
            };
            refuse_misplaced(self.0, &name).map_err(A::Error::custom)?;
            map.next_value_seed(Elsewhere(&format!("{}.{}", self.0, *name)))?;
        }
        Ok(())
    }
}
