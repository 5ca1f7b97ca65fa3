//! What a token must be allowed to do: scopes (RFC 6749 §3.3, RFC 9068) and roles.

use serde_json::{Map, Value};

/// The claim that holds a token's scopes, separated by spaces (RFC 8693 §4.2).
const SCOPE_CLAIM: &str = "scope";
/// The same as a list, as some issuers write it.
const SCOPE_LIST_CLAIM: &str = "scp";
/// The claim that holds a token's roles (RFC 9068 §2.2.3.1).
const ROLES_CLAIM: &str = "roles";

/// Scopes and roles that a request needs; empty = none.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccessPolicy {
    /// Alternatives (OR) of scopes that are all needed (AND).
    scopes: Vec<Vec<String>>,
    /// One of these roles is needed.
    roles: Option<Vec<String>>,
}

impl AccessPolicy {
    pub(crate) fn is_open(&self) -> bool {
        self.scopes.is_empty() && self.roles.is_none()
    }

    pub(crate) fn allow_scopes(&mut self, scopes: &str) {
        self.scopes.push(scopes.split_ascii_whitespace().map(str::to_owned).collect());
    }

    pub(crate) fn allow_roles(&mut self, roles: Vec<String>) {
        self.roles.get_or_insert_with(Vec::new).extend(roles);
    }

    /// Whether these claims satisfy the policy. An empty alternative satisfies nobody.
    pub(crate) fn admits(&self, claims: &Map<String, Value>) -> bool {
        let scopes_ok = self.scopes.is_empty()
            || self.scopes.iter().any(|all| !all.is_empty() && all.iter().all(|scope| holds_scope(claims, scope)));
        let roles_ok = self.roles.as_ref().is_none_or(|any| any.iter().any(|role| holds_role(claims, role)));
        scopes_ok && roles_ok
    }

    /// The first alternative, for the `scope` attribute of the challenge (RFC 6750 §3).
    pub(crate) fn challenge_scope(&self) -> Option<String> {
        self.scopes.first().map(|all| all.join(" "))
    }
}

/// Scopes are the words of `scope`, or the items of `scp` (or either in the other's form).
fn holds_scope(claims: &Map<String, Value>, scope: &str) -> bool {
    [SCOPE_CLAIM, SCOPE_LIST_CLAIM].into_iter().filter_map(|name| claims.get(name)).any(|value| match value {
        Value::String(text) => text.split_ascii_whitespace().any(|word| word == scope),
        other => lists(other, scope),
    })
}

/// Roles are the items of a list, or one string, whole: a role's name may contain spaces.
fn holds_role(claims: &Map<String, Value>, role: &str) -> bool {
    match claims.get(ROLES_CLAIM) {
        Some(Value::String(text)) => text == role,
        Some(other) => lists(other, role),
        None => false,
    }
}

fn lists(value: &Value, text: &str) -> bool {
    value.as_array().is_some_and(|items| items.iter().any(|item| item.as_str() == Some(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn admits(policy: &AccessPolicy, claims: Value) -> bool {
        policy.admits(claims.as_object().unwrap())
    }

    #[test]
    fn scopes_are_all_needed_and_alternatives_suffice() {
        let mut policy = AccessPolicy::default();
        assert!(admits(&policy, json!({})));
        policy.allow_scopes("read write");
        assert!(admits(&policy, json!({"scope": "write other read"})));
        assert!(admits(&policy, json!({"scp": ["read", "write"]})));
        assert!(!admits(&policy, json!({"scope": "read"})));
        assert!(!admits(&policy, json!({"scope": "readwrite"})));
        assert!(!admits(&policy, json!({"scope": 7})));
        assert!(!admits(&policy, json!({})));
        policy.allow_scopes("admin");
        assert!(admits(&policy, json!({"scope": "admin"})));
        assert_eq!(policy.challenge_scope().as_deref(), Some("read write"));
    }

    #[test]
    fn one_role_suffices_and_an_empty_list_admits_nobody() {
        let mut policy = AccessPolicy::default();
        policy.allow_roles(vec!["admin".into(), "editor".into()]);
        assert!(admits(&policy, json!({"roles": ["editor"]})));
        assert!(admits(&policy, json!({"roles": "admin"})));
        assert!(!admits(&policy, json!({"roles": ["administrator"]})));
        assert!(!admits(&policy, json!({"roles": "not admin"})));
        assert!(!admits(&policy, json!({"roles": {"admin": true}})));

        let mut nobody = AccessPolicy::default();
        nobody.allow_roles(Vec::new());
        assert!(!admits(&nobody, json!({"roles": ["admin"]})));
        let mut nobody = AccessPolicy::default();
        nobody.allow_scopes("  ");
        assert!(!admits(&nobody, json!({"scope": ""})));
    }
}
