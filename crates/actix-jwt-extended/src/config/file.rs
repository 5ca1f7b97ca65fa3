//! Settings from a TOML file.

use super::elsewhere::refuse_misplaced;
use super::{ConfigError, JwtConfig, PemSource, SecretSource, SettingValue, is_ours, refuse_two_forms};
use ::config::{Config, File, FileFormat, Source as _, Value, ValueKind};
use std::collections::BTreeMap;
use std::path::Path;
use zeroize::Zeroizing;

/// Reads the file's `JWT_*` settings over the defaults.
pub(super) fn read(path: &Path) -> Result<JwtConfig, ConfigError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|source| ConfigError::Read { path: shown.clone(), source })?;
    let values = Config::builder()
        .add_source(File::from_str(&text, FileFormat::Toml))
        .build()
        .and_then(|config| config.collect())
        .map_err(|error| ConfigError::Syntax { path: shown, reason: without_excerpt(&error) })?;
    let mut config = JwtConfig::new();
    // Sorted, so that of two mistakes always the same one is told.
    let values = values.into_iter().collect::<BTreeMap<_, _>>();
    refuse_tables(&values)?;
    refuse_two_forms(&values.keys().collect::<Vec<_>>())?;
    for (name, value) in values {
        if is_ours(&name) {
            let value = value.try_deserialize().unwrap_or(SettingValue::Unusable);
            config.set(&name, value)?;
        }
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    for secret in [&mut config.secret_key, &mut config.private_key_password] {
        if let Some(SecretSource::File(path)) = secret {
            *path = folder.join(&*path);
        }
    }
    config.move_keys_to(folder);
    for key in [&mut config.private_key, &mut config.public_key] {
        if let Some(PemSource::File(path)) = key {
            *path = folder.join(&*path);
        }
    }
    if let Some(path) = &mut config.store_ca_file {
        *path = folder.join(&*path);
    }
    Ok(config)
}

fn refuse_tables(values: &BTreeMap<String, Value>) -> Result<(), ConfigError> {
    values.iter().try_for_each(|(name, value)| refuse_within(name, value))
}

fn refuse_within(table: &str, value: &Value) -> Result<(), ConfigError> {
    match &value.kind {
        // [[JWT_KEYS]], whose members have names of their own.
        ValueKind::Array(_) if table == "JWT_KEYS" => Ok(()),
        ValueKind::Table(members) => {
            members.iter().collect::<BTreeMap<_, _>>().into_iter().try_for_each(|(name, value)| {
                refuse_misplaced(table, name)?;
                refuse_within(&format!("{table}.{name}"), value)
            })
        }
        // An array of tables, `[[table]]`.
        ValueKind::Array(items) => items.iter().try_for_each(|item| refuse_within(table, item)),
        _ => Ok(()),
    }
}

/// The parser's words without the line that it shows: the line may hold a secret.
fn without_excerpt(error: &::config::ConfigError) -> String {
    let text = match error {
        ::config::ConfigError::FileParse { cause, .. } => cause.to_string(),
        _ => return "it cannot be read as settings".to_owned(),
    };
    let place = text.lines().next().and_then(|line| line.split_once(" at ")).map(|(_, place)| place);
    match place {
        Some(place) => format!("syntax error at {place}"),
        None => "syntax error".to_owned(),
    }
}
