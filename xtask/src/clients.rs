//! Published clients against a fresh build: they are installed into the build folder, not into the system.

use crate::run::{is_installed, root, run as command, target_dir};

const MASTER_KEY: &str = "a master key for the client tests";

/// The versions that the tests were written against.
const PYTHON_CLIENT: &str = "meilisearch==0.43.0";
const JAVASCRIPT_CLIENT: &str = "meilisearch@0.62.0";

/// Runs the tests of both clients; one that cannot be installed is left out, with a word.
pub(crate) fn run() -> Result<(), String> {
    if !is_installed("python3", &[]) {
        println!("SKIPPED clients: python3, which starts the server for them, is not installed");
        return Ok(());
    }
    command("cargo", &["build", "--package", "quarry"])?;
    python()?;
    javascript()
}

fn python() -> Result<(), String> {
    let folder = target_dir().join("clients").join("python").display().to_string();
    let (pip, python) = (format!("{folder}/bin/pip"), format!("{folder}/bin/python"));
    let install = command("python3", &["-m", "venv", &folder])
        .and_then(|()| command(&pip, &["install", "--quiet", "--disable-pip-version-check", PYTHON_CLIENT]));
    if let Err(error) = install {
        println!("SKIPPED the Python client: it cannot be installed here ({error})");
        return Ok(());
    }
    with_server(&[&python, &test_file("client_test.py")])
}

fn javascript() -> Result<(), String> {
    if !is_installed("npm", &[]) {
        println!("SKIPPED the JavaScript client: npm is not installed");
        return Ok(());
    }
    let folder = target_dir().join("clients").join("javascript");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let prefix = folder.display().to_string();
    let install =
        command("npm", &["install", "--silent", "--no-audit", "--prefix", &prefix, JAVASCRIPT_CLIENT]);
    if let Err(error) = install {
        println!("SKIPPED the JavaScript client: it cannot be installed here ({error})");
        return Ok(());
    }
    // Modules are looked for beside the file that imports them.
    let test = folder.join("client_test.mjs");
    std::fs::copy(test_file("client_test.mjs"), &test).map_err(|error| error.to_string())?;
    with_server(&["node", &test.display().to_string()])
}

fn test_file(name: &str) -> String {
    root().join("tests").join("clients").join(name).display().to_string()
}

fn with_server(test: &[&str]) -> Result<(), String> {
    let binary = target_dir().join("debug").join("quarry").display().to_string();
    let server = test_file("server.py");
    command("python3", &[&[server.as_str(), &binary, MASTER_KEY], test].concat())
}
