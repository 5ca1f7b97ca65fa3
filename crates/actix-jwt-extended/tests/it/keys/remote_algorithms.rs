//! Signatures as an HSM or a KMS gives them, of every algorithm that has a key pair.

use crate::app::builder;
use actix_jwt_extended::keys::{
    Algorithm, SignRequest, Signer, SignerFuture, SigningKey, VerifyingKey, ecdsa_signature_from_der,
};
use actix_jwt_extended::{JwtConfig, JwtManager};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, ML_DSA_44_SIGNING, PqdsaKeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};

macro_rules! keys {
    ($name:literal) => {
        (
            pem::parse(include_str!(concat!("../../keys/", $name, ".pem"))).unwrap().into_contents(),
            include_str!(concat!("../../keys/", $name, ".pub.pem")),
        )
    };
}

/// Another provider's signature.
type Sign = Box<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

struct Kms {
    sign: Sign,
    digest: Option<usize>,
    gives_der: bool,
}

impl Signer for Kms {
    fn sign<'a>(&'a self, request: SignRequest<'a>) -> SignerFuture<'a, Vec<u8>> {
        assert_eq!(request.digest().map(|digest| digest.len()), self.digest);
        let signature = (self.sign)(request.signing_input());
        let signature =
            if self.gives_der { ecdsa_signature_from_der(request.algorithm(), &signature) } else { Ok(signature) };
        Box::pin(async { signature })
    }
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, der: &[u8]) -> Sign {
    let pair = EcdsaKeyPair::from_private_key_der(algorithm, der).unwrap();
    Box::new(move |input| pair.sign(&SystemRandom::new(), input).unwrap().as_ref().to_vec())
}

fn rsa(encoding: &'static dyn RsaEncoding) -> Sign {
    let pair = RsaKeyPair::from_pkcs8(&keys!("rsa2048").0).unwrap();
    Box::new(move |input| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), input, &mut signature).unwrap();
        signature
    })
}

fn manager(algorithm: Algorithm, kms: Kms, public_key: &str) -> JwtManager {
    let public_key = VerifyingKey::from_pem(&[algorithm], public_key).unwrap();
    let key = SigningKey::remote(algorithm, kms, public_key).unwrap();
    builder(JwtConfig::new()).signing_key(key).build().unwrap()
}

/// Often, because every second number of DER has a byte more, and every 256th one less.
#[actix_web::test]
async fn ecdsa_signatures_in_der_become_those_of_jose() {
    use Algorithm::{ES256, ES384, ES512};
    for (algorithm, signing, (private, public), digest, times) in [
        (ES256, &ECDSA_P256_SHA256_ASN1_SIGNING, keys!("ec256"), 32, 600),
        (ES384, &ECDSA_P384_SHA384_ASN1_SIGNING, keys!("ec384"), 48, 60),
        (ES512, &ECDSA_P521_SHA512_ASN1_SIGNING, keys!("ec521"), 64, 60),
    ] {
        let kms = Kms { sign: ecdsa(signing, &private), digest: Some(digest), gives_der: true };
        let jwt = manager(algorithm, kms, public);
        for user in 0..times {
            let token = jwt.create_access_token_async(user).await.unwrap();
            assert_eq!(jwt.decode_token(&token).unwrap().header().algorithm(), algorithm);
        }
    }
}

#[actix_web::test]
async fn other_signatures_are_taken_as_they_are() {
    use Algorithm::{Ed25519, EdDSA, MlDsa44, PS256, PS384, PS512, RS256, RS384, RS512};
    let rsa_key = keys!("rsa2048").1;
    let (ed_key, ed_public) = keys!("ed25519");
    let (ml_key, ml_public) = keys!("mldsa44");
    let eddsa = || -> Sign {
        let pair = Ed25519KeyPair::from_pkcs8(&ed_key).unwrap();
        Box::new(move |input| pair.sign(input).as_ref().to_vec())
    };
    let pair = PqdsaKeyPair::from_pkcs8(&ML_DSA_44_SIGNING, &ml_key).unwrap();
    let ml_dsa: Sign = Box::new(move |input| {
        let mut signature = vec![0; pair.algorithm().signature_len()];
        pair.sign(input, &mut signature).unwrap();
        signature
    });
    for (algorithm, sign, public_key, digest) in [
        (RS256, rsa(&RSA_PKCS1_SHA256), rsa_key, Some(32)),
        (RS384, rsa(&RSA_PKCS1_SHA384), rsa_key, Some(48)),
        (RS512, rsa(&RSA_PKCS1_SHA512), rsa_key, Some(64)),
        (PS256, rsa(&RSA_PSS_SHA256), rsa_key, Some(32)),
        (PS384, rsa(&RSA_PSS_SHA384), rsa_key, Some(48)),
        (PS512, rsa(&RSA_PSS_SHA512), rsa_key, Some(64)),
        (EdDSA, eddsa(), ed_public, None),
        (Ed25519, eddsa(), ed_public, None),
        (MlDsa44, ml_dsa, ml_public, None),
    ] {
        let jwt = manager(algorithm, Kms { sign, digest, gives_der: false }, public_key);
        let token = jwt.create_access_token_async("ada").await.unwrap();
        assert_eq!(jwt.decode_token(&token).unwrap().header().algorithm(), algorithm, "{algorithm}");
        assert_eq!(jwt.get_unverified_jwt_headers(&token).unwrap()["alg"], algorithm.to_string());
    }
}
