//! The types of tasks, in the order of the API's messages.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! kinds {
    ($($variant:ident => $name:literal, $number:literal;)*) => {
        /// The type of a task.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Kind {
            $($variant,)*
        }

        impl Kind {
            /// Every type, in the order in which messages list them.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Kind::$variant => $name,)*
                }
            }

            /// The number in stored keys: never changed, never reused.
            pub(crate) const fn number(self) -> u8 {
                match self {
                    $(Kind::$variant => $number,)*
                }
            }
        }
    };
}

kinds! {
    DocumentAdditionOrUpdate => "documentAdditionOrUpdate", 1;
    DocumentEdition => "documentEdition", 2;
    DocumentDeletion => "documentDeletion", 3;
    SettingsUpdate => "settingsUpdate", 4;
    IndexCreation => "indexCreation", 5;
    IndexDeletion => "indexDeletion", 6;
    IndexUpdate => "indexUpdate", 7;
    IndexSwap => "indexSwap", 8;
    TaskCancelation => "taskCancelation", 9;
    TaskDeletion => "taskDeletion", 10;
    DumpCreation => "dumpCreation", 11;
    SnapshotCreation => "snapshotCreation", 12;
    Export => "export", 13;
    UpgradeDatabase => "upgradeDatabase", 14;
    IndexCompaction => "indexCompaction", 15;
    NetworkTopologyChange => "networkTopologyChange", 16;
    DsrUpdate => "dsrUpdate", 17;
    DsrClear => "dsrClear", 18;
}

impl Kind {
    /// The types that are not tied to exactly one index: hidden as soon as indexes are asked for.
    pub const GLOBAL: &'static [Kind] = &[
        Kind::IndexSwap,
        Kind::TaskCancelation,
        Kind::TaskDeletion,
        Kind::DumpCreation,
        Kind::SnapshotCreation,
        Kind::Export,
        Kind::UpgradeDatabase,
        Kind::NetworkTopologyChange,
    ];

    /// The type with this name, whatever the case of its letters.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
