//! What `.gitleaks.toml` and exceptions let pass: how it is counted, told and escaped, and what is refused.

use super::scan::{RULE, planted, token, unseen};
use crate::attacks::Estate;
use crate::support::{Outcome, Repo, stock};

const LISTS: &str = ".gitleaks.toml";
const ALLOW: &str = ".secrets/allow.toml";
/// An allow list that lets the token pass that is planted.
const LIST: &str = "[allowlist]\nregexes = ['''^sk_live_''']\n";

fn hooked(repo: &Repo) -> Outcome {
    repo.git(&["add", "--all"]).done();
    let judged = repo.run("hook run");
    unseen(&judged, &token());
    judged
}

#[test]
fn what_lists_let_pass_is_counted_in_every_form() {
    let repo = planted();
    repo.write(LISTS, LIST);
    let scanned = repo.run("scan").done();
    assert!(scanned.stdout.contains("nothing found, 1 let pass by .gitleaks.toml"), "{scanned}");
    let json = repo.run("--json scan").done().json();
    assert_eq!((&json["listed"], &json["allowed"]), (&1.into(), &0.into()), "{json}");
    let sarif = repo.run("scan --format sarif").done().json();
    assert_eq!(sarif["runs"][0]["properties"]["listed"], 1, "{sarif}");
    repo.write("big.txt", format!("{}{}\n", "lorem ipsum dolor\n".repeat(500_000), token()));
    assert_eq!(repo.run("--json scan big.txt").json()["listed"], 1);
    let fed = repo.tenure_fed(&["--json", "scan", "--stdin"], token());
    assert_eq!(fed.json()["listed"], 1, "{fed}");
}

#[test]
fn the_hook_says_what_lists_let_pass_and_that_a_commit_changes_them() {
    let repo = planted();
    repo.write(LISTS, LIST);
    let judged = hooked(&repo).done();
    let said = "; 1 let pass by .gitleaks.toml, which this commit changes (";
    assert!(judged.stderr.contains(said), "{judged}");
    assert!(repo.run("scan --staged").done().stdout.contains("which this commit changes"));
    repo.commit("in");
    repo.write("b.py", format!("k = \"{}\"\n", token()));
    let judged = hooked(&repo).done();
    assert!(judged.stderr.contains("; 1 let pass by .gitleaks.toml ("), "{judged}");
    repo.commit("too");
    // What stood there before is no news, and passes without a word.
    repo.write("b.py", format!("k = \"{}\"\nl = 1\n", token()));
    assert!(!hooked(&repo).done().stderr.contains("let pass"));
}

#[test]
fn the_hook_says_what_exceptions_let_pass() {
    let repo = planted();
    repo.commit("base");
    repo.write("b.py", format!("k = \"{}\"\n", token()));
    repo.tenure(&["allow", "b.py:1", "--reason", "made up"]).done();
    let judged = hooked(&repo).done();
    let said = "; 1 let pass by .secrets/allow.toml, which this commit changes (";
    assert!(judged.stderr.contains(said), "{judged}");
}

#[test]
fn a_list_that_takes_everything_lets_nothing_pass() {
    let repo = planted();
    for list in [
        "regexes = ['''.*''']",
        "paths = ['''.*''']",
        "paths = ['''^''']",
        "regexes = ['''x*''']",
        "stopwords = ['']",
    ] {
        repo.write(LISTS, format!("# why\n[allowlist]\n{list}\n"));
        let scanned = repo.run("scan");
        assert_eq!(scanned.code, 1, "{list}: {scanned}");
        let told =
            "unheeded  .gitleaks.toml, line 2: an allow list lets nothing pass by one of its";
        assert!(scanned.stdout.contains(told), "{list}: {scanned}");
    }
    let json = repo.run("--json scan").json();
    assert!(json["unheeded"][0].as_str().unwrap().starts_with("line 2: "), "{json}");
    let sarif = repo.run("scan --format sarif").json();
    assert!(sarif["runs"][0]["properties"]["unheeded"][0].is_string(), "{sarif}");
}

#[test]
fn a_rule_that_cannot_be_run_is_told_and_finds_nothing() {
    let repo = Repo::new();
    repo.write("a.txt", "harmless\n");
    for (pattern, why) in [
        ("((a{0,200}){0,200}){0,200}z", "is too large to be run"),
        ("x*", "takes an empty text"),
        ("(?=x)", "is no regular expression"),
    ] {
        repo.write(LISTS, format!("[[rules]]\nid = \"big\"\nregex = '''{pattern}'''\n"));
        let scanned = repo.run("scan").done();
        let told = format!(
            "unheeded  .gitleaks.toml, line 1: the rule `big` is not searched for: its `regex` {why}"
        );
        assert!(scanned.stdout.contains(&told), "no `{told}` in {scanned}");
        hooked(&repo).done();
    }
}

#[test]
fn a_rule_of_the_policy_that_cannot_be_run_stops_all() {
    let estate = Estate::new();
    let policy = estate.read(".secrets-policy.toml");
    for (pattern, why) in [
        ("own-((a{0,200}){0,200}){0,200}z", "`pattern` is too large to be run"),
        ("(own-[0-9]*)?", "`pattern` takes an empty text"),
    ] {
        let rule = format!(
            "\n[[guard.rules]]\nid = \"own\"\ndescription = \"token\"\nkeywords = [\"own-\"]\n\
             pattern = '{pattern}'\n"
        );
        estate.write(".secrets-policy.toml", format!("{policy}{rule}"));
        let linted = estate.by("ana", "policy lint").run();
        assert!(linted.stdout.contains(why), "{linted}");
        let scanned = estate.by("ana", "scan").run();
        assert_eq!(scanned.code, 3, "{scanned}");
    }
}

#[test]
fn what_rules_and_archives_of_others_bring_steers_no_terminal_and_ends_no_line() {
    let repo = Repo::new();
    let hazards = "\\u001b[31mX\\nerror: none\\u202e";
    repo.write(
        LISTS,
        format!(
            "[[rules]]\nid = \"own key, 100%\"\ndescription = \"own {hazards}\"\nregex = 'own-[0-9]{{6}}'\n\
             [[rules]]\nid = \"{hazards}\"\nregex = 'own-[0-9]{{6}}'\n"
        ),
    );
    repo.write("a.txt", "own-123456\n");
    repo.write("b.zip", zipped("in\u{1b}[31m\nside\u{202e}.txt", "own-123456\n"));
    for format in ["text", "github", "gitlab", "sarif"] {
        let scanned = repo.tenure(&["scan", "--format", format]);
        assert_eq!(scanned.code, 1, "{scanned}");
        assert!(scanned.stdout.contains("own key"), "{scanned}");
        let is_hazard = |it: char| it != '\n' && tenure::names::is_hazard(it);
        assert!(
            !scanned.stdout.contains(is_hazard),
            "{format}: {scanned:?}",
            scanned = scanned.stdout
        );
        let is_line = |it: &str| it.starts_with("error: ") || it.starts_with("side");
        assert!(!scanned.stdout.lines().any(is_line), "{format}: {scanned}");
    }
    assert_eq!(repo.run("scan --format github").stdout.lines().count(), 2);
    let unheeded = repo.run("scan").stdout;
    assert!(unheeded.contains("line 5: a rule has no id, or one of characters"), "{unheeded}");
    // Whatever a rule is called, an exception can name it.
    repo.tenure(&["allow", "a.txt:1", "--reason", "made up"]).done();
    assert!(!repo.run("scan").stdout.contains("a.txt:1"));
}

/// A ZIP archive of one file, which is stored.
fn zipped(name: &str, text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn what_the_rules_of_gitleaks_know_is_heeded() {
    let repo = Repo::new();
    repo.write(
        "src/a.txt",
        format!("one-123456\ntwo-123456\nuser-123456\nkey = \"{}\"\n", token()),
    );
    repo.write("docs/a.txt", "one-123456\n");
    let found = |config: &str| {
        repo.write(LISTS, config);
        let scanned = repo.run("scan src docs");
        assert!(!scanned.stdout.contains("unheeded"), "{config}: {scanned}");
        let place = |line: &str| line.split_once("  ").map(|(place, _)| place.to_owned());
        let lines =
            scanned.stdout.lines().filter(|it| it.contains(".txt:") && !it.starts_with(' '));
        lines.filter_map(place).collect::<Vec<_>>()
    };
    let one = "title = 'x'\nminVersion = 'v8.25.0'\n[extend]\nuseDefault = true\n\
               [[rules]]\nid = 'one'\ndescription = 'd'\nregex = 'one-([0-9]{6})'\nsecretGroup = 1\n\
               keywords = ['one-']\ntags = ['t']\n";
    assert_eq!(found(one), ["docs/a.txt:1:5", "src/a.txt:1:5", "src/a.txt:4:8"]);
    let of_rule = "[[rules.allowlists]]\ncondition = 'AND'\npaths = ['^src/']\nregexTarget = 'line'\nregexes = ['one']\n";
    assert_eq!(found(&format!("{one}{of_rule}")), ["docs/a.txt:1:5", "src/a.txt:4:8"]);
    let by_target = format!(
        "{one}[[allowlists]]\ntargetRules = ['one', '{RULE}']\npaths = ['^docs/']\nstopWords = ['SK_LIVE']\n"
    );
    assert_eq!(found(&by_target), ["src/a.txt:1:5"]);
    let off =
        format!("[extend]\nuseDefault = true\ndisabledRules = ['{RULE}', 'generic-api-key']\n");
    assert_eq!(found(&off), Vec::<String>::new());
    // An allow list for a rule of ours, and a rule that is there for others alone.
    let ours = format!(
        "[[rules]]\nid = '{RULE}'\n[rules.allowlist]\npaths = ['^src/']\n\
                        [[rules]]\nid = 'user'\nregex = 'user-[0-9]{{6}}'\nskipReport = true\n"
    );
    assert_eq!(found(&ours), Vec::<String>::new());
}

#[test]
fn an_exception_that_names_a_managed_value_is_no_part_of_a_commit() {
    let estate = Estate::new();
    let value = ["w8Kq-", "Zt3nVb", "71xRmD", "9cLpY2"].concat();
    estate.set("ben", "prod/secrets/prod.env#STRIPE_KEY", &value);
    estate.commit("base");
    let hash = tenure::scan::Allow::hash(value.as_bytes());
    let other = tenure::scan::Allow::hash(b"made up");
    let entry = |hash| {
        format!(
            "[[allow]]\nrule = \"jwt\"\npath = \"docs/**\"\ntext = \"{hash}\"\nreason = \"x\"\n"
        )
    };
    estate.write(ALLOW, entry(other));
    estate.git("add --all");
    estate.by("ana", "hook run").run().done();
    estate.write(ALLOW, format!("{}{}", entry(other), entry(hash)));
    estate.git("add --all");
    let judged = estate.by("ana", "hook run").run();
    unseen(&judged, &value);
    assert_eq!(judged.code, 1, "{judged}");
    for text in [
        "exception  .secrets/allow.toml:9  this exception names the value of prod/secrets/prod.env#STRIPE_KEY",
        "tenure allow --prune && git add .secrets/allow.toml",
    ] {
        assert!(judged.stderr.contains(text), "no `{text}` in {judged}");
    }
    // The advice mends it.
    estate.by("ana", "allow --prune").run().done();
    estate.git("add .secrets/allow.toml");
    estate.by("ana", "hook run").run().done();
}

#[test]
fn findings_go_into_a_file_and_the_sum_to_stderr() {
    let repo = planted();
    for format in ["sarif", "gitlab", "github", "text"] {
        let scanned = repo.tenure(&["scan", "--format", format, "-o", "../out"]);
        assert_eq!((scanned.code, scanned.stdout.as_str()), (1, ""), "{scanned}");
        let said = "1 text, 1 secret found, 1 of them block\nwritten: ../out\n";
        assert!(scanned.stderr.ends_with(said), "{scanned}");
        let written = std::fs::read_to_string(repo.folder().join("out")).unwrap();
        assert_eq!(written, repo.tenure(&["scan", "--format", format]).stdout, "{format}");
    }
    let scanned = repo.run("--json scan -o ../out");
    assert_eq!(scanned.json()["written"], "../out", "{scanned}");
    let written = std::fs::read_to_string(repo.folder().join("out")).unwrap();
    assert!(written.contains("\"findings\":[{"), "{written}");
    let refused = repo.run("scan -o app/pay.py");
    assert_eq!(refused.code, 2, "it is no report: {refused}");
    assert!(repo.read("app/pay.py").contains("sk_live_"));
}

#[test]
fn the_level_says_what_fails() {
    let repo = Repo::new();
    let own = "[[guard.rules]]\nid = \"own\"\ndescription = \"token\"\nkeywords = [\"own-\"]\n\
               pattern = 'own-[0-9]{6}'\nlevel = \"warn\"\n";
    repo.ssh_key();
    repo.run("-y init").done();
    let policy = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", format!("{policy}\n{own}"));
    repo.write("a.txt", "own-123456\n");
    for (level, exit, shown) in
        [("", 0, true), (" --level warn", 1, true), (" --level block", 0, false)]
    {
        let scanned = repo.run(&format!("scan a.txt{level}"));
        assert_eq!(scanned.code, exit, "{level}: {scanned}");
        assert_eq!(scanned.stdout.contains("a.txt:1"), shown, "{level}: {scanned}");
    }
    repo.write("b.txt", format!("{}\n", token()));
    assert_eq!(repo.run("scan --level block").code, 1);
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let repo = planted();
    let none = repo.run("scan no/such/file");
    assert_eq!(none.code, 6, "{none}");
    assert!(none.stderr.contains("error: there is no file or folder `no/such/file`"), "{none}");
    let outside = repo.command(env!("CARGO_BIN_EXE_tenure")).within(repo.folder());
    assert_eq!(outside.args(&["scan", "nowhere"]).run().code, 6);
}

#[test]
fn a_finding_is_let_pass_as_it_was_printed_from_any_folder() {
    let repo = planted();
    repo.write("app/deep/b c.py", format!("k = \"{}\"\n", token()));
    repo.write("other/x", "\n");
    let tenure = env!("CARGO_BIN_EXE_tenure");
    let scanned = repo.run("scan");
    let fixes = scanned.stdout.lines().filter_map(|line| line.split_once("a false alarm: "));
    let fixes: Vec<_> = fixes.map(|(_, command)| command.to_owned()).collect();
    assert_eq!(fixes.len(), 2, "{scanned}");
    let path =
        format!("{}:/usr/bin:/bin", std::path::Path::new(tenure).parent().unwrap().display());
    for command in fixes {
        // As it stands there, pasted into a shell.
        let pasted = repo.command(stock("sh").unwrap()).within(repo.path().join("other"));
        pasted.args(&["-c", &command.replace('…', "made up")]).env("PATH", &path).run().done();
    }
    repo.run("scan").done();
    std::fs::remove_file(repo.path().join(ALLOW)).unwrap();
    // From where it stands the shorter name does, too; and one that is nowhere is no finding.
    let from = |place: &str| {
        let command = repo.command(tenure).within(repo.path().join("app"));
        command.args(&["allow", place, "--reason", "made up"]).run()
    };
    from("pay.py:2:8").done();
    assert_eq!(from("pay.py:9").code, 6);
    from("app/deep/b c.py:1").done();
}
