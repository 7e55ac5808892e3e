//! Words near each other: pairs in the order of the text, 1 to 3 positions apart in one field.

use crate::extract::difference::DocumentKeys;
use crate::extract::words::Occurrence;
use crate::family::{Family, pair_second};

/// Largest distance of a pair.
const DISTANCE_MAX: u16 = 3;

/// Pushes the pairs of a document; of one pair every distance, the smallest of which will be kept.
pub(crate) fn push(occurrences: &[Occurrence], out: &mut DocumentKeys) {
    for (place, left) in occurrences.iter().enumerate() {
        for right in &occurrences[place + 1..] {
            // Positions ascend in a field; the next field begins at 0 again.
            let distance = match right.position.checked_sub(left.position) {
                Some(distance) if right.field == left.field && distance <= DISTANCE_MAX => distance,
                _ => break,
            };
            if distance > 0 {
                out.push(Family::WordPair, left.word, pair_second(right.word, distance as u8));
            }
        }
    }
}
