//! Texts that look like something else hide nothing: what decodes never stands in for the bytes that there are.

use std::io::Write as _;

use crate::support::Repo;

use super::guarded::{blocked, judged, keeping, line, repo, stage, token};

const PHRASE: &str = "kQ7-plume-anchor-93";

/// A text in letters of two bytes.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The same of four.
fn wider(text: &str) -> Vec<u8> {
    text.chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect()
}

#[test]
fn a_mark_or_a_beginning_of_another_encoding_hides_nothing() {
    let repo = keeping();
    let secret = format!("phrase: {PHRASE}\n{}", line(1));
    let many = format!("{:300}", "# a text of words");
    let beginnings: [&[u8]; 6] =
        [b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xff\xfe", b"\xfe\xff", &wide(&many), &wider(&many)];
    for begins in beginnings {
        stage(&repo, "a.txt", [begins, b"\n", secret.as_bytes()].concat());
        blocked(&repo, "a.txt:2:9  managed-value");
        blocked(&repo, "a.txt:3:10  github-pat");
    }
    // The other way round, as shells of two kinds that write to one file leave it.
    for written in [wide(&secret), wider(&secret), [b"x", wide(&secret).as_slice()].concat()] {
        stage(&repo, "a.txt", [b"a text of words\n", written.as_slice()].concat());
        let outcome = judged(&repo);
        assert_eq!(outcome.code, 1, "{outcome}");
        for rule in ["managed-value", "github-pat"] {
            assert_eq!(outcome.stderr.matches(rule).count(), 1, "{rule}: {outcome}");
        }
    }
}

#[test]
fn a_tar_is_looked_at_with_its_headers_and_what_fills_it() {
    let repo = repo();
    let mut text = format!("{}{}", line(1), "a line of words\n".repeat(60)).into_bytes();
    text[257..262].copy_from_slice(b"ustar");
    stage(&repo, "ustar.txt", text);
    blocked(&repo, "ustar.txt:1");
    let tarred = |owner: &str| {
        let mut header = tar::Header::new_ustar();
        header.set_size(1);
        header.set_username(owner).unwrap();
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_data(&mut header, "one", &b"1"[..]).unwrap();
        builder.into_inner().unwrap()
    };
    let mut filled = tarred("ana");
    let secret = line(2);
    filled[513..513 + secret.len()].copy_from_slice(secret.as_bytes());
    let keeping = keeping();
    for (repo, path, bytes) in [
        (&repo, "filled.tar", filled.clone()),
        (&keeping, "own.tar", tarred(PHRASE)),
        (&keeping, "own.tgz", gzipped(&tarred(PHRASE))),
    ] {
        stage(repo, path, bytes);
        blocked(repo, &format!("{path}:1"));
        repo.git(&["reset", "-q", "--hard"]).done();
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn of_two_archives_in_one_both_are_unpacked() {
    let repo = repo();
    let zipped = |name: &str, text: &str| {
        let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        packed.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        packed.write_all(text.repeat(3).as_bytes()).unwrap();
        packed.finish().unwrap().into_inner()
    };
    stage(&repo, "two.zip", [zipped("a.env", &line(1)), zipped("b.env", "nothing\n")].concat());
    blocked(&repo, "two.zip!/a.env:1");
}

#[test]
fn a_large_file_that_must_be_sealed_is_told_though_it_is_gone_again() {
    let repo = keeping();
    let sealed = |repo: &Repo| repo.run("scan --range HEAD~2..HEAD");
    stage(&repo, "secrets/dev.txt", format!("pw: x\n{}", "a line of words\n".repeat(600_000)));
    repo.git(&["commit", "-q", "--no-verify", "-m", "too much"]).done();
    repo.git(&["rm", "-q", "secrets/dev.txt"]).done();
    repo.git(&["commit", "-q", "--no-verify", "-m", "gone again"]).done();
    let told = sealed(&repo);
    assert_eq!(told.code, 1, "{told}");
    assert!(told.stdout.contains("secrets/dev.txt:1:1  plaintext"), "{told}");
}

#[test]
fn old_lines_that_come_together_are_news() {
    let repo = keeping();
    let (one, other) = PHRASE.split_at(9);
    stage(&repo, "k.py", format!("x = '{one}' \\\nBETWEEN THEM\n  '{other}'\n"));
    judged(&repo).done();
    repo.git(&["commit", "-q", "-m", "apart"]).done();
    stage(&repo, "k.py", format!("x = '{one}' \\\n  '{other}'\n"));
    blocked(&repo, "k.py:1");
    repo.git(&["commit", "-q", "--no-verify", "-m", "together"]).done();
    stage(&repo, "k.py", format!("# new\nx = '{one}' \\\n  '{other}'\n"));
    judged(&repo).done();
}

#[test]
fn findings_of_all_files_are_told_up_to_a_number_and_counted_beyond() {
    let repo = repo();
    let many: String = (0..6_000).map(line).collect();
    for file in ["a.log", "b.log", "c.log"] {
        stage(&repo, file, &many);
    }
    let outcome = repo.run("hook run");
    assert_eq!(outcome.code, 1);
    let last: String = outcome.stderr.lines().rev().take(6).collect::<Vec<_>>().join("\n");
    assert_eq!(outcome.stderr.matches("  github-pat").count(), 10_000, "{last}");
    assert!(outcome.stderr.contains("8000 findings are not listed"), "{last}");
    assert!(outcome.stderr.contains("18000 plaintext secrets are"), "{last}");
    assert!(!outcome.stderr.contains(&token(1)));
}
