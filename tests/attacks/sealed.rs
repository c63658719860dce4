//! Cases of files that people wrote and sealed: values in clear, comments, empty values, other formats.

use tenure::log::entry::Op;

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
fn case_75_a_broken_line_in_a_file_of_dated_values() {
    let estate = Estate::new();
    let before = estate.log().len();
    estate.edit(YAML, |text| format!("{text}  broken: [\n"));
    let refused = estate.by("ben", &format!("-y seal {YAML}")).run();
    assert!(matches!(refused.code, 2 | 5), "{refused}");
    assert_eq!(estate.log().len(), before);
}
