//! Quarry, through its library.

use crate::Outcome;
use crate::measure::Figures;
use crate::workload::Workload;

pub(crate) fn measure(_workload: &Workload) -> Outcome<Figures> {
    Err("not yet".into())
}
