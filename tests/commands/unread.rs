//! Where the policy cannot be read, nothing is looked through: what is left of the rules would look like all.

use crate::attacks::Estate;

const POLICY: &str = ".secrets-policy.toml";

#[test]
fn a_policy_that_cannot_be_read_stops_every_scan() {
    for broken in ["entropie = 3\n", "x[\n", "[[guard.rules]]\nid = \"Acme Token\"\n", "\u{0}"] {
        let estate = Estate::new();
        let value = ["w8Kq-", "Zt3nVb", "71xRmD", "9cLpY2"].concat();
        estate.set("ben", "prod/API_KEY", &value);
        estate.commit("base");
        estate.write("leak.txt", format!("pw {value}\n"));
        assert_eq!(estate.by("ben", "scan").run().code, 1);
        estate.edit(POLICY, |text| format!("{broken}{text}"));
        estate.git("add --all");
        for line in [
            "scan",
            "scan --strict",
            "scan leak.txt",
            "scan --staged",
            "scan --stdin",
            "allow leak.txt:1 --reason x",
        ] {
            let refused = estate.by("ben", line).feed(&value);
            assert_eq!(refused.code, 3, "{broken}: {line}: {refused}");
            assert!(
                refused.stderr.contains(POLICY) && refused.stderr.contains("hint: "),
                "{line}: {refused}"
            );
            assert!(!refused.stderr.contains(&value), "{refused}");
        }
        // The hook says the rest, too.
        let judged = estate.by("ben", "hook run").run();
        assert_eq!(judged.code, 3, "{judged}");
        assert!(judged.stderr.contains("policy-invalid"), "{judged}");
        let message = estate.repo.path().join("message");
        std::fs::write(&message, &value).unwrap();
        let message = estate.by("ben", "hook run commit-msg message").run();
        assert_eq!(message.code, 3, "{message}");
        estate.git("commit -q --no-verify -m broken");
        for line in ["scan --history", "scan --range HEAD..HEAD"] {
            let refused = estate.by("ben", line).run();
            assert_eq!(refused.code, 3, "{line}: {refused}");
        }
    }
}

#[test]
fn a_policy_that_is_gone_stops_every_scan_where_there_is_a_log() {
    let estate = Estate::new();
    estate.remove(POLICY);
    estate.write("a.txt", "harmless\n");
    estate.git("add --all");
    for line in ["scan", "scan --staged", "scan --stdin"] {
        let refused = estate.by("ben", line).feed("harmless");
        assert_eq!(refused.code, 3, "{line}: {refused}");
        assert!(refused.stderr.contains("hint: tenure restore"), "{refused}");
    }
    estate.git("commit -q --no-verify -m gone");
    estate.write("b.txt", "harmless\n");
    estate.git("add --all");
    let judged = estate.by("ben", "hook run").run();
    assert_ne!(judged.code, 0, "what is managed is not known: {judged}");
    // The advice mends it.
    estate.by("ben", "restore").run().done();
    estate.by("ben", "scan").run().done();
}
