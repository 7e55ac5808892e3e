//! Records of tasks: any bytes give a task or an error; a task that is read is written and read the same, and can be
//! shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_tasks::{Task, TaskContent};

fuzz_target!(|record: &[u8]| {
    if let Ok(content) = serde_json::from_slice::<TaskContent>(record) {
        let written = serde_json::to_vec(&content).expect("contents can be written");
        let read = serde_json::from_slice::<TaskContent>(&written).expect("what was written can be read");
        assert_eq!(read, content);
        let _ = (content.kind(), content.index_uid().map(str::len), content.index_uids().len());
    }
    let Ok(task) = serde_json::from_slice::<Task>(record) else { return };
    let written = serde_json::to_vec(&task).expect("tasks can be written");
    let read = serde_json::from_slice::<Task>(&written).expect("what was written can be read");
    assert_eq!(read, task);
    let _ = serde_json::to_vec(&task.view()).expect("a view is JSON");
});
