//! The name that was probably meant, for names that do not exist.

/// Longest name, in characters, for which a suggestion is sought: the comparison is quadratic in it.
const LONGEST_NAME: usize = 64;

/// The candidate closest to `name`, if it is one or two typing errors away (one in names under five characters).
///
/// A typing error is a character inserted, deleted, replaced, or swapped with its neighbour. Of several equally close
/// candidates the first wins.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.chars().take(LONGEST_NAME + 1).collect();
    if name.len() > LONGEST_NAME {
        return None;
    }
    let errors_max = if name.len() < 5 { 1 } else { 2 };
    let mut closest: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().take(LONGEST_NAME + 1).collect();
        if letters.len().abs_diff(name.len()) > errors_max {
            continue;
        }
        let distance = edit_distance(&name, &letters);
        if distance <= errors_max && closest.is_none_or(|(best, _)| distance < best) {
            closest = Some((distance, candidate));
        }
    }
    closest.map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance: three rows of the usual table, the third back for swaps.
fn edit_distance(left: &[char], right: &[char]) -> usize {
    let mut before_previous = vec![0; right.len() + 1];
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (i, &a) in left.iter().enumerate() {
        let mut current = vec![i + 1; right.len() + 1];
        for (j, &b) in right.iter().enumerate() {
            let replaced = previous[j] + usize::from(a != b);
            current[j + 1] = replaced.min(previous[j + 1] + 1).min(current[j] + 1);
            if i > 0 && j > 0 && a == right[j - 1] && left[i - 1] == b {
                current[j + 1] = current[j + 1].min(before_previous[j - 1] + 1);
            }
        }
        before_previous = previous;
        previous = current;
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(did_you_mean(name, candidates.iter().copied()), expected, "{name}");
    }

    #[test]
    fn suggests_close_names_only() {
        check("upp", &["up", "web"], Some("up"));
        check("none", &["up", "web"], None);
        check("colour", &["color", "title"], Some("color"));
        check("ba", &["ab"], Some("ab"));
        check("provided", &["userProvided", "regenerate"], None);
        check("fragment", &["fragments", "userProvided"], Some("fragments"));
        check("a", &[], None);
    }
}
