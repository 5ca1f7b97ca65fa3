//! What a signature costs with each library of cryptography that could be behind this library: verified and made, with
//! keys prepared once, in turns in one run. `cargo run --release --bin backends` prints the tables of CONTRIBUTING.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// As long as what a token of Flask-JWT-Extended's claims signs.
const MESSAGE: [u8; 300] = [b'x'; 300];
const SECRET: &[u8] = b"a secret that is long enough for SHA-512: 0123456789 abcdef ghijklmnop qrstuvwxyz";

const ROUNDS: usize = 61;
const SLICE: Duration = Duration::from_millis(4);

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("../../../actix-jwt-extended/tests/keys/", $name, ".pem"))
    };
}

fn main() {
    println!("| verify | RustCrypto | ring | AWS-LC |\n| --- | ---: | ---: | ---: |");
    for (name, verify, _) in algorithms() {
        row(name, verify);
    }
    println!("\n| sign | RustCrypto | ring | AWS-LC |\n| --- | ---: | ---: | ---: |");
    for (name, _, sign) in algorithms() {
        row(name, sign);
    }
}

/// RustCrypto's, ring's, AWS-LC's.
type Works = [Box<dyn FnMut()>; 3];

fn algorithms() -> Vec<(&'static str, Works, Works)> {
    vec![hs256(), hs384(), hs512(), es256(), es384(), eddsa(), rs256(), ps256()]
}

fn row(name: &str, mut works: Works) {
    let mut times = vec![Vec::new(); works.len()];
    for _ in 0..ROUNDS {
        for (work, times) in works.iter_mut().zip(&mut times) {
            let (begin, mut runs) = (Instant::now(), 0_u32);
            while begin.elapsed() < SLICE {
                (0..8).for_each(|_| work());
                runs += 8;
            }
            times.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(runs));
        }
    }
    let medians = times.iter_mut().map(|times| {
        times.sort_by(f64::total_cmp);
        match times[times.len() / 2] {
            short if short < 10_000.0 => format!("{short:.0} ns"),
            long => format!("{:.1} µs", long / 1000.0),
        }
    });
    println!("| {name} | {} |", medians.collect::<Vec<_>>().join(" | "));
}

fn work(mut work: impl FnMut() + 'static) -> Box<dyn FnMut()> {
    // Once, so that one that fails says so before anything is measured.
    work();
    Box::new(work)
}

/// What was made is looked at by nobody.
fn done<T>(_: T) {}

macro_rules! hmac {
    ($function:ident, $name:literal, $hash:ty, $algorithm:ident) => {
        fn $function() -> (&'static str, Works, Works) {
            use hmac::{Hmac, KeyInit as _, Mac as _};
            let state = Hmac::<$hash>::new_from_slice(SECRET).unwrap();
            let tag = state.clone().chain_update(MESSAGE).finalize().into_bytes().to_vec();
            let ours = ring::hmac::Key::new(ring::hmac::$algorithm, SECRET);
            let theirs = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::$algorithm, SECRET);
            let (ours_too, theirs_too, state_too) = (ours.clone(), theirs.clone(), state.clone());
            let [a, b, c] = [tag.clone(), tag.clone(), tag];
            let verify: Works = [
                work(move || state.clone().chain_update(black_box(MESSAGE)).verify_slice(&a).unwrap()),
                work(move || ring::hmac::verify(&ours, black_box(&MESSAGE), &b).unwrap()),
                work(move || aws_lc_rs::hmac::verify(&theirs, black_box(&MESSAGE), &c).unwrap()),
            ];
            let sign: Works = [
                work(move || done(black_box(state_too.clone().chain_update(black_box(MESSAGE)).finalize()))),
                work(move || done(black_box(ring::hmac::sign(&ours_too, black_box(&MESSAGE))))),
                work(move || done(black_box(aws_lc_rs::hmac::sign(&theirs_too, black_box(&MESSAGE))))),
            ];
            ($name, verify, sign)
        }
    };
}

hmac!(hs256, "HS256", sha2::Sha256, HMAC_SHA256);
hmac!(hs384, "HS384", sha2::Sha384, HMAC_SHA384);
hmac!(hs512, "HS512", sha2::Sha512, HMAC_SHA512);

fn der(pem: &str) -> Vec<u8> {
    use rsa::pkcs8::der::pem::decode_vec;
    decode_vec(pem.as_bytes()).unwrap().1
}

/// All but RustCrypto's: the same calls for both, with the public key's bytes and the private key as PKCS #8.
macro_rules! others {
    ($pair:expr, $aws_pair:expr, $verification:ident, $public:expr, $sign:expr, $aws_sign:expr) => {{
        let (pair, aws_pair, public) = ($pair, $aws_pair, $public);
        let (signature, aws_signature) = ($sign(&pair), $aws_sign(&aws_pair));
        let key = ring::signature::UnparsedPublicKey::new(&ring::signature::$verification, public.clone());
        let aws_key = aws_lc_rs::signature::ParsedPublicKey::new(&aws_lc_rs::signature::$verification, public).unwrap();
        (
            work(move || key.verify(black_box(&MESSAGE), AsRef::<[u8]>::as_ref(&signature)).unwrap()),
            work(move || aws_key.verify_sig(black_box(&MESSAGE), AsRef::<[u8]>::as_ref(&aws_signature)).unwrap()),
            work(move || done(black_box($sign(&pair)))),
            work(move || done(black_box($aws_sign(&aws_pair)))),
        )
    }};
}

macro_rules! ecdsa {
    ($function:ident, $name:literal, $curve:ident, $pem:literal, $signing:ident, $verification:ident) => {
        fn $function() -> (&'static str, Works, Works) {
            use $curve::ecdsa::signature::{Signer as _, Verifier as _};
            use $curve::ecdsa::{Signature, SigningKey, VerifyingKey};
            use $curve::pkcs8::DecodePrivateKey as _;
            let own = SigningKey::from_pkcs8_pem(pem!($pem)).unwrap();
            let public = VerifyingKey::from(&own);
            let point = public.to_encoded_point(false).as_bytes().to_vec();
            let signature: Signature = own.sign(&MESSAGE);
            let random = ring::rand::SystemRandom::new();
            let aws_random = aws_lc_rs::rand::SystemRandom::new();
            let (ring_verify, aws_verify, ring_sign, aws_sign) = others!(
                ring::signature::EcdsaKeyPair::from_pkcs8(&ring::signature::$signing, &der(pem!($pem)), &random)
                    .unwrap(),
                aws_lc_rs::signature::EcdsaKeyPair::from_pkcs8(&aws_lc_rs::signature::$signing, &der(pem!($pem)))
                    .unwrap(),
                $verification,
                point,
                |pair: &ring::signature::EcdsaKeyPair| pair.sign(&ring::rand::SystemRandom::new(), &MESSAGE).unwrap(),
                |pair: &aws_lc_rs::signature::EcdsaKeyPair| pair.sign(&aws_random, &MESSAGE).unwrap()
            );
            let verify = work(move || public.verify(black_box(&MESSAGE), &signature).unwrap());
            let sign = work(move || done(black_box::<Signature>(own.sign(&MESSAGE))));
            ($name, [verify, ring_verify, aws_verify], [sign, ring_sign, aws_sign])
        }
    };
}

ecdsa!(es256, "ES256", p256, "ec256", ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256_SHA256_FIXED);
ecdsa!(es384, "ES384", p384, "ec384", ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED);

fn eddsa() -> (&'static str, Works, Works) {
    use ed25519_dalek::pkcs8::DecodePrivateKey as _;
    use ed25519_dalek::{Signer as _, SigningKey, Verifier as _};
    let own = SigningKey::from_pkcs8_pem(pem!("ed25519")).unwrap();
    let public = own.verifying_key();
    let signature = own.sign(&MESSAGE);
    let (ring_verify, aws_verify, ring_sign, aws_sign) = others!(
        ring::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der(pem!("ed25519"))).unwrap(),
        aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der(pem!("ed25519"))).unwrap(),
        ED25519,
        public.to_bytes().to_vec(),
        |pair: &ring::signature::Ed25519KeyPair| pair.sign(&MESSAGE),
        |pair: &aws_lc_rs::signature::Ed25519KeyPair| pair.sign(&MESSAGE)
    );
    let verify = work(move || public.verify(black_box(&MESSAGE), &signature).unwrap());
    let sign = work(move || done(black_box(own.sign(&MESSAGE))));
    ("EdDSA", [verify, ring_verify, aws_verify], [sign, ring_sign, aws_sign])
}

macro_rules! rsa {
    ($function:ident, $name:literal, $module:ident, $encoding:ident, $verification:ident) => {
        fn $function() -> (&'static str, Works, Works) {
            use rsa::pkcs1::EncodeRsaPublicKey as _;
            use rsa::pkcs8::DecodePrivateKey as _;
            use rsa::sha2::Sha256;
            use rsa::signature::{Keypair as _, RandomizedSigner as _, Verifier as _};
            let own = rsa::RsaPrivateKey::from_pkcs8_pem(pem!("rsa2048")).unwrap();
            let public_der = own.to_public_key().to_pkcs1_der().unwrap().as_bytes().to_vec();
            let own = rsa::$module::SigningKey::<Sha256>::new(own);
            let public = own.verifying_key();
            let mut random = rsa::rand_core::OsRng;
            let signature = own.sign_with_rng(&mut random, &MESSAGE);
            let (ring_verify, aws_verify, ring_sign, aws_sign) = others!(
                ring::signature::RsaKeyPair::from_pkcs8(&der(pem!("rsa2048"))).unwrap(),
                aws_lc_rs::signature::RsaKeyPair::from_pkcs8(&der(pem!("rsa2048"))).unwrap(),
                $verification,
                public_der,
                |pair: &ring::signature::RsaKeyPair| {
                    let mut signature = vec![0; pair.public().modulus_len()];
                    let random = ring::rand::SystemRandom::new();
                    pair.sign(&ring::signature::$encoding, &random, &MESSAGE, &mut signature).unwrap();
                    signature
                },
                |pair: &aws_lc_rs::signature::RsaKeyPair| {
                    let mut signature = vec![0; pair.public_modulus_len()];
                    let random = aws_lc_rs::rand::SystemRandom::new();
                    pair.sign(&aws_lc_rs::signature::$encoding, &random, &MESSAGE, &mut signature).unwrap();
                    signature
                }
            );
            let verify = work(move || public.verify(black_box(&MESSAGE), &signature).unwrap());
            let sign = work(move || done(black_box(own.sign_with_rng(&mut random, &MESSAGE))));
            ($name, [verify, ring_verify, aws_verify], [sign, ring_sign, aws_sign])
        }
    };
}

rsa!(rs256, "RS256", pkcs1v15, RSA_PKCS1_SHA256, RSA_PKCS1_2048_8192_SHA256);
rsa!(ps256, "PS256", pss, RSA_PSS_SHA256, RSA_PSS_2048_8192_SHA256);
