//! Cases 51 to 66: what git does to a log, and what people do with git.

use super::{Estate, says};

const KEY: &str = "prod/API_KEY";

impl Estate {
    /// Does something on a branch of its own and something else on main, and merges the branch with main's
    /// files; entries are files of their own, and come from both.
    pub(super) fn both(&self, left: impl FnOnce(&Self), right: impl FnOnce(&Self)) {
        self.commit("before");
        self.honest();
        self.git("switch --quiet -c left");
        left(self);
        self.commit("left");
        self.git("switch --quiet main");
        right(self);
        self.commit("right");
        self.git("merge --quiet --no-edit -X ours left");
    }

    /// Takes a file as the branch has it.
    fn take_left(&self, file: &str) {
        self.git(&format!("checkout --quiet left -- {file}"));
        self.commit("taken");
    }

    #[track_caller]
    pub(super) fn finds(&self, exit: i32, words: &[&str]) {
        let checked = self.by("ana", "--json check").run();
        assert_eq!(checked.code, exit, "{checked}");
        assert!(words.iter().all(|word| says(&checked, word)), "{words:?} in {checked}");
    }

    /// The places of findings with this word.
    fn places(&self, word: &str) -> Vec<String> {
        let checked = self.by("ana", "--json check").run().json();
        let found = checked["findings"].as_array().unwrap().iter();
        let found = found.filter(|finding| finding["code"] == word);
        found.map(|finding| finding["place"].as_str().unwrap().to_owned()).collect()
    }

    #[track_caller]
    pub(super) fn gives(&self, address: &str, value: &str) {
        let got = self.by("ana", &format!("get {address}")).run();
        assert_eq!((got.code, got.stdout.as_str()), (0, value), "{got}");
    }
}

#[test]
fn case_53_both_branches_set_one_value_and_one_side_is_taken_by_hand() {
    for (taken, value) in [("ours", "hunter2-right"), ("theirs", "hunter2-left")] {
        let estate = Estate::new();
        estate.both(|e| e.set("ben", KEY, "hunter2-left"), |e| e.set("ana", KEY, "hunter2-right"));
        if taken == "theirs" {
            estate.take_left("secrets/prod.env");
        }
        estate.judged(5, &["concurrent"]);
        estate.refuses_to_read(5);
        estate.by("ben", "resolve prod/API_KEY -y").run().done();
        estate.commit("resolved");
        estate.judged(0, &[]);
        estate.honest();
        estate.gives(KEY, value);
    }
}

#[test]
fn case_54_a_rotation_and_a_rekey_of_one_value() {
    let both = || {
        let estate = Estate::new();
        let rotate = |e: &Estate| {
            e.by("ben", "rotate prod/API_KEY").feed("hunter2-rotated").done();
        };
        estate.both(rotate, |e| {
            e.by("ana", "rekey -e prod --reseal").run().done();
        });
        estate
    };
    // The rekeyed side of this one value; all others are as the rekeying left them.
    let estate = both();
    estate.judged(5, &["concurrent"]);
    estate.refuses_to_read(5);
    assert_eq!(estate.places("concurrent").len(), 1);
    // The rotated side of it.
    let estate = both();
    let rotated = estate.repo.git(&["show", "left:secrets/prod.env"]).done().stdout;
    let line = rotated.lines().find(|line| line.starts_with("API_KEY=")).unwrap().to_owned();
    estate.edit("secrets/prod.env", |text| {
        let line = |old: &str| if old.starts_with("API_KEY=") { line.clone() } else { old.into() };
        text.lines().map(|old| line(old) + "\n").collect()
    });
    estate.commit("the rotated side");
    estate.judged(0, &[]);
    estate.honest();
    estate.gives(KEY, "hunter2-rotated");
}

#[test]
fn case_44_the_word_of_one_who_left_is_given_again_by_a_writer() {
    for (address, path) in [(KEY, "secrets/prod.env"), ("prod/NEW", "secrets/prod.env")] {
        let estate = Estate::new();
        estate.both(
            |e| {
                e.by("ana", "member remove ben -y").run().done();
            },
            |e| {
                let address = address.replace('/', &format!("/{path}#"));
                e.set("ben", &address, "hunter2-late");
            },
        );
        estate.judged(5, &["removed-key"]);
        estate.refuses_to_read(5);
        let refused = estate.by("cleo", &format!("resolve {address} -y")).run();
        assert_eq!(refused.code, 2, "only a writer's word counts: {refused}");
        let said = estate.by("ana", &format!("resolve {address} -y")).run().done();
        assert!(said.stderr.contains("rotate it"), "{said}");
        estate.commit("resolved");
        estate.judged(0, &[]);
        estate.gives(address, "hunter2-late");
    }
}

#[test]
fn what_stood_before_the_word_of_one_who_left_can_be_taken_back() {
    let estate = Estate::new();
    estate.both(
        |e| {
            e.by("ana", "member remove ben -y").run().done();
        },
        |e| {
            e.set("ben", KEY, "hunter2-late");
            e.set("ben", "prod/secrets/prod.env#NEW", "hunter2-late");
        },
    );
    let asked = estate.by("ana", "resolve prod/API_KEY").run();
    let adopted = asked.stderr.lines().find(|line| line.contains(" ana  adopt")).unwrap();
    let adopted = adopted.split_whitespace().next().unwrap();
    estate.by("ana", &format!("resolve prod/API_KEY -y --take {adopted}")).run().done();
    estate.by("ana", "resolve prod/NEW -y --take none").run().done();
    estate.honest();
    estate.gives(KEY, "hunter2-api");
    assert_eq!(estate.by("ana", "get prod/NEW").run().code, 6);
}

#[test]
fn case_66_what_others_built_on_an_entry_of_one_who_left_stands() {
    let estate = Estate::new();
    estate.both(
        |e| {
            e.by("ana", "member remove ben -y").run().done();
        },
        |e| {
            e.write("secrets/dev.json", "{\n  \"a\": \"hunter2-a\",\n  \"b\": \"hunter2-b\"\n}\n");
            e.by("ben", "seal secrets/dev.json").run().done();
            e.set("cleo", "dev/a", "hunter2-f");
        },
    );
    estate.finds(5, &["removed-key"]);
    assert_eq!(estate.places("removed-key"), ["secrets/dev.json:3 b"]);
    // Another environment is not blocked by it.
    estate.gives("prod/DB_URL", "hunter2-two");
    assert_eq!(estate.by("cleo", "get dev/a").run().code, 5);
    estate.by("cleo", "resolve dev/b -y").run().done();
    estate.commit("resolved");
    estate.judged(0, &[]);
    for (key, value) in [("a", "hunter2-f"), ("b", "hunter2-b")] {
        let got = estate.by("cleo", &format!("get dev/{key}")).run();
        assert_eq!((got.code, got.stdout.as_str()), (0, value), "{got}");
    }
}

#[test]
fn case_46_another_writer_vouches_with_one_word() {
    let estate = Estate::new();
    let text = super::members::without(&estate, "ben");
    estate.sign_policy(&text, "ana", &super::Pen::of("ana"));
    estate.wrap(&tenure::policy::Policy::parse(&text).unwrap());
    estate.commit("without ben");
    estate.judged(5, &["writer-gone"]);
    let read = estate.by("ana", "get prod/DB_URL").run();
    assert_eq!((read.code, read.stdout.as_str()), (5, ""), "{read}");
    assert!(estate.places("writer-gone").len() >= 8);
    estate.by("ana", "resolve -y").run().done();
    estate.commit("vouched");
    estate.judged(0, &[]);
    estate.honest();
}

#[test]
fn case_56_plaintext_that_somebody_changed_since_it_was_opened() {
    let estate = Estate::new();
    estate.honest();
    estate.git("switch --quiet -c ben");
    estate.set("ben", KEY, "hunter2-bens");
    estate.commit("ben's");
    estate.git("switch --quiet main");
    estate.by("ana", "open --in-place secrets/prod.env").run().done();
    let mine = estate.read("secrets/prod.env").replace("hunter2-api", "hunter2-anas");
    estate.write("secrets/prod.env", &mine);
    // Ben's entries come, and git leaves the open file alone.
    estate.git("checkout --quiet ben -- .secrets");
    let refused = estate.by("ana", "seal").run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("[stale-plaintext]"), "{refused}");
    assert_eq!(estate.read("secrets/prod.env"), mine, "nothing is lost");
    estate.git("checkout --quiet ben -- secrets/prod.env");
    estate.honest();
    estate.gives(KEY, "hunter2-bens");
    // Where nobody changed it meanwhile, the same is sealed.
    estate.by("ana", "open --in-place secrets/prod.env").run().done();
    estate.write("secrets/prod.env", mine.replace("hunter2-anas", "hunter2-again"));
    estate.by("ana", "seal").run().done();
    estate.honest();
    estate.gives(KEY, "hunter2-again");
}

#[test]
fn case_59_eight_at_once_on_one_file() {
    let estate = Estate::new();
    estate.honest();
    let sets: Vec<_> =
        (0..8).map(|n| estate.by("ben", &format!("set prod/secrets/prod.env#N{n}"))).collect();
    let codes: Vec<_> = std::thread::scope(|scope| {
        let run = |(n, set): (usize, crate::support::Prepared)| {
            scope.spawn(move || set.feed(format!("hunter2-{n}")).code)
        };
        let all: Vec<_> = sets.into_iter().enumerate().map(run).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(codes.contains(&0), "{codes:?}");
    estate.honest();
    for (n, code) in codes.into_iter().enumerate() {
        let got = estate.by("ana", &format!("get prod/N{n}")).run();
        let there = (got.code, got.stdout.as_str()) == (0, &format!("hunter2-{n}"));
        assert_eq!(there, code == 0, "N{n} ended with {code}: {got}");
    }
}

#[test]
fn case_63_what_an_outsider_committed_in_clear_is_not_signed_by_the_way() {
    let estate = Estate::new();
    estate.commit("before");
    estate.honest();
    estate.edit("secrets/prod.env", |text| format!("{text}X=evil\n"));
    let outsider = ["-c", "user.name=mallory", "commit", "-aqm", "x", "--no-verify"];
    estate.repo.git(&outsider).done();
    estate.finds(1, &["plaintext"]);
    let log = estate.list(".secrets/log");
    let refused = estate.by("ana", "seal").run();
    assert_eq!(refused.code, 2, "{refused}");
    let commit = estate.repo.git(&["rev-parse", "HEAD"]).done().stdout;
    assert!(refused.stderr.contains(&commit[..12]), "{refused}");
    assert!(refused.stderr.contains("mallory"), "{refused}");
    let asked = estate.by("ana", "seal prod/X").run();
    assert_ne!(asked.code, 0, "nobody is there to ask: {asked}");
    assert_eq!(estate.list(".secrets/log"), log);
    assert!(estate.read("secrets/prod.env").contains("X=evil"));
    estate.by("ana", "seal prod/X -y").run().done();
    estate.honest();
    estate.gives("prod/X", "evil");
    // What is not committed yet is one's own, and sealed without a question.
    estate.edit("secrets/prod.env", |text| format!("{text}Y=mine\n"));
    estate.by("ana", "seal").run().done();
    estate.honest();
}

#[test]
fn case_64_a_value_for_a_generation_that_a_leaver_has() {
    use crate::attacks::Pen;
    use tenure::log::entry::Op;
    const DEV: &str = "dev/secrets/dev.env#DB_URL";
    let estate = Estate::new();
    estate.honest();
    // A value that ben seals while cleo still reads, to be signed when she is gone.
    estate.git("switch --quiet -c old");
    estate.set("ben", "dev/DB_URL", "hunter2-late");
    let late = estate.read("secrets/dev.env");
    estate.git("reset -q --hard");
    estate.git("clean -fdq .secrets");
    estate.git("switch --quiet main");
    estate.by("ana", "member remove cleo -y").run().done();
    estate.commit("without cleo");
    estate.honest();
    let owed = |estate: &Estate| {
        estate.places("obligation").iter().filter(|place| place.contains("dev.env")).count()
    };
    assert_eq!(owed(&estate), 1);
    estate.write("secrets/dev.env", &late);
    estate.sign(estate.draft("ben", estate.attesting(Op::New, &[DEV])), &Pen::of("ben"));
    estate.commit("late");
    estate.judged(5, &["old-generation"]);
    assert_eq!(owed(&estate), 1, "it is no new value for her");
    let read = estate.by("ana", "get dev/DB_URL").run();
    assert_eq!((read.code, read.stdout.as_str()), (5, ""), "{read}");
    // Who vouches for it does not make it better.
    estate.sign(estate.draft("ana", estate.attesting(Op::Adopt, &[DEV])), &Pen::of("ana"));
    estate.judged(5, &["old-generation"]);
    estate.git("reset -q --hard HEAD~1");
    estate.git("clean -fdq .secrets");
    // The same value, sealed by the program to what is current.
    estate.set("ben", "dev/DB_URL", "hunter2-late");
    estate.judged(0, &[]);
    assert_eq!(owed(&estate), 0);
}
