//! Who may log in.

use crate::passwords::{self, Passwords, Unverified};
use argon2::password_hash;
use argon2::password_hash::phc::PasswordHash;
use std::collections::HashMap;

/// In a real application: a table of a database. Only hashes are kept, as there.
pub struct Users {
    users: HashMap<&'static str, User>,
    /// Verified for a user who does not exist, so that the time it takes does not tell that.
    nobody: PasswordHash,
    passwords: Passwords,
}

struct User {
    password: PasswordHash,
    full_name: &'static str,
}

/// What a user's record says besides the password.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    pub username: String,
    pub full_name: String,
}

impl Users {
    /// The one user of the example: `test`, whose password is `test`.
    pub fn of_the_example() -> Result<Self, password_hash::Error> {
        let passwords = Passwords::new()?;
        let test = User { password: passwords.hash(b"test")?, full_name: "Test User" };
        Ok(Self { users: HashMap::from([("test", test)]), nobody: passwords.hash(b"")?, passwords })
    }

    pub async fn verify(&self, username: &str, password: String) -> Result<bool, Unverified> {
        if password.len() > passwords::MAX_LENGTH {
            return Ok(false);
        }
        let hash = self.users.get(username).map(|user| &user.password);
        let verified = self.passwords.verify(password, hash.unwrap_or(&self.nobody)).await?;
        Ok(verified && hash.is_some())
    }

    /// Async, as a question to a database is.
    pub async fn find(&self, username: &str) -> Option<Profile> {
        let user = self.users.get(username)?;
        Some(Profile { username: username.to_owned(), full_name: user.full_name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[actix_web::test]
    async fn an_unknown_user_costs_what_a_wrong_password_costs() {
        let users = Users::of_the_example().unwrap();
        for (username, password, expected) in [
            ("test", "test", true),
            ("test", "wrong", false),
            ("nobody", "test", false),
            // The password of the hash that stands in for nobody's.
            ("nobody", "", false),
        ] {
            let before = users.passwords.verifications.load(Ordering::Relaxed);
            assert_eq!(users.verify(username, password.to_owned()).await.unwrap(), expected, "{username} {password}");
            assert_eq!(users.passwords.verifications.load(Ordering::Relaxed), before + 1, "{username} {password}");
        }
        // The same parameters, hence the same work.
        assert_eq!(users.users["test"].password.params, users.nobody.params);
        assert_eq!(users.nobody.params.to_string(), "m=19456,t=2,p=1");
        assert_eq!(users.nobody.algorithm.as_str(), "argon2id");
    }

    #[actix_web::test]
    async fn only_known_users_are_found() {
        let users = Users::of_the_example().unwrap();
        let test = Profile { username: "test".to_owned(), full_name: "Test User".to_owned() };
        assert_eq!(users.find("test").await, Some(test));
        for username in ["Test", "nobody", ""] {
            assert_eq!(users.find(username).await, None);
        }
    }

    #[actix_web::test]
    async fn a_password_that_is_too_long_is_not_hashed() {
        let users = Users::of_the_example().unwrap();
        for username in ["test", "nobody"] {
            let password = "x".repeat(passwords::MAX_LENGTH + 1);
            assert!(!users.verify(username, password).await.unwrap());
        }
        assert_eq!(users.passwords.verifications.load(Ordering::Relaxed), 0);
    }
}
