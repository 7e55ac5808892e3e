//! Sizes as clients asked for them.

use quarry_api::indexes::SizeFormat;
use serde_json::Value;

/// A size as a number of bytes or as text: `"16.00 KiB"`.
pub(crate) fn size(bytes: u64, format: SizeFormat) -> Value {
    match format {
        SizeFormat::Raw => Value::from(bytes),
        SizeFormat::Human => Value::from(quarry_tasks::human_size(bytes)),
    }
}
