//! The README and the guide, so that `cargo test` compiles every Rust block in them, and checks of
//! what they say about settings and where their links lead.

/// One empty module for each page: its doc tests carry the page's name.
macro_rules! pages {
    ($($name:ident: $file:literal;)*) => {
        $(
            #[doc = include_str!($file)]
            mod $name {}
        )*

        #[cfg(test)]
        const PAGES: &[(&str, &str)] = &[$(($file, include_str!($file)),)*];
    };
}

pages! {
    readme: "../README.md";
    introduction: "src/introduction.md";
    installation: "src/installation.md";
    basic_usage: "src/basic-usage.md";
    moving: "src/moving.md";
    protecting_routes: "src/protecting-routes.md";
    optional: "src/optional.md";
    refreshing: "src/refreshing.md";
    freshness: "src/freshness.md";
    scopes: "src/scopes.md";
    extractors: "src/extractors.md";
    middleware: "src/middleware.md";
    locations: "src/locations.md";
    cookies: "src/cookies.md";
    issuing: "src/issuing.md";
    own_claims: "src/own-claims.md";
    decoding: "src/decoding.md";
    key_formats: "src/key-formats.md";
    keys: "src/keys.md";
    key_rotation: "src/key-rotation.md";
    jwks: "src/jwks.md";
    signers: "src/signers.md";
    hooks: "src/hooks.md";
    users: "src/users.md";
    revoking: "src/revoking.md";
    logging_out: "src/logging-out.md";
    rotation: "src/rotation.md";
    many_nodes: "src/many-nodes.md";
    postgresql: "src/postgresql.md";
    redis: "src/redis.md";
    sqlite: "src/sqlite.md";
    own_store: "src/own-store.md";
    testing: "src/testing.md";
    throttling: "src/throttling.md";
    proxies: "src/proxies.md";
    errors: "src/errors.md";
    settings: "src/settings.md";
    api: "src/api.md";
    differences: "src/differences.md";
    parity: "src/parity.md";
    token_cache: "src/token-cache.md";
    peers: "src/peers.md";
    scaling: "src/scaling.md";
}

#[cfg(test)]
mod tests {
    use super::PAGES;
    use actix_jwt_extended::{ConfigError, JwtConfig};
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::process::Command;

    const EXAMPLE: &str = include_str!("../Settings.example.toml");
    const SETTINGS_PAGE: &str = include_str!("src/settings.md");
    const API_PAGE: &str = include_str!("src/api.md");
    const MOVING_PAGE: &str = include_str!("src/moving.md");
    const PARITY_PAGE: &str = include_str!("src/parity.md");
    const ERRORS_PAGE: &str = include_str!("src/errors.md");
    const DEMANDS_PAGE: &str = include_str!("src/protecting-routes.md");
    const LIBRARY: &str = include_str!("../crates/actix-jwt-extended/src/lib.rs");
    const STORE: &str = include_str!("../crates/actix-jwt-extended/src/store/mod.rs");
    const SESSION: &str = include_str!("../crates/actix-jwt-extended/src/session/mod.rs");
    const KEYS: &str = include_str!("../crates/actix-jwt-extended/src/keys/mod.rs");
    const PUBLISH: &str = include_str!("../crates/actix-jwt-extended/src/publish/mod.rs");
    const REQUIRED: &str = include_str!("../crates/actix-jwt-extended/src/request/required.rs");
    const ERRORS: [&str; 2] = [
        include_str!("../crates/actix-jwt-extended/src/error/request.rs"),
        include_str!("../crates/actix-jwt-extended/src/error/token.rs"),
    ];

    #[test]
    fn the_settings_page_and_the_example_name_every_setting_and_no_other() {
        let settings: BTreeSet<&str> = JwtConfig::SETTINGS.iter().copied().collect();
        assert_eq!(rows().map(|row| row.setting).collect::<BTreeSet<_>>(), settings);
        assert_eq!(rows().count(), settings.len(), "a setting has two rows");
        assert_eq!(names_in(EXAMPLE), settings);
        for (page, text) in PAGES {
            let others: Vec<_> = names_in(text).into_iter().filter(|name| !settings.contains(name)).collect();
            assert!(others.is_empty(), "{page} names {others:?}, which are no settings");
        }
    }

    #[test]
    fn the_example_is_the_defaults() {
        in_clean_environment("tests::the_example_is_the_defaults", || {
            assert_eq!(read(EXAMPLE).unwrap(), defaults());
            for line in EXAMPLE.lines().filter_map(|line| line.strip_prefix("#JWT_")) {
                let line = format!("JWT_{line}");
                assert_ne!(read(&line).expect(&line), defaults(), "{line} is the default, so it need not be off");
            }
        });
    }

    #[test]
    fn the_settings_page_has_the_defaults_and_examples_that_are_read() {
        in_clean_environment("tests::the_settings_page_has_the_defaults_and_examples_that_are_read", || {
            for row in rows() {
                let default = row.default.map(|value| format!("{} = {value}", row.setting)).unwrap_or_default();
                assert_eq!(read(&default).expect(&default), defaults(), "{default}");
                let example = format!("{} = {}", row.setting, row.example);
                read(&example).expect(&example);
            }
        });
    }

    #[test]
    fn the_redis_page_lists_what_its_user_was_tested_with() {
        let tested = include_str!("../crates/actix-jwt-extended/tests/stores/redis_acl.txt");
        assert!(include_str!("src/redis.md").contains(tested));
    }

    #[test]
    fn the_page_about_postgresql_lists_the_grants_that_are_tested() {
        const PAGE: &str = include_str!("src/postgresql.md");
        assert!(PAGE.contains(include_str!("../crates/actix-jwt-extended/tests/stores/postgres_grants.sql")));
    }

    #[test]
    fn every_page_is_in_the_summary_and_compiled() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files: BTreeSet<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
            .collect();
        let summary = std::fs::read_to_string(folder.join("SUMMARY.md")).unwrap();
        let listed: BTreeSet<String> = links(&summary).map(str::to_owned).collect();
        let compiled: BTreeSet<String> =
            PAGES.iter().filter_map(|(file, _)| file.strip_prefix("src/")).map(str::to_owned).collect();
        assert_eq!(listed, files);
        assert_eq!(compiled, files);
    }

    /// RFC 6749 §5.1.
    #[test]
    fn no_cache_keeps_the_tokens_of_any_handler() {
        const MAKE: [&str; 5] =
            ["create_access_token", "create_refresh_token", ".encode()", "start_session", ".rotate("];
        const KEEP_OUT: [&str; 3] = ["no-store", "TokenPair", "set_access_cookies"];
        for (page, text) in PAGES {
            // Handlers, each up to the next item's attribute.
            for handler in text.split("\n#[").filter(|item| item.starts_with("post(") || item.starts_with("get(")) {
                let handler = handler.split("\n}").next().unwrap_or_default();
                let (makes, keeps) =
                    (MAKE.map(|name| handler.contains(name)), KEEP_OUT.map(|name| handler.contains(name)));
                assert!(
                    !makes.contains(&true) || keeps.contains(&true),
                    "{page}: caches may keep the tokens of {handler}"
                );
            }
        }
    }

    /// The session of a token that has expired may live, and its refresh token with it.
    #[test]
    fn whoever_logs_out_may_come_with_a_token_that_has_expired() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/actix-jwt-extended/examples");
        let programs = std::fs::read_dir(folder).unwrap().map(|file| {
            let path = file.unwrap().path();
            (path.display().to_string(), std::fs::read_to_string(path).unwrap())
        });
        let pages = PAGES.iter().map(|(page, text)| ((*page).to_owned(), (*text).to_owned()));
        let mut seen = 0;
        for (place, text) in programs.chain(pages) {
            for handler in text.split("\n#[").filter(|item| item.contains("(\"/logout\"")) {
                let handler = handler.split("\n}").next().unwrap_or_default();
                if ["log_out", "revoke_session"].iter().any(|ends| handler.contains(ends)) {
                    assert!(handler.contains("verify_type(false).allow_expired()"), "{place}: {handler}");
                    seen += 1;
                }
            }
        }
        assert!(seen >= 3, "{seen}");
    }

    #[test]
    fn every_program_that_a_page_names_is_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/actix-jwt-extended/examples");
        for (page, text) in PAGES {
            for name in text.split("cargo run --example ").skip(1).filter_map(|rest| rest.split(['`', '\n']).next()) {
                assert!(folder.join(name).with_extension("rs").exists(), "{page} names the example {name}");
            }
        }
    }

    #[test]
    fn the_overview_names_every_public_item() {
        // The modules that are public as they stand: what they show, and what they define themselves.
        let modules = [STORE, SESSION, KEYS, PUBLISH].map(|text| text.split("#[cfg(test)]").next().unwrap_or_default());
        let shown = |text: &'static str| text.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
        let lines = shown(LIBRARY).chain(modules.into_iter().flat_map(shown));
        let items = lines.filter_map(|line| line.rsplit("::").next()).flat_map(|names| names.split(['{', ',', '}']));
        let defined = modules.into_iter().flat_map(|text| text.lines()).filter_map(|line| {
            let rest =
                ["pub struct ", "pub enum ", "pub trait ", "pub fn "].iter().find_map(|kind| line.strip_prefix(kind));
            rest?.split(|c: char| !c.is_alphanumeric() && c != '_').next()
        });
        let missing: Vec<_> = items
            .chain(defined)
            .map(str::trim)
            .filter(|item| !item.is_empty() && !API_PAGE.contains(&format!("`{item}`")))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(modules.iter().all(|text| text.contains("\npub ")), "nothing public was found");
    }

    #[test]
    fn every_demand_is_in_the_table_and_in_the_overview() {
        let methods = REQUIRED.lines().filter_map(|line| line.strip_prefix("    pub fn "));
        let names: Vec<_> = methods.filter_map(|rest| rest.split(['(', '<']).next()).collect();
        assert!(names.contains(&"fresh") && names.contains(&"any_role"), "{names:?}");
        for name in names {
            assert!(DEMANDS_PAGE.contains(&format!("| `.{name}(")), "{name} is in no row of protecting-routes.md");
            assert!(API_PAGE.contains(&format!("`.{name}(")), "{name} is not in api.md");
        }
    }

    #[test]
    fn every_text_that_a_client_may_get_is_on_the_page_about_errors() {
        for source in ERRORS {
            let source = source.split_once("impl fmt::Display").unwrap().1;
            // As `write!` takes it: what is between placeholders must stand there as it is.
            let texts = source.split("impl fmt::Display").flat_map(|code| {
                let calls = ["write_str(\"", "write!(f, \"", " => \""].into_iter();
                calls.flat_map(move |call| code.split(call).skip(1)).map(literal)
            });
            for text in texts {
                let parts = text.split(['{', '}']).step_by(2).map(str::trim).filter(|part| part.len() > 3);
                let missing: Vec<_> = parts.filter(|part| !ERRORS_PAGE.contains(part)).collect();
                assert!(missing.is_empty(), "errors.md does not say {missing:?} of {text:?}");
            }
        }
    }

    #[test]
    fn every_cargo_command_names_a_package_and_what_it_has() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let others =
            ["CONTRIBUTING.md", "crates/actix-jwt-extended/README.md", "crates/actix-jwt-extended/benches/stores.rs"];
        let benches = ["hot-path/benches/counts.rs", "hot-path/benches/ratios.rs", "peer-bench/benches/jwt.rs"]
            .map(|file| format!("crates/{file}"));
        let others = others.map(str::to_owned).into_iter().chain(benches);
        let others = others.map(|file| (std::fs::read_to_string(root.join(&file)).expect(&file), file));
        let pages = PAGES.iter().map(|(file, text)| ((*text).to_owned(), (*file).to_owned()));
        let mut seen = 0;
        for (text, file) in pages.chain(others).chain([(EXAMPLE.to_owned(), "Settings.example.toml".to_owned())]) {
            for command in text.split("cargo ").skip(1).filter_map(|rest| rest.split(['`', '\n', '#']).next()) {
                let words: Vec<_> = command.split_whitespace().take_while(|word| *word != "--").collect();
                let value =
                    |flag| words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1)).copied();
                // Not of this workspace: `update` is for what it depends on.
                let Some(package) = value("-p").filter(|_| words.first() != Some(&"update")) else {
                    // Several packages have one of the same name, unless a manifest is named.
                    if let Some(bench) = value("--bench") {
                        let manifest = value("--manifest-path").unwrap_or_else(|| panic!("{file}: cargo {command}"));
                        let path = root.join(manifest).with_file_name("benches").join(bench).with_extension("rs");
                        assert!(path.exists(), "{file}: cargo {command}");
                    }
                    continue;
                };
                seen += 1;
                let folders = ["crates/actix-jwt-extended", "crates/hot-path", "demo", "docs"].map(|it| root.join(it));
                let manifest = |folder: &Path| std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
                let is_it =
                    |folder: &&std::path::PathBuf| manifest(folder).contains(&format!("\nname = \"{package}\"\n"));
                let folder = folders.iter().find(is_it).unwrap_or_else(|| panic!("{file}: no package {package}"));
                let of_it = manifest(folder);
                for feature in value("--features").into_iter().flat_map(|features| features.split(',')) {
                    assert!(of_it.contains(&format!("\n{feature} = [")), "{file}: {package} has no feature {feature}");
                }
                for (flag, place) in [("--bench", "benches"), ("--test", "tests"), ("--example", "examples")] {
                    let Some(name) = value(flag) else { continue };
                    let place = folder.join(place).join(name);
                    assert!(place.is_dir() || place.with_extension("rs").exists(), "{file}: cargo {command}");
                }
            }
        }
        assert!(seen > 10, "{seen}");
    }

    /// No other test builds it, because that takes libFuzzer.
    #[test]
    fn the_fuzz_target_finds_the_tests_that_it_shares() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/actix-jwt-extended/fuzz/fuzz_targets");
        let source = std::fs::read_to_string(folder.join("payload.rs")).unwrap();
        let paths: Vec<_> = source.split("#[path = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!paths.is_empty() && paths.iter().all(|path| folder.join(path).exists()), "{paths:?}");
    }

    #[test]
    fn the_page_about_moving_names_every_setting_once_and_its_method() {
        let new = MOVING_PAGE.split_once("These are new:").unwrap().1.split("[Settings]").next().unwrap();
        for setting in JwtConfig::SETTINGS {
            let rows = MOVING_PAGE.lines().filter(|line| line.starts_with(&format!("| `{setting}` |")));
            let method = setting.strip_prefix("JWT_").unwrap().to_lowercase();
            let rows: Vec<_> = rows.filter(|line| line.contains(&format!("| `.{method}("))).collect();
            assert_eq!(rows.len() + new.matches(&format!("`{setting}`")).count(), 1, "{setting}");
        }
    }

    #[test]
    fn every_row_about_behaviour_names_tests_that_are_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folders = [
            ("it/", "crates/actix-jwt-extended/tests/it/"),
            ("config/", "crates/actix-jwt-extended/src/config/"),
            ("api/", "demo/tests/api/"),
        ];
        let rows = PARITY_PAGE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
        for row in rows.filter(|row| !row.ends_with("| test |")) {
            let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            for test in tests.split(", ") {
                let (file, name) = test.trim_matches('`').split_once("::").expect(row);
                let (short, folder) = folders.iter().find(|(short, _)| file.starts_with(short)).expect(row);
                let source = std::fs::read_to_string(root.join(folder).join(&file[short.len()..])).expect(row);
                let is_there = source.contains(&format!("#[test]\nfn {name}()"));
                assert!(is_there, "{file} has no test {name}, which this row names: {row}");
            }
        }
    }

    #[test]
    fn every_link_leads_to_a_file_and_a_heading() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let others = ["../CONTRIBUTING.md", "../CHANGELOG.md", "../crates/actix-jwt-extended/README.md"];
        for page in PAGES.iter().map(|(file, _)| *file).chain(others) {
            let path = here.join(page);
            let text = std::fs::read_to_string(&path).unwrap();
            for link in links(&text).filter(|link| !link.contains("://")) {
                let (file, heading) = link.split_once('#').unwrap_or((link, ""));
                let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
                assert!(target.exists(), "{page} links to {link}, which is not there");
                if !heading.is_empty() {
                    let target = std::fs::read_to_string(target).unwrap();
                    assert!(headings(&target).any(|h| h == heading), "{page} links to {link}: no such heading");
                }
            }
        }
    }

    /// The text of a literal, from behind its first quote.
    fn literal(code: &str) -> String {
        let mut text = String::new();
        let mut characters = code.chars();
        while let Some(character) = characters.next().filter(|c| *c != '"') {
            text.push(if character == '\\' { characters.next().unwrap() } else { character });
        }
        text
    }

    /// A row of the settings page's tables. `default: None` = off.
    struct Row {
        setting: &'static str,
        default: Option<&'static str>,
        example: &'static str,
    }

    fn rows() -> impl Iterator<Item = Row> {
        SETTINGS_PAGE.lines().filter(|line| line.starts_with("| `JWT_")).map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let code = |cell: usize| cells[cell].strip_prefix('`').and_then(|text| text.strip_suffix('`'));
            Row { setting: code(1).unwrap(), default: code(3), example: code(4).unwrap() }
        })
    }

    /// Words of the form `JWT_…`; `JWT_*` and the like stand for all of them.
    fn names_in(text: &str) -> BTreeSet<&str> {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("JWT_") && *word != "JWT_")
            // The settings page shows how a misspelt name is answered.
            .filter(|word| *word != "JWT_ACCES_TOKEN_EXPIRES")
            // The files of keys and of a password.
            .filter(|word| !word.ends_with("_KEY_FILE") && !word.ends_with("_PASSWORD_FILE"))
            .collect()
    }

    /// The targets of Markdown links outside of code blocks.
    fn links(text: &str) -> impl Iterator<Item = &str> {
        prose(text).flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split_once(')')).map(|(to, _)| to)
    }

    /// Headings as mdBook and GitHub name them in links.
    fn headings(text: &str) -> impl Iterator<Item = String> {
        prose(text).filter(|line| line.starts_with('#')).map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            title.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
        })
    }

    fn prose(text: &str) -> impl Iterator<Item = &str> {
        let mut in_code = false;
        text.lines().filter(move |line| {
            let fence = line.trim_start().starts_with("```");
            in_code ^= fence;
            !in_code && !fence
        })
    }

    /// A configuration as `Debug` shows it, read from a file with this text.
    fn read(toml: &str) -> Result<String, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Settings.toml");
        std::fs::write(&path, toml).unwrap();
        JwtConfig::from_file(&path).map(|config| format!("{config:?}"))
    }

    fn defaults() -> String {
        format!("{:?}", JwtConfig::new())
    }

    /// The environment wins over a file: where it has settings, the test runs in a child without them.
    fn in_clean_environment(test: &str, run: impl FnOnce()) {
        let ours: Vec<_> = std::env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| name.to_string_lossy().to_ascii_uppercase().starts_with("JWT_"))
            .collect();
        if ours.is_empty() {
            return run();
        }
        let mut child = Command::new(std::env::current_exe().unwrap());
        for name in ours {
            child.env_remove(name);
        }
        assert!(child.args(["--exact", test]).status().unwrap().success());
    }
}
