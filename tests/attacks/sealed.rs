//! Cases of files that people wrote and sealed: values in clear, comments, empty values, other formats.

use std::io::Write as _;

use tenure::log::entry::{Kind, Op};

use super::{Estate, Pen};

const ENV: &str = "secrets/prod.env";
const YAML: &str = "secrets/prod.yaml";

/// An estate whose prod.env was written by ben and sealed.
fn written(policy: impl Fn(&str) -> String, files: &[(&str, &str)]) -> Estate {
    let estate = Estate::with_policy(policy);
    for (path, text) in files {
        estate.write(path, text);
        estate.by("ben", &format!("-y seal {path}")).run().done();
    }
    estate
}

#[test]
fn case_7_empty_values_that_are_attested() {
    let yaml = "a: null\nb: \"\"\nc: {}\nd: []\ne:\n";
    let files = [(ENV, "DB_URL=hunter2-two\nX=\n"), (YAML, yaml)];
    let estate = written(str::to_owned, &files);
    estate.attacked(5, &["missing"], |e| e.edit(ENV, |text| text.replace("X=\n", "")));
    estate.attacked(5, &["missing"], |e| e.edit(ENV, |text| text.replace("X=\n", "Y=\n")));
    for key in ["a", "b", "c", "d", "e"] {
        let begins = format!("{key}:");
        estate.attacked(5, &["missing"], |e| {
            e.edit(YAML, |text| {
                let kept = text.lines().filter(|line| !line.starts_with(&begins));
                kept.map(|line| format!("{line}\n")).collect()
            });
        });
        estate.attacked(5, &["missing"], |e| {
            e.edit(YAML, |text| text.replace(&begins, &format!("{key}{key}:")));
        });
    }
}

#[test]
fn case_9_values_that_the_policy_leaves_in_clear() {
    let clear = |text: &str| {
        text.replace("[environments.prod]\n", "[environments.prod]\nclear = [\"HOST\", \"PORT\"]\n")
    };
    let estate = written(clear, &[(ENV, "HOST=example1\nPORT=23\nDB_URL=hunter2-two\n")]);
    assert!(estate.read(ENV).starts_with("HOST=example1\nPORT=23\nDB_URL=sealed.v1."));
    estate.attacked(5, &["altered"], |e| e.edit(ENV, |text| text.replace("PORT=23", "PORT=24")));
    estate.attacked(5, &["missing"], |e| e.edit(ENV, |text| text.replace("PORT=", "PORTS=")));
    estate.attacked(5, &["altered"], |e| {
        e.edit(ENV, |text| text.replace("example1\nPORT=23", "example\nPORT=123"));
    });
}

#[test]
fn case_11_tokens_of_comments_and_of_values() {
    let text = "# about hunter2\nDB_URL=hunter2-two\n# the other\nAPI_KEY=hunter2-api\n";
    let estate = written(str::to_owned, &[(ENV, text)]);
    let lines: Vec<_> = estate.read(ENV).lines().map(str::to_owned).collect();
    let comment = lines[0].trim_start_matches("# ").to_owned();
    let value = lines[1].trim_start_matches("DB_URL=").to_owned();
    assert!(comment.starts_with("sealed.v1.") && value.starts_with("sealed.v1."));
    estate.attacked(5, &["altered"], |e| e.edit(ENV, |text| text.replace(&value, &comment)));
    estate.edit(ENV, |text| text.replace(&format!("{}\n", lines[2]), ""));
    estate.honest();
}

#[test]
fn case_13_the_old_line_of_a_value_that_was_unset() {
    let estate = Estate::new();
    let text = estate.read(ENV);
    let old = text.lines().find(|line| line.starts_with("API_KEY=")).unwrap().to_owned();
    estate.by("ben", "-y unset prod/API_KEY").run().done();
    estate.attacked(5, &["unattested"], |e| e.edit(ENV, |text| format!("{text}{old}\n")));
}

#[test]
fn case_35_an_rsa_key_of_3072_bits_signs() {
    let estate = Estate { repo: crate::support::Repo::new() };
    estate.make_keys();
    let keygen = crate::support::stock("ssh-keygen").unwrap();
    let args = ["-q", "-t", "rsa", "-b", "3072", "-N", "", "-f"];
    estate.repo.command(keygen).args(&args).arg(estate.key("rsa")).run().done();
    let ben = estate.public("ben");
    let rsa = estate.public("rsa");
    let text = estate.policy_text().replacen(
        &format!("signing-keys = [\"{ben}\"]"),
        &format!("signing-keys = [\"{ben}\", \"{rsa}\"]"),
        1,
    );
    estate.begin(&text);
    estate.set("ben", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    let kind = estate.attesting(Op::Adopt, &["prod/secrets/prod.env#DB_URL"]);
    estate.sign(estate.draft("ben", kind), &Pen::of("rsa"));
    estate.honest();
}

#[test]
fn case_48_new_readers_are_no_new_value() {
    let estate = Estate::new();
    let estate = Estate { repo: estate.repo.at("2026-05-01") };
    let late = |e: &Estate| {
        let checked = e.by("ana", "--json check -e prod").run();
        assert_eq!(checked.code, 1, "{checked}");
        assert!(super::says(&checked, "overdue"), "{checked}");
    };
    late(&estate);
    estate.by("ben", "-y rekey -e prod --reseal").run().done();
    late(&estate);
}

#[test]
fn case_61_an_exception_for_a_managed_path_or_value() {
    let estate = Estate::new();
    let allow = |e: &Estate| {
        let lines =
            ["[[allow]]", "rule = \"*\"", "path = \"secrets/prod.env\"", "reason = \"fine\""];
        e.write(".secrets/allow.toml", lines.join("\n"));
    };
    estate.attacked(1, &["plaintext"], |e| {
        allow(e);
        e.edit(ENV, |text| format!("{text}X=evil\n"));
    });
    estate.attacked(5, &["altered"], |e| {
        allow(e);
        e.edit(ENV, |text| {
            let line = text.lines().find(|line| line.starts_with("DB_URL=")).unwrap();
            text.replace(line, "DB_URL=hunter2-two")
        });
    });
}

#[test]
fn case_70_an_anchor_moved_and_one_defined_twice() {
    let text = "one: &base\n  a: 1\n  b: 2\ntwo:\n  a: 3\n  b: 4\nthree:\n  <<: *base\n  c: 5\n";
    let path = "secrets/prod.anchor.yaml";
    let estate = written(str::to_owned, &[(ENV, "DB_URL=hunter2-two\n"), (path, text)]);
    assert!(estate.read(path).contains("<<: *base"), "{}", estate.read(path));
    estate.attacked(5, &["altered", "its anchor or tag is gone"], |e| {
        e.edit(path, |text| text.replace("one: &base", "one:").replace("two:", "two: &base"));
    });
    estate.attacked(5, &["altered"], |e| {
        e.edit(path, |text| text.replace("two:", "two: &base"));
    });
    // Twice in one file from the start: readers differ on it, so it is sealed whole.
    let twice = "one: &base 1\ntwo: &base 2\nthree: *base\n";
    let estate = written(str::to_owned, &[(ENV, "DB_URL=hunter2-two\n"), (path, twice)]);
    assert!(estate.read(path).starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    estate.honest();
}

#[test]
fn case_73_a_variable_that_steers_loaders() {
    let estate = Estate::new();
    estate.honest();
    for name in ["LD_PRELOAD", "PATH", "NODE_OPTIONS", "DYLD_INSERT_LIBRARIES", "GIT_SSH"] {
        estate.set("ben", &format!("prod/secrets/prod.env#{name}"), "hunter2-steers");
        estate.by("ana", "check").run().done();
        let run = estate.by("ana", "run -e prod -- echo started").run();
        assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
        assert!(run.stderr.contains(name), "{run}");
        assert!(!run.stderr.contains("hunter2"), "{run}");
        estate.by("ben", &format!("-y unset prod/{name}")).run().done();
    }
    estate.honest();
    let allowed = Estate::with_policy(|text| {
        let line = "[environments.prod]\n";
        text.replace(line, &format!("{line}allow-env = [\"GIT_SSH\"]\n"))
    });
    allowed.set("ben", "prod/secrets/prod.env#GIT_SSH", "hunter2-steers");
    let run = allowed.by("ana", "run -e prod -- echo started").run();
    assert_eq!((run.code, run.stdout.as_str()), (0, "started\n"), "{run}");
}

/// What another process of the same user can read of one: its variables, and all its readable memory.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_types, reason = "memory is read here and there, not as a whole file")]
fn readable(pid: u32) -> Vec<u8> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let proc = std::path::PathBuf::from(format!("/proc/{pid}"));
    let mut seen = std::fs::read(proc.join("environ")).unwrap_or_default();
    let maps = std::fs::read_to_string(proc.join("maps")).unwrap_or_default();
    let Ok(mut memory) = std::fs::File::open(proc.join("mem")) else { return seen };
    for line in maps.lines().filter(|line| line.split(' ').nth(1).unwrap().starts_with('r')) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        if memory.seek(SeekFrom::Start(from)).is_ok() {
            let _end = std::io::Read::by_ref(&mut memory).take(to - from).read_to_end(&mut seen);
        }
    }
    seen
}

#[cfg(target_os = "linux")]
#[test]
fn case_74_what_another_process_reads_of_a_running_program() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};
    let estate = Estate::new();
    estate.honest();
    let identity = std::fs::read_to_string(estate.key("ana")).unwrap();
    // Not the first line nor the last: those are in every key.
    let marker = identity.lines().nth(3).unwrap().as_bytes().to_vec();
    let holds = |seen: &[u8]| seen.windows(marker.len()).any(|window| window == marker);
    let script = "echo ready; read line; exit 0";
    let start = |mut command: Command| {
        command.env("TENURE_IDENTITY", &identity);
        let child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        child
    };
    let end = |mut child: Child| {
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(child.wait().unwrap().success());
    };
    let args = ["--now", estate.repo.now(), "run", "-e", "prod", "--", "sh", "-c", script];
    let child = start(estate.repo.command(env!("CARGO_BIN_EXE_tenure")).args(&args).raw());
    let seen = readable(child.id());
    assert!(seen.windows(11).any(|it| it == b"hunter2-two"), "its own values are there");
    assert!(!holds(&seen), "the identity can be read");
    end(child);
    // The same look finds it in a program that was started with it.
    let sh = crate::support::stock("sh").unwrap();
    let plain = start(estate.repo.command(sh).args(&["-c", script]).raw());
    assert!(holds(&readable(plain.id())), "this look finds nothing anyway");
    end(plain);
}

#[test]
fn case_75_a_broken_line_in_a_file_of_dated_values() {
    let dated =
        |text: &str| format!("{text}\n[[secrets]]\nmatch = \"prod/KEY_*\"\ntype = \"api-key\"\n");
    let lines: Vec<_> = (0..20).map(|at| format!("KEY_{at:02}: value-{at}\n")).collect();
    let files = [(ENV, "DB_URL=hunter2-two\n"), (YAML, &lines.concat())];
    let estate = written(dated, &files);
    let deadlines = |e: &Estate| {
        let listed = e.by("ana", "--json list -e prod").run().json();
        let rows = listed["secrets"].as_array().unwrap().clone().into_iter();
        rows.map(|row| (row["key"].to_string(), row["due"].to_string())).collect::<Vec<_>>()
    };
    let (before, sealed, entries) = (deadlines(&estate), estate.read(YAML), estate.log().len());
    assert_eq!(before.iter().filter(|(_, due)| due == "\"2026-04-01\"").count(), 21, "{before:?}");
    estate.attacked(5, &["altered", "can no longer be read"], |e| {
        e.edit(YAML, |text| format!("{text}broken: [\n"));
        let refused = e.by("ben", &format!("-y seal {YAML}")).run();
        assert_eq!(refused.code, 2, "{refused}");
    });
    // Opened, broken, and to be sealed again.
    estate.by("ben", &format!("open --in-place {YAML}")).run().done();
    estate.edit(YAML, |text| format!("{text}broken: [\n"));
    let open = estate.read(YAML);
    let refused = estate.by("ben", &format!("-y seal {YAML}")).run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("--whole"), "{refused}");
    assert_eq!((estate.read(YAML), estate.log().len()), (open, entries));
    estate.edit(YAML, |text| text.replace("broken: [\n", ""));
    estate.by("ben", &format!("-y seal {YAML}")).run().done();
    assert_eq!((deadlines(&estate), estate.read(YAML)), (before, sealed));
    estate.honest();
}

#[test]
fn a_keyring_wrapped_for_as_many_others_is_not_the_one_that_was_signed() {
    let estate = Estate::new();
    let wrapped = |e: &Estate, edit: &dyn Fn(&str) -> String, sign: bool| {
        let text = edit(&e.read(".secrets-policy.toml"));
        let policy = tenure::policy::Policy::parse(&text).unwrap();
        let old = e.list(".secrets/keys/prod").remove(0);
        let record = e.keyring(&policy, &"prod".parse().unwrap());
        let made = format!(".secrets/keys/prod/{}.age", record.generation);
        if sign {
            let kind = Kind::Seal { files: Vec::new(), keyrings: vec![record] };
            e.sign(e.draft("ana", kind), &Pen::of("ana"));
        } else {
            std::fs::rename(e.repo.path().join(&made), e.repo.path().join(&old)).unwrap();
        }
    };
    let (one, other) = (estate.public("deploy"), estate.public("mallory"));
    let edit = |text: &str| text.replace(&one, &other);
    estate.attacked(5, &["altered", "not the one that was signed"], |e| wrapped(e, &edit, false));
    // Signed by somebody entitled, for the readers that the policy names, it stands beside the first.
    wrapped(&estate, &str::to_owned, true);
    estate.by("ana", "check").run().done();
}

#[test]
fn a_policy_text_that_lies_under_another_name_is_found() {
    Estate::new().attacked(5, &["policy-altered", "not those of its name"], |e| {
        let name = "0".repeat(64);
        e.write(&format!(".secrets/policies/{name}.toml"), e.read(".secrets-policy.toml"));
    });
}
