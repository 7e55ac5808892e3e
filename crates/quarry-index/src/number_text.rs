//! Numbers as facet values show them.

/// The decimal text of a number: no exponent, and no fraction when there is none.
///
/// `1` for 1.0, `1.5`, `100000000000000000000000` for 1e23. The shortest digits that read back as the same
/// number. `-0` shows as `0`.
pub fn format(number: f64) -> String {
    // Adding zero turns -0 into 0. Display never writes an exponent.
    format!("{}", number + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let check = |number: f64, expected: &str| assert_eq!(format(number), expected);
        check(1.0, "1");
        check(1.5, "1.5");
        check(-0.0, "0");
        check(-3.25, "-3.25");
        check(0.1 + 0.2, "0.30000000000000004");
        check(1e23, "100000000000000000000000");
        check(1e-7, "0.0000001");
        check(9007199254740993.0, "9007199254740992");
    }
}
