//! Limits of memory for a process: a control group, or what the process itself may have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// The group, removed when dropped.
pub(crate) struct MemoryGroup {
    folder: PathBuf,
}

impl MemoryGroup {
    /// None where the system has no such groups or does not let us make one.
    pub(crate) fn make(bytes: u64) -> Option<MemoryGroup> {
        // The root of version 2, which has the controller of memory.
        let controllers = Path::new(CONTROL_GROUPS).join("cgroup.controllers");
        fs::read_to_string(controllers).ok().filter(|names| names.contains("memory"))?;
        let folder = Path::new(CONTROL_GROUPS).join(format!("quarry-memory-{}", std::process::id()));
        fs::create_dir(&folder).ok()?;
        let group = MemoryGroup { folder };
        fs::write(group.folder.join("memory.max"), bytes.to_string()).ok()?;
        // Memory pushed out to a disk would hide what is needed.
        fs::write(group.folder.join("memory.swap.max"), "0").ok();
        Some(group)
    }

    /// A shell that joins the group and becomes the program.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        let join = format!("echo $$ > '{}/cgroup.procs' && exec \"$0\" \"$@\"", self.folder.display());
        command.arg("-c").arg(join).arg(program);
        command
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // The processes in it have ended; the system forgets them a moment later.
        for _ in 0..50 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A shell that limits the memory which it may write to, its own and not that of shared files, and becomes the
/// program. Less than a control group: pages that were asked for count even when they were never touched.
pub(crate) fn data_limited(program: &Path, bytes: u64) -> Command {
    let mut command = Command::new("sh");
    let limit = format!("ulimit -d {} && exec \"$0\" \"$@\"", bytes >> 10);
    command.arg("-c").arg(limit).arg(program);
    // Otherwise the allocator asks at once for a gibibyte that it may never touch.
    command.env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
    command
}
