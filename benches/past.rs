//! Makes a history for `exposure.sh`: `past COMMITS KEY FOLDER` writes what `git fast-import` reads, and a key of
//! each person's, into the folder. Prints the root.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench stands outside of the program"
)]

#[path = "../tests/exposed/history.rs"]
mod history;

use std::error::Error;
use std::path::Path;

use age::secrecy::ExposeSecret as _;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [commits, key, folder] = args.as_slice() else {
        return Err("past COMMITS KEY FOLDER".into());
    };
    let key = ssh_key::PrivateKey::read_openssh_file(Path::new(key))?;
    let (built, stream) = history::written(key, commits.parse()?);
    let folder = Path::new(folder);
    std::fs::write(folder.join("stream"), stream)?;
    for (name, key) in &built.people {
        std::fs::write(folder.join(format!("{name}.txt")), key.to_string().expose_secret())?;
    }
    eprintln!("{} values", built.values.len());
    println!("{}", built.root);
    Ok(())
}
