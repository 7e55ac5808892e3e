//! The version of the database folder: the text of its `VERSION` file.

/// The version that this program writes and reads: that of the API it serves.
pub const DATABASE_VERSION: &str = "1.50.0";

/// `major.minor.patch` of a version.
pub(crate) fn version_text(version: [u32; 3]) -> String {
    let [major, minor, patch] = version;
    format!("{major}.{minor}.{patch}")
}

/// The numbers of a `major.minor.patch` text.
pub(crate) fn parse_version(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.trim().split('.').map(|part| part.parse().ok());
    let version = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(parse_version("1.50.0\n"), Some([1, 50, 0]));
        assert_eq!(parse_version("1.50"), None);
        assert_eq!(parse_version("1.50.0.1"), None);
        assert_eq!(parse_version("one"), None);
        assert!(parse_version(DATABASE_VERSION).is_some());
    }
}
