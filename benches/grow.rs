//! Makes a repository with a long log: `grow FOLDER ENTRIES VALUES KEY`, for `log.sh`. Prints the root.
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
    let [folder, entries, values, key] = args.as_slice() else {
        return Err("grow FOLDER ENTRIES VALUES KEY".into());
    };
    let key = ssh_key::PrivateKey::read_openssh_file(Path::new(key))?;
    let size = growth::Size { entries: entries.parse()?, values: values.parse()? };
    println!("{}", growth::grow(Path::new(folder), &key, size));
    Ok(())
}
