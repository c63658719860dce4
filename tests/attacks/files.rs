//! Cases 1 to 15: sealed files.

use super::Estate;

const ENV: &str = "secrets/prod.env";

/// Exchanges what follows `=` in two lines of a dotenv file.
fn exchanged(text: &str, one: &str, two: &str) -> String {
    let value = |key: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{key}="))).unwrap();
        line.split_once('=').unwrap().1.to_owned()
    };
    let (a, b) = (value(one), value(two));
    text.replace(&a, "@").replace(&b, &a).replace('@', &b)
}

#[test]
fn case_1_a_file_made_with_age_for_the_public_recipient() {
    let estate = Estate::new();
    estate.attacked(5, &["altered"], |e| {
        let log = e.log();
        let mut rings = log.iter().flat_map(|signed| signed.entry.keyrings());
        let prod = rings.find(|ring| ring.env.as_str() == "prod").unwrap();
        let recipient: age::x25519::Recipient = prod.recipient.parse().unwrap();
        let made = tenure::seal::seal_whole(b"evil", &recipient).unwrap();
        e.write("secrets/prod.pem", made);
    });
}

#[test]
fn case_2_a_file_of_another_environment() {
    Estate::new().attacked(5, &["altered"], |e| e.write(ENV, e.read("secrets/staging.env")));
}

#[test]
fn case_3_the_file_as_it_was_before_the_second_value() {
    let estate = Estate::new();
    let old = estate.read(ENV);
    estate.set("ben", "prod/DB_URL", "hunter2-three");
    estate.set("ben", "prod/DB_URL", "hunter2-two");
    estate.attacked(5, &["altered", "old version"], |e| e.write(ENV, &old));
}

#[test]
fn case_4_the_tokens_of_two_keys_exchanged() {
    Estate::new().attacked(5, &["altered", "other key's"], |e| {
        e.edit(ENV, |text| exchanged(text, "DB_URL", "API_KEY"));
    });
}

#[test]
fn case_5_a_key_renamed_and_one_deleted() {
    let estate = Estate::new();
    estate.attacked(5, &["unattested", "missing"], |e| {
        e.edit(ENV, |text| text.replace("API_KEY=", "API_KEYS="));
    });
    estate.attacked(5, &["missing"], |e| {
        e.edit(ENV, |text| text.lines().filter(|l| !l.starts_with("API_KEY")).collect());
    });
}

#[test]
fn case_6_a_value_in_clear_that_nobody_signed() {
    let estate = Estate::new();
    let clear = |e: &Estate, path: &str, line: &str| {
        e.edit(path, |text| format!("{text}{line}\n"));
        assert_eq!(e.refusal(), "unattested");
    };
    for line in ["X=", "X=evil"] {
        estate.attacked(1, &["plaintext"], |e| clear(e, ENV, line));
    }
    for value in ["null", "\"\"", "{}", "[]"] {
        let line = format!("x: {value}");
        estate.attacked(1, &["plaintext"], |e| clear(e, "secrets/prod.yaml", &line));
    }
    // The same, sealed by somebody entitled.
    estate.twin(|e| {
        e.edit(ENV, |text| format!("{text}X=evil\n"));
        e.by("ben", &format!("seal {ENV}")).run().done();
    });
}

#[test]
fn case_8_the_true_plaintext_in_place_of_its_token() {
    Estate::new().attacked(5, &["altered", "(plaintext)"], |e| {
        e.edit(ENV, |text| {
            let line = text.lines().find(|line| line.starts_with("DB_URL=")).unwrap();
            text.replace(line, "DB_URL=hunter2-two")
        });
        assert_eq!(e.refusal(), "altered");
    });
}

/// The first token of a text.
fn token(text: &str) -> String {
    let rest = &text[text.find("sealed.v1.").unwrap()..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
    rest[..end.unwrap_or(rest.len())].to_owned()
}

#[test]
fn case_10_quotes_and_structure_round_a_token() {
    let estate = Estate::new();
    let (yaml, json, nested) = ("secrets/prod.yaml", "secrets/prod.json", "secrets/prod.nest.yaml");
    estate.write(nested, "flow: [one, two]\nblock:\n- one\n- two\na:\n  b: one\n");
    estate.by("ben", &format!("seal {nested}")).run().done();
    let edit = |words: &[&str], path: &str, edit: &dyn Fn(&str) -> String| {
        estate.attacked(5, words, |e| e.edit(path, edit));
    };
    for quote in ["\"", "'"] {
        edit(&["altered"], yaml, &|text| {
            text.replacen(&token(text), &format!("{quote}{}{quote}", token(text)), 1)
        });
    }
    edit(&["altered"], json, &|text| {
        let quoted = format!("\"{}\"", token(text));
        text.replacen(&quoted, &format!("[{quoted}]"), 1)
    });
    edit(&["altered"], nested, &|text| text.replacen('[', "[[", 1).replacen(']', "]]", 1));
    edit(&["altered"], nested, &|text| text.replacen('[', "[[", 1).replacen(',', "],", 1));
    edit(&["altered"], nested, &|text| text.replacen("- ", "- - ", 1));
    let key = |to: &'static str| {
        move |text: &str| {
            let from = text.find("a:\n  b: ").unwrap();
            text[..from].to_owned() + to + &text[from + "a:\n  b: ".len()..]
        }
    };
    for renamed in ["\"a:b\": ", "a.b: ", "\"a.b\": "] {
        edit(&["missing", "unattested"], nested, &key(renamed));
    }
    edit(&["altered"], nested, &key("a:\n  b: !!str "));
    edit(&["missing"], nested, &key("a:\n- b: "));
}

#[test]
fn case_12_a_copy_under_a_new_name_and_a_deleted_file() {
    let estate = Estate::new();
    estate.attacked(5, &["unattested"], |e| e.write("secrets/prod.copy.env", e.read(ENV)));
    estate.attacked(5, &["unattested"], |e| {
        e.write("secrets/prod.copy.pem", e.read("secrets/prod.pem"));
    });
    estate.attacked(5, &["missing"], |e| e.remove("secrets/prod.yaml"));
    estate.attacked(5, &["missing"], |e| e.remove("secrets/prod.pem"));
}

#[test]
fn case_14_a_bit_flipped_and_an_end_cut_off() {
    let estate = Estate::new();
    let last = |text: &str| text.trim_end().len() - 1;
    estate.attacked(5, &["altered"], |e| {
        e.edit(ENV, |text| {
            let at = last(text) - 20;
            let flipped = if &text[at..=at] == "A" { "B" } else { "A" };
            format!("{}{flipped}{}", &text[..at], &text[at + 1..])
        });
    });
    estate.attacked(5, &["altered"], |e| {
        e.edit(ENV, |text| format!("{}\n", &text[..last(text) - 3]));
    });
}

#[test]
fn case_15_tokens_of_a_value_and_of_the_one_before_it() {
    let estate = Estate::new();
    let rotate = |how: &str| {
        let rotate = estate.by("ben", &format!("rotate prod/API_KEY {how}"));
        rotate.run().done();
    };
    rotate("--begin --generate hex:16");
    rotate("--promote");
    let before = estate.read(ENV);
    rotate("--finish");
    rotate("--begin --generate hex:16");
    rotate("--promote");
    estate.attacked(5, &["altered", "other key's"], |e| {
        e.edit(ENV, |text| exchanged(text, "API_KEY", "API_KEY_PREVIOUS"));
    });
    for key in ["API_KEY", "API_KEY_PREVIOUS"] {
        let line = |text: &str| {
            let begins = format!("{key}=");
            text.lines().find(|line| line.starts_with(&begins)).unwrap().to_owned()
        };
        estate.attacked(5, &["altered", "old version"], |e| {
            e.edit(ENV, |text| text.replace(&line(text), &line(&before)));
        });
    }
}

#[test]
fn a_link_in_the_place_of_a_sealed_file_is_not_followed() {
    Estate::new().attacked(5, &["unattested", "symbolic link"], |e| {
        e.write("elsewhere", e.read(ENV));
        e.remove(ENV);
        std::os::unix::fs::symlink("../elsewhere", e.repo.path().join(ENV)).unwrap();
    });
}

#[test]
fn case_57_the_same_verdict_wherever_one_stands() {
    let estate = Estate::new();
    let old = estate.read(ENV);
    estate.set("ben", "prod/DB_URL", "hunter2-three");
    estate.set("ben", "prod/DB_URL", "hunter2-two");
    estate.commit("again");
    let (root, at) = (estate.root(), |name: &str| estate.repo.folder().join(name));
    let (git_dir, top) = (estate.repo.path().join(".git"), estate.repo.path());
    let places = |round: &str| {
        let origin = format!("file://{}", top.display());
        let shallow = at(&format!("shallow-{round}"));
        let target = shallow.display().to_string();
        estate.repo.git(&["clone", "-q", "--depth=1", &origin, &target]).done();
        let linked = at(&format!("linked-{round}"));
        let target = linked.display().to_string();
        estate.repo.git(&["worktree", "add", "-q", "--detach", &target, "HEAD"]).done();
        let ask = |name: &'static str, line: &str| {
            let asked = estate.by("ana", line).arg("--root").arg(&root);
            match name {
                "full" => asked,
                "shallow" => asked.within(&shallow),
                "linked" => asked.within(&linked),
                "sub-folder" => asked.within(top.join("secrets")),
                _ => asked.env("GIT_DIR", &git_dir).env("GIT_WORK_TREE", &top).within("/"),
            }
            .run()
        };
        ["full", "shallow", "linked", "sub-folder", "GIT_DIR"]
            .map(|name| (name, ask(name, "--json check"), ask(name, "get prod/DB_URL")))
    };
    for (name, checked, value) in places("before") {
        assert_eq!(checked.code, 0, "{name}: {checked}");
        assert_eq!((value.code, value.stdout.as_str()), (0, "hunter2-two"), "{name}: {value}");
    }
    estate.write(ENV, &old);
    estate.commit("attack");
    for (name, checked, value) in places("after") {
        assert_eq!(checked.code, 5, "{name}: {checked}");
        assert!(super::says(&checked, "altered"), "{name}: {checked}");
        assert!(super::says(&checked, "old version"), "{name}: {checked}");
        assert_eq!((value.code, value.stdout.as_str()), (5, ""), "{name}: {value}");
    }
}
