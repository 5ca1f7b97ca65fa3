//! The example `pkcs11` with a real token of SoftHSM 2.
//!
//! SoftHSM finds its tokens by an environment variable, and is once in a process: so each test is run in a process of its own.

#[path = "../../../examples/pkcs11.rs"]
#[allow(dead_code, reason = "the server has no user here")]
mod example;

use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::{JwtConfig, JwtError, JwtManager};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeInfo, AttributeType, ObjectClass};
use example::{Hsm, HsmSigner, MODULE};
use futures_util::future::join_all;
use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const PIN: &str = "correct horse";

#[test]
fn a_key_that_cannot_be_read_signs() {
    in_a_token("keys::pkcs11::a_key_that_cannot_be_read_signs", |pkcs11| {
        let hsm = Hsm::open(&pkcs11, PIN).unwrap();
        let public_key = hsm.public_key().unwrap();
        {
            use AttributeType::{AlwaysSensitive, Extractable, NeverExtractable, Sensitive, Value};
            let session = hsm.logged_in.lock().unwrap();
            let facts = session.get_attributes(hsm.key, &[Sensitive, AlwaysSensitive, Extractable, NeverExtractable]);
            let expected = [
                Attribute::Sensitive(true),
                Attribute::AlwaysSensitive(true),
                Attribute::Extractable(false),
                Attribute::NeverExtractable(true),
            ];
            assert_eq!(facts.unwrap(), expected);
            assert_eq!(session.get_attributes(hsm.key, &[Value]).unwrap(), [], "nobody reads it");
            assert!(matches!(session.get_attribute_info(hsm.key, &[Value]).unwrap()[..], [AttributeInfo::Sensitive]));
        }
        let jwt = example::manager(hsm).unwrap();
        let others = JwtManager::new(JwtConfig::new().algorithm(Algorithm::ES256).public_key(&*public_key)).unwrap();
        actix_web::rt::System::new().block_on(async {
            let tokens = join_all((0..40).map(|user| jwt.create_access_token_async(user))).await;
            for (user, token) in tokens.into_iter().enumerate() {
                let token = others.decode_token(&token.unwrap()).unwrap();
                assert_eq!((&*token.identity(), token.header().key_id()), (&*user.to_string(), Some("hsm-2026")));
            }
        });
    });
}

#[test]
fn the_key_is_there_after_a_restart_and_503_when_it_is_gone() {
    in_a_token("keys::pkcs11::the_key_is_there_after_a_restart_and_503_when_it_is_gone", |pkcs11| {
        let public_key = Hsm::open(&pkcs11, PIN).unwrap().public_key().unwrap();
        let refused = Hsm::open(&pkcs11, "wrong battery").err().unwrap();
        let told = format!("{refused} {refused:?}");
        assert!(told.contains("PinIncorrect") && !told.contains("battery") && !told.contains("horse"), "{told}");

        let hsm = Arc::new(Hsm::open(&pkcs11, PIN).unwrap());
        assert_eq!(hsm.public_key().unwrap(), public_key);
        let verifying = VerifyingKey::from_pem(&[Algorithm::ES256], &public_key).unwrap();
        let key = SigningKey::remote(Algorithm::ES256, HsmSigner(Arc::clone(&hsm)), verifying).unwrap();
        let builder = JwtManager::builder(JwtConfig::new()).token_store(MemoryStore::new());
        let jwt = builder.signing_key(key.clone()).build().unwrap();
        actix_web::rt::System::new().block_on(async {
            key.check().await.unwrap();
            let pair = jwt.start_session("ada").await.unwrap();
            assert!(jwt.decode_token(&pair.access_token).is_ok() && jwt.decode_token(&pair.refresh_token).is_ok());
            hsm.logged_in.lock().unwrap().destroy_object(hsm.key).unwrap();
            let error = jwt.start_session("ada").await.unwrap_err();
            assert!(matches!(error, JwtError::Signer(_)) && error.status() == 503, "{error:?}");
            assert_eq!(jwt.sessions("ada").await.unwrap().len(), 1);
            assert!(jwt.decode_token(&pair.access_token).is_ok());
        });
        let session = hsm.logged_in.lock().unwrap();
        assert_eq!(session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]).unwrap(), []);
    });
}

/// Runs the test that calls it, by its name, with an empty token of its own.
#[allow(clippy::print_stderr, reason = "somebody should know")]
fn in_a_token(test: &str, run: impl FnOnce(Pkcs11)) {
    const INSIDE: &str = "TEST_IS_IN_ITS_OWN_PROCESS";
    if !Path::new(MODULE).exists() {
        assert!(env::var_os("CI").is_none(), "softhsm2 is not installed");
        eprintln!("skipped: softhsm2 is not installed");
        return;
    }
    if env::var_os(INSIDE).is_some() {
        let pkcs11 = Pkcs11::new(MODULE).unwrap();
        pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
        return run(pkcs11);
    }
    let folder = tempfile::tempdir().unwrap();
    let (tokens, settings) = (folder.path().join("tokens"), folder.path().join("softhsm2.conf"));
    std::fs::create_dir(&tokens).unwrap();
    std::fs::write(&settings, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display())).unwrap();
    let mut own = Command::new(env::current_exe().unwrap());
    let output = own.args(["--exact", test]).envs([(INSIDE, "1")]).env("SOFTHSM2_CONF", settings).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}\n{errors}");
}
