//! What the guard looks into: archives, large files, encodings, sealed files; and what it says that it leaves out.

use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use crate::attacks::Estate;
use crate::support::Repo;

use super::guarded::{blocked, judged, keeping, line, repo, stage, token};

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A ZIP archive in which nothing is made smaller.
fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::CompressionMethod::Stored;
    let options = zip::write::SimpleFileOptions::default().compression_method(stored);
    for (name, bytes) in files {
        packed.start_file(*name, options).unwrap();
        packed.write_all(bytes).unwrap();
    }
    packed.finish().unwrap().into_inner()
}

/// Bytes that look like nothing and do not become smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as u8
    };
    (0..length).map(next).collect()
}

#[test]
fn gzip_and_tar_are_unpacked_and_members_are_told_by_their_names() {
    let repo = repo();
    let secret = line(1);
    let files: [(&str, &[u8]); 2] = [("a/readme", b"nothing\n"), ("b/app.env", secret.as_bytes())];
    stage(&repo, "plain.tar", tarred(&files));
    stage(&repo, "dist.tgz", gzipped(&tarred(&files)));
    stage(&repo, "logs/app.log.gz", gzipped(format!("one\n{secret}").as_bytes()));
    stage(&repo, "deep.tgz", gzipped(&tarred(&[("in.gz", &gzipped(secret.as_bytes()))])));
    let named = format!("of-{}", token(2));
    stage(&repo, "name.tgz", gzipped(&tarred(&[(&named, b"nothing\n")])));
    for place in [
        "plain.tar!/b/app.env:1",
        "dist.tgz!/b/app.env:1",
        "logs/app.log.gz!/app.log:2",
        "deep.tgz!/in.gz!/in:1",
        "name.tgz!/of-ghp_… (its name)",
    ] {
        blocked(&repo, place);
    }
    repo.git(&["reset", "-q", "--hard"]).done();
    stage(&repo, "clean.tgz", gzipped(&tarred(&files[..1])));
    let clean = judged(&repo).done();
    assert!(!clean.stderr.contains("not looked into"), "{clean}");
}

#[test]
fn what_is_not_looked_into_is_said_and_blocks_nothing() {
    let repo = repo();
    let secret = line(1);
    let broken = gzipped(secret.as_bytes());
    stage(&repo, "a.bz2", b"BZh91AY&SY");
    stage(&repo, "b.gz", b"\x1f\x8b\x08\0rest");
    stage(&repo, "c.zip", b"PK\x03\x04 and nothing else");
    stage(&repo, "d.zip", zipped(&[("noise", &noise(17 << 20))]));
    let said = judged(&repo).done();
    for line in [
        "not looked into  a.bz2 is compressed in a way that is not undone",
        "not looked into  b.gz is damaged",
        "not looked into  c.zip is damaged",
        "not looked into  d.zip is an archive too large to be unpacked",
    ] {
        assert!(said.stderr.contains(line), "{line}: {said}");
    }
    let json = repo.run("hook run --json").done().json();
    assert_eq!(json["secrets"]["skipped"].as_array().unwrap().len(), 4, "{json}");
    // What can be read of it counts.
    stage(&repo, "b.gz", &broken[..broken.len() - 8]);
    blocked(&repo, "b.gz!/b:1");
}

#[test]
fn a_zip_archive_of_some_megabytes_is_unpacked_too() {
    let repo = repo();
    let deflated = |name: &str, bytes: &[u8]| {
        let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
        packed.start_file("noise", zip::write::SimpleFileOptions::default()).unwrap();
        packed.write_all(&noise(9 << 20)).unwrap();
        packed.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap().into_inner()
    };
    stage(&repo, "large.jar", deflated("conf/app.env", line(1).repeat(3).as_bytes()));
    blocked(&repo, "large.jar!/conf/app.env:1");
    let far = [noise(100 << 10), deflated("a.env", line(1).as_bytes()), noise(100 << 10)].concat();
    stage(&repo, "large.jar", far);
    let said = judged(&repo);
    assert!(said.code == 1 || said.stderr.contains("not looked into  large.jar"), "{said}");
}

#[test]
fn an_old_finding_in_a_large_file_is_no_news() {
    let repo = repo();
    let lines = "a line of words that say nothing at all\n".repeat(230_000);
    let old = format!("{lines}{}", line(1));
    stage(&repo, "large.log", &old);
    repo.git(&["commit", "-q", "--no-verify", "-m", "it is in already"]).done();
    stage(&repo, "large.log", format!("one more\n{old}and one\n"));
    judged(&repo).done();
    repo.git(&["commit", "-q", "--no-verify", "-m", "more of it"]).done();
    repo.run("scan --range HEAD~1..HEAD").done();
    stage(&repo, "large.log", format!("one more\n{old}and one\n{}", line(2)));
    let outcome = judged(&repo);
    assert_eq!(outcome.code, 1, "{outcome}");
    let places = outcome.stderr.matches("large.log:").count();
    assert!(outcome.stderr.contains("large.log:230004:") && places == 2, "{outcome}");
    // Nothing of it stood there in what was small.
    stage(&repo, "small.log", "small\n");
    repo.git(&["reset", "-q", "large.log"]).done();
    repo.git(&["commit", "-q", "-m", "small"]).done();
    stage(&repo, "small.log", &old);
    blocked(&repo, "small.log:230001");
}

#[test]
fn text_of_four_bytes_a_letter_is_read_and_so_is_text_behind_a_marker() {
    let repo = keeping();
    let wide = |text: &str, to: fn(u32) -> [u8; 4]| -> Vec<u8> {
        text.chars().flat_map(|letter| to(u32::from(letter))).collect()
    };
    let text = format!("one\n{}", line(1));
    stage(&repo, "a.txt", wide(&format!("\u{feff}{text}"), u32::to_be_bytes));
    blocked(&repo, "a.txt:2");
    stage(&repo, "a.txt", wide(&text, u32::to_le_bytes));
    blocked(&repo, "a.txt:2");
    stage(&repo, "a.txt", wide("phrase: kQ7-plume-anchor-93\n", u32::to_le_bytes));
    blocked(&repo, "a.txt:1:33  managed-value");
    stage(&repo, "a.txt", format!("age-encryption.org/v1\n-> X25519 abc\n{text}"));
    blocked(&repo, "a.txt:4");
}

#[test]
fn a_value_of_several_lines_is_found_however_they_are_laid_out_and_by_what_is_secret_in_it() {
    let repo = keeping();
    let settings = "server: vpn.acme.example\nuser: svc\nphrase: umbrella teapot violin harbour\n";
    let object = r#"{"type":"service","client":"abc-991","password":"zebra-quokka-44-lamp"}"#;
    for (key, value) in [("dev/VPN", settings), ("dev/API", object), ("dev/PIN", "ab-1x\ncd-2y\n")]
    {
        repo.tenure_fed(&["set", key], value).done();
    }
    repo.commit("set");
    for text in [
        settings.replace('\n', "\r\n"),
        settings.lines().map(|line| format!("    # {line}\n")).collect(),
        "it is umbrella teapot violin harbour\n".to_owned(),
        object.replace(':', ": ").replace(',', ",\n    "),
        "pin=zebra-quokka-44-lamp\n".to_owned(),
        "codes:\n  - ab-1x\n  - cd-2y\n".to_owned(),
    ] {
        stage(&repo, "a.txt", &text);
        blocked(&repo, "managed-value");
    }
    let others = "user: svc\nserver: vpn.acme.example\n{\"type\": \"service\"}\n- ab-1x\n";
    stage(&repo, "a.txt", others);
    repo.run("hook run").done();
}

/// Sets values in a file of each format, and one that is a file.
const PLACES: [&str; 7] = [
    "a.env#API_KEY",
    "a.yaml#db.password",
    "a.json#token",
    "a.toml#db.secret",
    "a.ini#api.key",
    "a.properties#password",
    "a.pem",
];

#[test]
fn sealed_files_and_our_own_are_searched_and_nothing_is_found() {
    let estate = Estate::with_policy(|text| text.replace("secrets/dev.*", "secrets/dev/**"));
    for (number, place) in PLACES.iter().enumerate() {
        estate.set("ana", &format!("dev/secrets/dev/{place}"), &format!("{}-x", token(number)));
    }
    estate.git("add --all");
    for line in ["hook run", "scan", "scan --staged"] {
        let outcome = estate.by("nobody", line).run();
        assert_eq!(outcome.code, 0, "{line}: {outcome}");
        assert!(!outcome.to_string().contains("dev/a."), "{line}: {outcome}");
    }
    let frozen = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/v1/repository/.");
    let repo = Repo::new();
    let copied = std::process::Command::new("cp").arg("-a").arg(frozen).arg(repo.path()).status();
    assert!(copied.unwrap().success());
    let found = repo.run("scan").done();
    assert!(found.stdout.contains("nothing found"), "{found}");
}

#[test]
fn what_a_policy_leaves_in_clear_is_searched_and_no_exception_covers_it() {
    let clear = "[environments.dev]\nclear = [\"HOST\", \"COPY\"]\n";
    let estate = Estate::with_policy(|text| text.replacen("[environments.dev]\n", clear, 1));
    estate.set("ana", "dev/secrets/dev.env#KEY", &token(1));
    let text = estate.read("secrets/dev.env");
    estate.write("secrets/dev.env", format!("{text}HOST={}\n", token(2)));
    estate.by("ana", "seal secrets/dev.env -y").run().done();
    estate.git("add --all");
    for line in ["hook run", "scan", "scan --staged"] {
        let outcome = estate.by("ana", line).run();
        let said = outcome.to_string();
        assert_eq!(outcome.code, 1, "{line}: {outcome}");
        assert!(said.contains("secrets/dev.env:2:6  github-pat"), "{line}: {outcome}");
        assert!(said.contains("`clear`") && said.contains("tenure seal secrets/dev.env"), "{said}");
        assert!(!said.contains(&token(2)), "{line}");
    }
    estate.commit("in clear");
    assert_eq!(estate.by("ana", "scan --history").run().code, 1);
    let refused = estate.by("ana", "allow secrets/dev.env:2 --reason fine").run();
    assert_ne!(refused.code, 0, "{refused}");
    let hash = tenure::names::Sha256::of(token(2).as_bytes());
    let allow = format!(
        "[[allow]]\nrule = \"github-pat\"\npath = \"secrets/dev.env\"\ntext = \"{hash}\"\nreason = \"fine\"\n"
    );
    estate.write(".secrets/allow.toml", allow);
    assert_eq!(estate.by("ana", "scan").run().code, 1);
    // What must not stand there at all is told once, as that.
    estate.remove(".secrets/allow.toml");
    estate.write("secrets/dev.env", format!("OTHER={}\n", token(3)));
    let outcome = estate.by("ana", "scan").run();
    assert_eq!(outcome.stdout.matches("secrets/dev.env:1").count(), 1, "{outcome}");
    assert!(outcome.stdout.contains("plaintext"), "{outcome}");
}

#[test]
fn a_folder_outside_of_git_may_hold_anything() {
    let repo = Repo::new();
    let folder = repo.folder().join("loose");
    fs::create_dir_all(folder.join("below")).unwrap();
    fs::write(folder.join("below/a.txt"), line(1)).unwrap();
    symlink("nowhere", folder.join("dangling")).unwrap();
    symlink("loop", folder.join("loop")).unwrap();
    symlink("..", folder.join("below/up")).unwrap();
    symlink(token(2), folder.join("says")).unwrap();
    let _socket = UnixListener::bind(folder.join("socket")).unwrap();
    let pipe = repo.command("mkfifo").arg(folder.join("pipe")).run();
    pipe.done();
    let scan = |path: &std::path::Path| repo.tenure(&["scan", &path.display().to_string()]);
    let found = scan(&folder);
    assert_eq!(found.code, 1, "{found}");
    for line in [
        "loose/below/a.txt:1:10  ",
        "loose/says:1:1  ",
        "loose/socket is no file",
        "loose/pipe is no file",
    ] {
        assert!(found.stdout.contains(line), "{line}: {found}");
    }
    assert_eq!(scan(&folder.join("pipe")).done().stdout.matches("is no file").count(), 1);
    assert!(scan("/dev/zero".as_ref()).done().stdout.contains("/dev/zero is no file"));
    assert!(scan(&folder.join("loop")).done().stdout.contains("loop leads nowhere"));
    symlink("below", folder.join("to")).unwrap();
    assert_eq!(scan(&folder.join("to")).code, 1, "a link that is named is followed");
    // One that is there and cannot be read is no end of it.
    let memory = std::path::Path::new("/proc/self/mem");
    if memory.exists() {
        assert!(scan(memory).done().stdout.contains("cannot be read"));
    }
}
