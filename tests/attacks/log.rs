//! Cases 25 to 41: the log.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use tenure::log::entry::{Kind, Op};
use tenure::log::parse::SignedEntry;
use tenure::names::EntryId;

use super::Estate;
use super::forge::Pen;
use crate::support::NOW;

const DB_URL: &str = "prod/secrets/prod.env#DB_URL";

/// An entry that attests again what stands: allowed for ben, whatever its parents.
fn again(estate: &Estate, by: &str) -> tenure::log::entry::Entry {
    estate.draft(by, estate.attesting(Op::Adopt, &[DB_URL]))
}

#[test]
fn an_honest_entry_made_by_hand_is_accepted() {
    let estate = Estate::new();
    estate.twin(|e| {
        e.sign(again(e, "ben"), &Pen::of("ben"));
    });
}

#[test]
fn case_25_a_middle_entry_is_gone() {
    Estate::new().attacked(5, &["missing-entry"], |e| {
        let head = e.log().into_iter().find(|signed| signed.id == e.head()).unwrap();
        e.remove(&e.path_of(head.entry.parents[0]));
    });
}

#[test]
fn case_26_the_newest_entry_is_gone_and_its_file_stays() {
    let estate = Estate::new();
    estate.set("ben", "prod/DB_URL", "hunter2-three");
    estate.set("ben", "prod/DB_URL", "hunter2-two");
    estate.attacked(5, &["altered"], |e| e.remove(&e.path_of(e.head())));
    estate.set("ben", "prod/secrets/prod.env#NEW", "hunter2-new");
    estate.attacked(5, &["unattested"], |e| e.remove(&e.path_of(e.head())));
}

#[test]
fn case_28_a_byte_of_a_payload_changed() {
    Estate::new().attacked(5, &["altered-entry"], |e| {
        e.edit(&e.path_of(e.head()), |text| text.replacen("by = \"ben\"", "by = \"bem\"", 1));
    });
}

#[test]
fn case_29_other_parents_under_an_old_signature() {
    let estate = Estate::new();
    let entry = |e: &Estate, parents: Option<Vec<EntryId>>| {
        let mut entry = again(e, "ben");
        entry.sort();
        let signature = e.signature(entry.render().unwrap().as_bytes(), &Pen::of("ben"));
        entry.parents = parents.unwrap_or(entry.parents);
        let payload = entry.render().unwrap();
        let id = EntryId::of(payload.as_bytes());
        let path = tenure::log::name::file_path(&entry, &id);
        e.write(path.as_str(), tenure::log::render::join(&payload, &signature));
    };
    estate.attacked(5, &["bad-signature"], |e| entry(e, Some(vec![e.root().parse().unwrap()])));
    estate.twin(|e| entry(e, None));
}

/// Replaces the newest entry by one of other bytes, named by their hash, and signed by ben.
fn replaced(estate: &Estate, edit: impl Fn(&str) -> String) {
    let path = estate.path_of(estate.head());
    let text = estate.read(&path);
    let (payload, _) = text.split_at(text.find("-----BEGIN SSH").unwrap());
    let new = edit(payload);
    assert_ne!(new, payload);
    let signature = estate.signature(new.as_bytes(), &Pen::of("ben"));
    let id = EntryId::of(new.as_bytes()).short16();
    let at = path.rfind('-').unwrap();
    estate.remove(&path);
    estate
        .write(&format!("{}-{id}.entry", &path[..at]), tenure::log::render::join(&new, &signature));
}

#[test]
fn case_30_texts_that_are_no_entries() {
    let estate = Estate::new();
    let edits: [fn(&str) -> String; 3] = [
        |text| text.replacen("by = \"ben\"\n", "by = \"ben\"\nby = \"ben\"\n", 1),
        |text| text.replacen("by = \"ben\"\n", "by = \"ben\"\nbye = \"ben\"\n", 1),
        |text| format!("{text}# a word more\n"),
    ];
    for edit in edits {
        estate.attacked(5, &["bad-entry"], |e| replaced(e, edit));
    }
    estate.attacked(5, &["bad-entry"], |e| {
        e.edit(&e.path_of(e.head()), |text| {
            format!("{text}{}", &text[text.find("-----BEGIN SSH").unwrap()..])
        });
    });
    estate.attacked(5, &["bad-entry"], |e| {
        e.edit(&e.path_of(e.head()), |text| format!("{text}more\n"));
    });
    estate.attacked(5, &["bad-entry"], |e| e.write(".secrets/log/2026-01/junk", "x"));
    estate.attacked(5, &["bad-entry"], |e| {
        let path = e.path_of(e.head());
        let mut bytes = fs::read(e.repo.path().join(&path)).unwrap();
        bytes.push(0xff);
        e.write(&path, bytes);
    });
    estate.attacked(5, &["bad-entry"], |e| {
        let path = e.path_of(e.head());
        let big = "\n".repeat((1 << 20) + 1);
        e.edit(&path, |text| format!("{text}{big}"));
    });
}

/// What reads as an entry, and is not laid out in the one way that is taken: two texts would say the same.
#[test]
fn case_30_an_entry_in_another_layout() {
    let estate = Estate::new();
    for value in ["hunter2-three", "hunter2-two"] {
        estate.set("ben", "prod/DB_URL", value);
    }
    let edits = [
        ("by = \"ben\"", "by = \"b\\u0065n\""),
        ("by = \"ben\"", "by = \"b\\u+065n\""),
        ("key = \"DB_URL\"", "key = \"DB\\u005fURL\""),
        ("due = 2026-", "due = 2026/"),
        ("Z\"\nby", "+00:00\"\nby"),
        ("Z\"\nby", ".0Z\"\nby"),
    ];
    for (from, to) in edits {
        estate.attacked(5, &["bad-entry", "canonical layout"], |e| {
            replaced(e, |text| text.replacen(from, to, 1));
        });
    }
    // Another entry in the one layout is taken, as long as nobody has seen the first.
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    replaced(&estate, |text| text.replacen("\"ben\"\n", "\"ben\"\nreason = \"x\"\n", 1));
    estate.commit("twin");
    estate.judged(0, &[]);
    estate.honest();
}

#[test]
fn case_31_the_mark_of_a_signature_inside_a_payload() {
    let estate = Estate::new();
    let reasons = [
        ("bad-entry", "reason = \"-----BEGIN SSH SIGNATURE-----\"\n"),
        ("bad-entry", "reason = \"\n-----BEGIN SSH SIGNATURE-----\"\n"),
    ];
    for (word, reason) in reasons {
        estate.attacked(5, &[word], |e| {
            replaced(e, |text| {
                text.replacen("by = \"ben\"\n", &format!("by = \"ben\"\n{reason}"), 1)
            });
        });
    }
    let reason = ["--reason", "-----BEGIN SSH SIGNATURE-----"];
    let refused = estate.by("ben", "set prod/API_KEY").args(&reason).feed("x");
    assert_eq!(refused.code, 2, "{refused}");
    estate.honest();
}

#[test]
fn case_32_an_entry_that_is_a_link() {
    Estate::new().attacked(5, &["bad-entry"], |e| {
        let path = e.path_of(e.head());
        e.write("copy.entry", e.read(&path));
        e.remove(&path);
        let target = e.repo.path().join("copy.entry");
        std::os::unix::fs::symlink(target, e.repo.path().join(&path)).unwrap();
    });
}

#[test]
fn case_33_line_endings_changed_for_want_of_an_attribute() {
    let estate = Estate::new();
    estate.edit(".gitattributes", |text| text.replace("/.secrets/** -text\n", ""));
    estate.commit("no attribute");
    let clone = estate.repo.folder().join("crlf");
    let target = clone.display().to_string();
    estate.repo.git(&["clone", "-q", "-c", "core.autocrlf=true", ".", &target]).done();
    let root = estate.root();
    let checked = estate.by("ana", "--json check --root").arg(root).within(&clone).run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(super::says(&checked, "altered-entry"), "{checked}");
    assert!(super::says(&checked, "`/.secrets/** -text`"), "{checked}");
}

#[test]
fn case_34_a_signature_for_something_else() {
    let estate = Estate::new();
    let sign = |e: &Estate, namespace: &str, hash: &str| {
        e.sign(again(e, "ben"), &Pen { key: "ben", namespace, hash });
    };
    for (namespace, hash) in [("git", "sha512"), ("file", "sha512"), ("log@tenure", "sha256")] {
        estate.attacked(5, &["bad-signature"], |e| sign(e, namespace, hash));
    }
    estate.twin(|e| sign(e, "log@tenure", "sha512"));
}

#[test]
fn case_37_an_entry_in_the_name_of_another() {
    let estate = Estate::new();
    estate.attacked(5, &["bad-signature"], |e| {
        e.sign(again(e, "ben"), &Pen::of("cleo"));
    });
    estate.twin(|e| {
        e.sign(again(e, "ben"), &Pen::of("ben"));
    });
}

#[test]
fn case_38_an_entry_of_another_repository() {
    Estate::new().attacked(5, &["other-root"], |e| {
        let other = Estate::with_policy(str::to_owned);
        let head = other.head();
        let path = other.path_of(head);
        e.write(&path, other.read(&path));
    });
}

#[test]
fn case_39_the_log_of_a_stranger() {
    let estate = Estate::new();
    let stranger =
        Estate::with_policy(|text| text.replace("threshold = 1", "threshold = 1 # evil"));
    stranger.set("ben", DB_URL, "hunter2-two");
    stranger.honest();
    // All that is signed there, and what it signs, in place of ours.
    let planted = |e: &Estate| {
        for path in e.list(".secrets").into_iter().chain(e.list("secrets")) {
            e.remove(&path);
        }
        let theirs = [".secrets-policy.toml".to_owned()].into_iter();
        for path in theirs.chain(stranger.list(".secrets")).chain(stranger.list("secrets")) {
            e.write(&path, fs::read(stranger.repo.path().join(&path)).unwrap());
        }
    };
    estate.attacked(5, &["other-root"], planted);
    // Whoever trusts that root is content with it.
    let trusting = Estate::new();
    planted(&trusting);
    trusting.pin(&stranger.root());
    trusting.by("ana", "check").run().done();
    // Two roots at once, and none at all.
    let differ = estate.by("ana", "check --root").arg(stranger.root()).run();
    assert_eq!(differ.code, 5, "{differ}");
    let clone = estate.repo.folder().join("clone");
    let _absent = fs::remove_dir_all(&clone);
    estate.repo.git(&["clone", "-q", ".", &clone.display().to_string()]).done();
    for line in ["check", "get prod/DB_URL", "export -e prod --format json", "list"] {
        let unpinned = estate.by("ana", line).within(&clone).run();
        assert_eq!((unpinned.code, unpinned.stdout.as_str()), (5, ""), "{line}: {unpinned}");
        assert!(unpinned.stderr.contains("[no-root]"), "{line}: {unpinned}");
    }
    let run = estate.by("ana", "run -e prod -- echo started").within(&clone).run();
    assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
}

#[test]
fn case_40_times_ahead_of_now_and_before_a_parent() {
    let estate = Estate::new();
    let now: Timestamp = NOW.parse().unwrap();
    let at = |e: &Estate, shift: SignedDuration| {
        let mut entry = again(e, "ben");
        entry.time = now + shift;
        e.sign(entry, &Pen::of("ben"));
    };
    for shift in [SignedDuration::from_hours(1), SignedDuration::from_hours(-1)] {
        estate.attacked(5, &["bad-time"], |e| at(e, shift));
    }
    for shift in [SignedDuration::from_mins(4), SignedDuration::from_mins(-4)] {
        estate.twin(|e| at(e, shift));
    }
}

#[test]
fn case_41_a_deadline_later_than_the_type_allows() {
    let estate = Estate::new();
    let attesting = |e: &Estate, days: i64| {
        let mut kind = e.attesting(Op::New, &[DB_URL]);
        let Kind::Seal { files, .. } = &mut kind else { unreachable!() };
        let due = &mut files[0].items[0].due;
        *due = due.map(|due| due.checked_add(jiff::Span::new().days(days)).unwrap());
        let entry = e.draft("ben", kind);
        e.sign(entry, &Pen::of("ben"));
    };
    estate.attacked(5, &["bad-due"], |e| attesting(e, 1));
    // As its hint says, a new value ends it.
    attesting(&estate, 1);
    let told = estate.by("ana", "--json check").run().json()["findings"].to_string();
    assert!(told.contains("\"fix\":\"tenure set prod/DB_URL\""), "{told}");
    estate.set("ana", "prod/DB_URL", "hunter2-two");
    estate.honest();
}

#[test]
fn case_72_a_cache_that_says_more_than_it_knows() {
    let estate = Estate::new();
    let stranger = Estate::new();
    // Both remember; the stranger's cache is sealed with a key of its own.
    estate.honest();
    stranger.honest();
    let state = |e: &Estate| e.repo.path().join(".git/tenure");
    let caches = || {
        let files = crate::support::below(&state(&estate)).into_iter();
        files.filter(|path| !path.ends_with("pin") && fs::metadata(path).unwrap().len() > 0)
    };
    assert!(caches().count() > 0, "nothing is remembered");
    let verdict = |e: &Estate| {
        let (checked, read) = (e.by("ana", "check").run(), e.by("ana", "get prod/DB_URL").run());
        assert_eq!((checked.code, read.code, read.stdout.as_str()), (5, 5, ""), "{checked} {read}");
        (checked.stdout, read.stderr)
    };
    estate.attacked(5, &["bad-signature"], |e| {
        let id = e.sign(again(e, "ben"), &Pen::of("mallory"));
        for path in caches() {
            let honest = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            let without = verdict(e);
            let theirs = state(&stranger).join(path.file_name().unwrap());
            let line = format!("{id}\n").into_bytes();
            let known = [honest.as_slice(), &line].concat();
            let raw = [honest.as_slice(), &[0x5a; 32]].concat();
            for bytes in [known, raw, fs::read(theirs).unwrap_or_default(), honest] {
                fs::write(&path, bytes).unwrap();
                assert_eq!(verdict(e), without, "{}", path.display());
            }
        }
    });
    // What is as it was is still believed.
    estate.honest();
}

/// A signature of ben's that he made over something else, of which a cache says that it holds.
#[test]
fn case_72_a_cache_that_says_of_a_forged_signature_that_it_holds() {
    let estate = Estate::new();
    estate.honest();
    estate.attacked(5, &["bad-signature"], |e| {
        let other = e.signature(b"something else", &Pen::of("ben"));
        let entry = again(e, "ben");
        let payload = entry.render().unwrap();
        let path = tenure::log::name::file_path(&entry, &EntryId::of(payload.as_bytes()));
        e.write(path.as_str(), tenure::log::render::join(&payload, &other));
        let cache = e.repo.path().join(".git/tenure/signatures");
        let honest = fs::read(&cache).unwrap();
        let (seal, facts) = honest.split_at(32);
        let mut held = tenure::log::held::Held::from_bytes(facts).unwrap();
        held.add(e.log().iter().find(|it| it.entry == entry).unwrap());
        for seal in [seal, &[0; 32]] {
            fs::write(&cache, [seal, &held.to_bytes()].concat()).unwrap();
            let read = e.by("ana", "get prod/DB_URL").run();
            assert_eq!((read.code, read.stdout.as_str()), (5, ""), "{read}");
        }
    });
}

/// Signs an entry by hand whose text says another version.
fn versioned(estate: &Estate, version: u32) {
    let mut entry = again(estate, "ben");
    entry.sort();
    let payload = entry.render().unwrap();
    let payload = payload.replacen("v = 1\n", &format!("v = {version}\n"), 1);
    let signature = estate.signature(payload.as_bytes(), &Pen::of("ben"));
    let id = EntryId::of(payload.as_bytes());
    let path = tenure::log::name::file_path(&entry, &id);
    estate.write(path.as_str(), tenure::log::render::join(&payload, &signature));
}

#[test]
fn case_76_an_entry_of_a_newer_version() {
    let estate = Estate::new();
    estate.attacked(3, &["update-tenure", "version 2"], |e| {
        versioned(e, 2);
        assert_eq!(e.refusal(), "update-tenure");
        let checked = e.by("ana", "--json check").run();
        assert!(!super::says(&checked, "bad-entry"), "{checked}");
        let read = e.by("ana", "get prod/DB_URL").run();
        assert!(read.stderr.contains("hint: update tenure"), "{read}");
    });
    estate.twin(|e| versioned(e, 1));
}

#[test]
fn what_is_read_back_is_what_was_written() {
    let estate = Estate::new();
    let ids: Vec<_> = estate.log().iter().map(|signed: &SignedEntry| signed.id).collect();
    assert_eq!(ids.len(), 12);
}
