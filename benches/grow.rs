//! Makes a repository with a long log: `grow FOLDER ENTRIES VALUES KEY [plain|readers POLICIES]`, for `log.sh` and
//! `policies.sh`. Prints the root.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench stands outside of the program"
)]

#[path = "../tests/support/growth.rs"]
mod growth;

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ([folder, entries, values, key], steps) = (match args.as_slice() {
        [rest @ .., "plain", steps] => (rest, growth::Steps::Plain(steps.parse()?)),
        [rest @ .., "readers", steps] => (rest, growth::Steps::Readers(steps.parse()?)),
        rest => (rest, growth::Steps::Few),
    }) else {
        return Err("grow FOLDER ENTRIES VALUES KEY [plain|readers POLICIES]".into());
    };
    let key = ssh_key::PrivateKey::read_openssh_file(Path::new(key))?;
    let size = growth::Size { entries: entries.parse()?, values: values.parse()?, steps };
    println!("{}", growth::grow(Path::new(folder), &key, size));
    Ok(())
}
