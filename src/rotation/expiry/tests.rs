//! Ends that are read, ends that are not, and what becomes of them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rand_core::OsRng;

use super::*;
use crate::rotation::generate::generate;

const TODAY: Date = date(2026, 11, 22);

/// From 2026-11-22 to 2027-02-10; in all `.p12` here too, which open with `pässword`.
const PEM: &str = include_str!("samples/c.pem");
const UNTIL: Date = date(2027, 2, 10);
const PASSWORD: &str = "pässword";
const BOUGHT: [(&str, &[u8]); 3] = [
    ("AES", include_bytes!("samples/pbes2.p12")),
    ("RC2", include_bytes!("samples/rc2.p12")),
    ("3DES", include_bytes!("samples/tdes.p12")),
];

fn until(value: impl AsRef<[u8]>) -> Option<Date> {
    Expiry::read(value.as_ref(), TODAY).map(|expiry| expiry.until)
}

fn der() -> Vec<u8> {
    let body: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

/// A certificate for tests from a day on, with its key.
fn made(spec: &str, from: &str) -> String {
    let now = format!("{from}T00:00:00Z").parse().unwrap();
    let made = generate(&spec.parse().unwrap(), now, &mut OsRng).unwrap();
    made.value.expose_text().unwrap().to_owned()
}

fn token(claims: &str) -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    format!("{}.{}.c2ln", part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), part(claims))
}

#[test]
fn a_certificate_is_read_in_every_form_that_files_and_variables_have() {
    assert_eq!(until(PEM), Some(UNTIL));
    assert_eq!(until(der()), Some(UNTIL));
    assert_eq!(until(PEM.replace('\n', "\\n")), Some(UNTIL), "a variable of one line");
    assert_eq!(until(PEM.replace('\n', "\r\n")), Some(UNTIL));
    assert_eq!(until(STANDARD.encode(der())), Some(UNTIL), "DER in a variable");
    let lines: String = STANDARD
        .encode(der())
        .as_bytes()
        .chunks(64)
        .map(|line| format!("{}\n", String::from_utf8_lossy(line)))
        .collect();
    assert_eq!(until(lines), Some(UNTIL), "as `base64` writes it");
    assert_eq!(until(STANDARD.encode(PEM)), Some(UNTIL), "a Kubernetes secret");
    assert_eq!(until(format!("subject=CN=a\n{PEM}trailing")), Some(UNTIL));
    assert_eq!(until(PEM.replace("CERTIFICATE", "TRUSTED CERTIFICATE")), Some(UNTIL));
    let expiry = Expiry::read(PEM.as_bytes(), TODAY).unwrap();
    assert_eq!((expiry.what, expiry.since), (What::Certificate, Some(TODAY)));
}

#[test]
fn a_key_or_a_damaged_certificate_has_no_end() {
    for none in
        ["", "x", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END"]
    {
        assert_eq!(until(none), None, "{none}");
    }
    assert_eq!(until(PEM.replace("CERTIFICATE", "PRIVATE KEY")), None);
    assert_eq!(until(&der()[..200]), None);
    assert_eq!(until(PEM.replace("MIIB", "MIIA")), None);
}

#[test]
fn the_first_end_of_a_chain_counts() {
    let leaf = made("cert:leaf.test:30d", "2026-11-22");
    assert_eq!(until(&leaf), Some(date(2026, 12, 21)));
    for chain in [format!("{leaf}{PEM}"), format!("{PEM}{leaf}")] {
        assert_eq!(until(chain), Some(date(2026, 12, 21)));
    }
    let both = made("testca:a.test:90d", "2026-11-22");
    assert_eq!(until(both), Some(date(2027, 2, 19)));
}

#[test]
fn an_authority_that_ended_does_not_end_a_bundle_but_a_leaf_does() {
    let later = date(2027, 3, 1);
    let leaf = made("cert:leaf.test:365d", "2026-11-22");
    // The sample is an authority's.
    let bundle = format!("{PEM}{leaf}");
    let read = |text: &str| Expiry::read(text.as_bytes(), later).unwrap();
    assert_eq!(read(&bundle).until, date(2027, 11, 21));
    assert!(read(PEM).is_over(later), "alone, it counts");
    let ended = made("cert:leaf.test:30d", "2026-11-22");
    assert!(read(&format!("{leaf}{ended}")).is_over(later));
}

#[test]
fn a_pkcs12_file_is_read_where_its_password_is_at_hand() {
    for (name, file) in BOUGHT {
        let read = |password| Expiry::read_with(file, password, TODAY).map(|e| e.until);
        assert_eq!(read(Some(PASSWORD)), Some(UNTIL), "{name}");
        assert!(!Expiry::is_locked(file, Some(PASSWORD)), "{name}");
        for wrong in [None, Some("password"), Some("")] {
            assert_eq!(read(wrong), None, "{name}");
            assert!(Expiry::is_locked(file, wrong), "{name}");
        }
    }
    let plain = include_bytes!("samples/plain.p12");
    assert_eq!(until(plain), Some(UNTIL), "certificates that nothing encrypts");
    assert_eq!(until(include_bytes!("samples/empty.p12")), Some(UNTIL), "the empty password");
    assert!(!Expiry::is_locked(plain, None) && !Expiry::is_locked(PEM.as_bytes(), None));
}

#[test]
fn a_pkcs12_file_in_base64_is_read_and_known_to_be_locked() {
    for (name, file) in BOUGHT {
        let text = STANDARD.encode(file);
        let read = Expiry::read_with(text.as_bytes(), Some(PASSWORD), TODAY);
        assert_eq!(read.map(|expiry| expiry.until), Some(UNTIL), "{name}");
        assert!(Expiry::is_locked(text.as_bytes(), None), "{name}");
        assert!(Expiry::is_locked(text.as_bytes(), Some("another")), "{name}");
        assert!(!Expiry::is_locked(text.as_bytes(), Some(PASSWORD)), "{name}");
    }
    assert!(!Expiry::is_locked(STANDARD.encode(der()).as_bytes(), None));
    assert!(!Expiry::is_locked(b"MIIthis is no base64", None));
}

#[test]
fn a_file_that_asks_for_too_much_work_is_left_alone() {
    // One round of its key's derivation more than are done.
    let slow = include_bytes!("samples/slow.p12");
    assert_eq!(Expiry::read_with(slow, Some(PASSWORD), TODAY), None);
    assert!(Expiry::is_locked(slow, Some(PASSWORD)));
    // No round, and a negative count.
    for (which, count, odd) in
        [(0, &[2, 2, 8, 0][..], &[2, 2, 0, 0][..]), (1, &[2, 1, 1], &[2, 1, 0x80])]
    {
        let mut file = BOUGHT[which].1.to_vec();
        let at = file.windows(count.len()).position(|part| part == count).unwrap();
        file[at..at + odd.len()].copy_from_slice(odd);
        assert!(Expiry::is_locked(&file, Some(PASSWORD)));
    }
}

#[test]
fn a_token_ends_when_it_says() {
    assert_eq!(until(token("{\"exp\":1798761599}")), Some(date(2026, 12, 31)));
    assert_eq!(until(token("{\"exp\":1798761600,\"sub\":\"x\"}")), Some(date(2027, 1, 1)));
    assert_eq!(
        until(format!("Bearer {}\n", token("{\"exp\":1798761600.5}"))),
        Some(date(2027, 1, 1))
    );
    let read = Expiry::read(token("{\"exp\":1798761600,\"iat\":1795305600}").as_bytes(), TODAY);
    assert_eq!(read.unwrap().since, Some(TODAY));
}

#[test]
fn what_is_no_token_or_has_no_end_ends_never() {
    for claims in
        ["{}", "{\"exp\":null}", "{\"exp\":\"1\"}", "{\"exp\":1e300}", "[]", "7", "{\"exp\":1"]
    {
        assert_eq!(until(token(claims)), None, "{claims}");
    }
    let whole = token("{\"exp\":1798761600}");
    let (head, _) = whole.rsplit_once('.').unwrap();
    for none in
        [head.to_owned(), format!("{whole}.x"), format!("{head}.!"), whole.replacen('.', "..", 1)]
    {
        assert_eq!(until(&none), None, "{none}");
    }
    let other =
        whole.replacen(&URL_SAFE_NO_PAD.encode("{\"alg\""), &URL_SAFE_NO_PAD.encode("{\"arg\""), 1);
    assert_ne!(other, whole);
    assert_eq!(until(other), None, "a header without an algorithm");
}

fn expiry(what: What, since: Option<Date>, until: Date) -> Expiry {
    let life = since.map(|since| u32::try_from((until - since).get_days() + 1).unwrap());
    Expiry { what, since, until, life, issued: true }
}

#[test]
fn the_deadline_is_before_the_end_by_as_many_days_as_the_mission_says() {
    let due = |what, since, until| expiry(what, since, until).due(TODAY);
    let far = date(2027, 6, 30);
    assert_eq!(due(What::Certificate, Some(TODAY), far), date(2027, 6, 23));
    assert_eq!(due(What::Token, None, far), date(2027, 6, 16));
    // A life of six days, of a day, and what ends within its margin.
    assert_eq!(due(What::Certificate, Some(TODAY), date(2026, 11, 28)), date(2026, 11, 26));
    assert_eq!(due(What::Token, Some(TODAY), TODAY), TODAY);
    assert_eq!(due(What::Certificate, Some(date(2026, 1, 1)), date(2026, 11, 25)), TODAY);
    // Over: at its end, which is red at once.
    assert_eq!(due(What::Certificate, None, date(2026, 11, 21)), date(2026, 11, 21));
    assert!(expiry(What::Token, None, date(2026, 11, 21)).is_over(TODAY));
    assert!(!expiry(What::Token, None, TODAY).is_over(TODAY), "its last day");
}

#[test]
fn a_certificate_may_live_as_long_as_the_rules_of_its_first_day_say() {
    let beyond = |since: Date, days: i64| {
        let until = since.checked_add(jiff::Span::new().days(days - 1)).unwrap();
        expiry(What::Certificate, Some(since), until).beyond_the_rules()
    };
    for (first, allowed) in [
        (date(2020, 8, 31), 825),
        (date(2026, 3, 14), 398),
        (date(2026, 3, 15), 200),
        (date(2027, 3, 14), 200),
        (date(2027, 3, 15), 100),
        (date(2029, 3, 14), 100),
        (date(2029, 3, 15), 47),
    ] {
        assert_eq!(beyond(first, allowed), None, "{first}");
        let more = u32::try_from(allowed).unwrap();
        assert_eq!(beyond(first, allowed + 1), Some((more + 1, more)), "{first}");
    }
    let own = made("cert:a.test:398d", "2026-11-22");
    let read = |text: &str| Expiry::read(text.as_bytes(), TODAY).unwrap();
    assert_eq!(read(&own).beyond_the_rules(), None, "nobody's but its own");
    let issued = made("testca:a.test:398d", "2026-11-22");
    let leaf = &issued[..issued.find("-----END").unwrap() + 25];
    assert_eq!(read(leaf).beyond_the_rules(), Some((398, 200)));
}

proptest! {
    #[test]
    fn nothing_that_is_read_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _any = Expiry::read_with(&bytes, Some("x"), TODAY);
    }

    #[test]
    fn no_damage_panics_and_a_deadline_stays_within_its_life(
        which in 0..5_usize, at in any::<prop::sample::Index>(), new in any::<u8>(),
    ) {
        let der = der();
        let all = [PEM.as_bytes(), &der, BOUGHT[0].1, BOUGHT[1].1, include_bytes!("samples/plain.p12")];
        let mut bytes = all[which].to_vec();
        let at = at.index(bytes.len());
        // The counts of rounds are bounded, but a test has no seconds to spare.
        bytes[at] = new;
        if which == 2 || which == 3 {
            let _any = Expiry::read(&bytes[..at], TODAY);
        } else if let Some(expiry) = Expiry::read(&bytes, TODAY) {
            prop_assert!(expiry.due(TODAY) <= expiry.until.max(TODAY));
        }
    }
}
