//! Attribute patterns: `*` alone matches every name, `*x*` those that contain x, `*x` those that end with
//! it, `x*` those that begin with it; anything else matches itself only.

/// Whether `pattern` matches `name`.
pub fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        _ if pattern == "*" => true,
        (Some(rest), Some(_)) => name.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => pattern == name,
    }
}

/// Whether one of `patterns` matches `name`.
pub fn any_matches(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

/// Whether a pattern leads into the object `parent`: it matches it, or begins with its path.
pub fn leads_into(pattern: &str, parent: &str) -> bool {
    matches(pattern, parent) || pattern.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_shapes() {
        let check = |pattern, matching: &[&str], others: &[&str]| {
            matching.iter().for_each(|name| assert!(matches(pattern, name), "{pattern} {name}"));
            others.iter().for_each(|name| assert!(!matches(pattern, name), "{pattern} {name}"));
        };
        check("*", &["", "a", "a.b"], &[]);
        check("**", &["", "a"], &[]);
        check("*eur*", &["eur", "price_eur_net", "europe"], &["usd"]);
        check("*_eur", &["price_eur", "a.price_eur"], &["price_eur.net"]);
        check("price*", &["price", "prices.eur"], &["my_price"]);
        check("price", &["price"], &["price.eur", "Price"]);
        check("pr*ce", &["pr*ce"], &["price"]);
    }

    #[test]
    fn patterns_lead_into_objects() {
        assert!(leads_into("prices.eur", "prices") && leads_into("prices.*", "prices"));
        assert!(leads_into("pri*", "prices") && leads_into("*", "prices"));
        assert!(!leads_into("*_eur", "prices") && !leads_into("prices_x", "prices"));
    }
}
