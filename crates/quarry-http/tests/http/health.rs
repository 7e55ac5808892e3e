//! `GET /health` says available only while searches are served and tasks run.

use serde_json::json;

use crate::support::TestServer;

#[test]
fn a_server_whose_tasks_never_run_is_not_available() {
    let server = TestServer::new();
    assert_eq!(server.get("/health").expect(200), json!({"status": "available"}));
    server.end_scheduler();
    let error = server.get("/health").expect(500);
    assert_eq!(error["code"], "internal");
    assert!(error["message"].as_str().unwrap().contains("runs tasks has ended"), "{error}");
}
