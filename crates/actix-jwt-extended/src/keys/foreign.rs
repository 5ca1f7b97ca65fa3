//! Kinds of keys that sign no token, or none that is known here: named, with the way out.

use super::der;

/// What is wrong with a key of such a kind, in whichever form: PKCS#8, SPKI, or SEC 1. `None` = it is none of them.
pub(super) fn reason(der: &[u8]) -> Option<String> {
    let (id, parameters) = algorithm(der)?;
    let only_agrees = |kind: &str| format!("is an {kind} key, which agrees on secrets and cannot sign; {ED25519}");
    Some(match id {
        EC_PUBLIC_KEY => return curve_reason(parameters),
        [0x2b, 0x65, 0x6e] => only_agrees("X25519"),
        [0x2b, 0x65, 0x6f] => only_agrees("X448"),
        [0x2b, 0x65, 0x71] => format!("is an Ed448 key, which is not supported; {ED25519}"),
        DSA => format!("is a DSA key, which no algorithm of tokens takes; {P256}"),
        PKCS_DH | X942_DH => format!("is a Diffie-Hellman key, which agrees on secrets and cannot sign; {P256}"),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04, ..] => {
            "is an ML-KEM key, which agrees on secrets and cannot sign; make an ML-DSA one".to_owned()
        }
        _ => return None,
    })
}

/// Of a PEM block whose label says it.
pub(super) fn reason_of_label(label: &str) -> Option<String> {
    matches!(label, "DSA PRIVATE KEY" | "DSA PUBLIC KEY")
        .then(|| format!("is a DSA key, which no algorithm of tokens takes; {P256}"))
}

const P256: &str =
    "make one for ES256 with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out jwt.pem`";
const ED25519: &str = "make one for EdDSA with `openssl genpkey -algorithm ED25519 -out jwt.pem`";

const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const PKCS_DH: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01];
const X942_DH: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3e, 0x02, 0x01];

/// The object ID of the key's algorithm, and its parameters.
fn algorithm(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let content = der::whole_sequence(der)?;
    if let Some((algorithm, _)) = der::tagged(content, der::SEQUENCE) {
        return der::tagged(algorithm, der::OBJECT_ID);
    }
    let (_version, rest) = der::tagged(content, der::INTEGER)?;
    if let Some((algorithm, _)) = der::tagged(rest, der::SEQUENCE) {
        return der::tagged(algorithm, der::OBJECT_ID);
    }
    // RFC 5915 §3: the curve is [0] behind the private key.
    let (_private, rest) = der::tagged(rest, der::OCTETS)?;
    let (parameters, _) = der::tagged(rest, 0xa0)?;
    Some((EC_PUBLIC_KEY, parameters))
}

fn curve_reason(parameters: &[u8]) -> Option<String> {
    let Some((curve, _)) = der::tagged(parameters, der::OBJECT_ID) else {
        let named = "name it with `openssl ec -in FILE -param_enc named_curve -out jwt.pem` (-pubin for a public key)";
        return Some(format!("is an EC key that describes its curve instead of naming it; {named}"));
    };
    let name = match curve {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] | [0x2b, 0x81, 0x04, 0x00, 0x22 | 0x23] => return None,
        [0x2b, 0x81, 0x04, 0x00, 0x0a] => "secp256k1 (ES256K)",
        [0x2b, 0x24, 0x03, 0x03, 0x02, ..] => "a Brainpool curve",
        _ => "a curve that is not supported",
    };
    Some(format!("is an EC key on {name}, and ES256, ES384 and ES512 need P-256, P-384 and P-521; {P256}"))
}
