//! A token in the subprotocols that a WebSocket client offers (RFC 6455 §4.1).

use actix_web::http::header::{HeaderMap, HeaderValue, SEC_WEBSOCKET_PROTOCOL, UPGRADE};

pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// The item after `bearer`.
pub(super) fn find(headers: &HeaderMap) -> Option<&[u8]> {
    let mut items = offered(headers);
    items.find(|item| is_bearer(item))?;
    items.next().filter(|token| !token.is_empty())
}

/// The protocol to answer with, as the client spelt it: a browser drops a connection whose answer
/// names none of the protocols that it offered.
pub(crate) fn answer(headers: &HeaderMap) -> Option<HeaderValue> {
    offered(headers).find(|item| is_bearer(item)).and_then(|item| HeaderValue::from_bytes(item).ok())
}

fn offered(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = is_upgrade(headers).then(|| headers.get_all(SEC_WEBSOCKET_PROTOCOL)).into_iter().flatten();
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

fn is_bearer(item: &[u8]) -> bool {
    item.eq_ignore_ascii_case(b"bearer")
}
