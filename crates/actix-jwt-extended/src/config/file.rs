//! Settings from a TOML file.

use super::{ConfigError, JwtConfig, PemSource, SettingValue, is_ours};
use ::config::{Config, File, FileFormat, Source as _};
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
    for (name, value) in values.into_iter().collect::<BTreeMap<_, _>>() {
        if is_ours(&name) {
            let value = value.try_deserialize().unwrap_or(SettingValue::Unusable);
            config.set(&name, value)?;
        }
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    for key in [&mut config.private_key, &mut config.public_key] {
        if let Some(PemSource::File(path)) = key {
            *path = folder.join(&*path);
        }
    }
    Ok(config)
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
