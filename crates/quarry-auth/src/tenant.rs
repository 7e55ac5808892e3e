//! Tenant tokens: JWTs that a client signs with the value of an API key, to narrow what it may search.
//!
//! Three base64url parts joined by dots: `{"alg"}`, the claims, the signature of the first two. HS256,
//! HS384 and HS512 are known.
//!
//! Source: RFC 7519 (claims), RFC 7515 (signature).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};
use uuid::Uuid;

use crate::error::AuthError;
use crate::pattern::precision;

/// A token taken apart; its signature is not checked yet.
pub(crate) struct TenantToken<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    algorithm: Algorithm,
    pub(crate) claims: Claims,
}

#[derive(Deserialize)]
struct Header {
    alg: Algorithm,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Algorithm {
    #[serde(rename = "HS256")]
    Hs256,
    #[serde(rename = "HS384")]
    Hs384,
    #[serde(rename = "HS512")]
    Hs512,
}

/// What a token says. Other claims do not matter.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claims {
    pub(crate) api_key_uid: Uuid,
    pub(crate) search_rules: SearchRules,
    #[serde(default)]
    pub(crate) exp: Option<i64>,
}

/// Which indexes may be searched, and with which filter.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum SearchRules {
    Patterns(Vec<String>),
    Filters(BTreeMap<String, Option<Rule>>),
}

/// The rule for one pattern.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Rule {
    #[serde(default)]
    pub(crate) filter: Option<Value>,
}

impl SearchRules {
    /// The rule for an index: `None` when it may not be searched, `Some(None)` when it may without
    /// filter. The most precise pattern decides.
    pub(crate) fn rule(&self, index: &str) -> Option<Option<&Value>> {
        match self {
            SearchRules::Patterns(patterns) => {
                patterns.iter().any(|pattern| precision(pattern, index).is_some()).then_some(None)
            }
            SearchRules::Filters(rules) => {
                let covering =
                    rules.iter().filter_map(|(pattern, rule)| Some((precision(pattern, index)?, rule)));
                let (_, rule) = covering.max_by_key(|(precision, _)| *precision)?;
                Some(rule.as_ref().and_then(|rule| rule.filter.as_ref()))
            }
        }
    }

    /// The patterns, sorted.
    pub(crate) fn patterns(&self) -> Vec<String> {
        let mut patterns: Vec<String> = match self {
            SearchRules::Patterns(patterns) => patterns.clone(),
            SearchRules::Filters(rules) => rules.keys().cloned().collect(),
        };
        patterns.sort();
        patterns
    }
}

impl<'t> TenantToken<'t> {
    /// Takes a token apart. `None` when it does not look like one: then it may be an API key.
    ///
    /// # Errors
    /// `UnreadableToken` when it looks like one but its claims cannot be read.
    pub(crate) fn parse(token: &'t str) -> Option<Result<TenantToken<'t>, AuthError>> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        let (claims, signature) = (decode(claims)?, decode(signature)?);
        Some(match serde_json::from_slice::<Claims>(&claims) {
            Ok(claims) => Ok(TenantToken { signed, signature, algorithm: header.alg, claims }),
            Err(error) => Err(AuthError::UnreadableToken { detail: format!("JSON error: {error}") }),
        })
    }

    /// Checks that the token was signed with `secret`, in constant time.
    ///
    /// # Errors
    /// `UnreadableToken` when it was not.
    pub(crate) fn verify(&self, secret: &str) -> Result<(), AuthError> {
        let valid = match self.algorithm {
            Algorithm::Hs256 => self.is_signed_by::<Hmac<Sha256>>(secret),
            Algorithm::Hs384 => self.is_signed_by::<Hmac<Sha384>>(secret),
            Algorithm::Hs512 => self.is_signed_by::<Hmac<Sha512>>(secret),
        };
        if valid { Ok(()) } else { Err(AuthError::UnreadableToken { detail: "InvalidSignature".to_owned() }) }
    }

    fn is_signed_by<M: Mac + KeyInit>(&self, secret: &str) -> bool {
        let mut mac =
            <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
        mac.update(self.signed.as_bytes());
        mac.verify_slice(&self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_most_precise_rule_decides() {
        let rules: SearchRules =
            serde_json::from_value(json!({"*": {"filter": "a"}, "bo*": null, "books": {"filter": "b"}}))
                .unwrap();
        assert_eq!(rules.rule("books"), Some(Some(&json!("b"))));
        assert_eq!(rules.rule("box"), Some(None));
        assert_eq!(rules.rule("x"), Some(Some(&json!("a"))));
    }

    #[test]
    fn a_key_is_not_a_token() {
        assert!(TenantToken::parse("d0552b41").is_none());
        assert!(TenantToken::parse("a.b.c").is_none());
    }
}
