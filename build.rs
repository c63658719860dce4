//! Turns the rules of `src/scan/rules` into a table, so that no run has to parse them, and leaves their
//! examples out. A test reads the same files with the reader that users' rules go through.
#![expect(clippy::disallowed_methods, reason = "a build reads its sources")]

#[path = "src/scan/shape.rs"]
mod shape;

use std::error::Error;
use std::fmt::Write as _;
use std::{env, fs};

use toml::{Table, Value};

const RULES: &str = "src/scan/rules";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={RULES}");
    let mut paths: Vec<_> = fs::read_dir(RULES)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut table =
        String::from("/// The rules of `src/scan/rules`.\npub(super) const OURS: &[Known] = &[\n");
    let mut sources =
        String::from("#[cfg(test)]\npub(super) const SOURCES: &[(&str, &str)] = &[\n");
    for path in paths {
        println!("cargo::rerun-if-changed={}", path.display());
        let file: Table = fs::read_to_string(&path)?.parse()?;
        let rules = file.get("rules").and_then(Value::as_array).ok_or("a file without rules")?;
        for rule in rules {
            known(rule, &mut table)?;
        }
        let full = fs::canonicalize(&path)?;
        writeln!(sources, "({:?}, include_str!({:?})),", path.display().to_string(), full)?;
    }
    fs::write(format!("{}/rules.rs", env::var("OUT_DIR")?), table + "];\n" + &sources + "];\n")?;
    Ok(())
}

/// Writes one rule as a value of the type `Known` of `src/scan/rule.rs`.
fn known(rule: &Value, to: &mut String) -> Result<(), Box<dyn Error>> {
    let text = |field: &str| rule.get(field).and_then(Value::as_str);
    let needed = |field: &str| text(field).ok_or_else(|| format!("a rule without `{field}`"));
    let list = |field: &str| -> Vec<&str> {
        let items = rule.get(field).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).collect()
    };
    let entropy = rule.get("entropy").map(|bits| {
        bits.as_float().or_else(|| bits.as_integer().map(|bits| bits as f64)).unwrap_or_default()
    });
    let level = |field: &str| match text(field) {
        None => Ok(None),
        Some("block") => Ok(Some("Level::Block")),
        Some("warn") => Ok(Some("Level::Warn")),
        Some(_) => Err("a rule's level is neither `block` nor `warn`"),
    };
    let in_tests = level("level-in-tests")?.map_or("None".to_owned(), |it| format!("Some({it})"));
    writeln!(to, "    Known {{")?;
    writeln!(to, "        id: {:?},", needed("id")?)?;
    writeln!(to, "        description: {:?},", needed("description")?)?;
    writeln!(to, "        keywords: &{:?},", list("keywords"))?;
    writeln!(to, "        pattern: {:?},", needed("pattern")?)?;
    writeln!(
        to,
        "        shape: super::shape::{:?},",
        shape(needed("pattern")?, &list("keywords"))?
    )?;
    writeln!(to, "        entropy: {entropy:?},")?;
    writeln!(to, "        random: {},", rule.get("random").and_then(Value::as_bool) == Some(true))?;
    writeln!(to, "        checksum: {:?},", text("checksum"))?;
    writeln!(to, "        paths: &{:?},", list("paths"))?;
    writeln!(to, "        except: &{:?},", list("except"))?;
    writeln!(to, "        level: {},", level("level")?.unwrap_or("Level::Block"))?;
    writeln!(to, "        level_in_tests: {in_tests},\n    }},")?;
    Ok(())
}

fn shape(pattern: &str, keywords: &[&str]) -> Result<shape::Shape, Box<dyn Error>> {
    let mut parser = regex_syntax::ParserBuilder::new();
    let parsed = parser.utf8(false).unicode(false).build().parse(pattern)?;
    let shape = shape::Shape::of(&parsed);
    Ok(if shape::is_inside(pattern, keywords) { shape } else { shape.anywhere() })
}
