//! How long it takes to parse, seal and open a document of a thousand values.
//!
//! `cargo bench --bench documents`; for the whole program beside others, see `compare.sh`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rand_core::OsRng;
use tenure::document::{Document, Format, items};
use tenure::keyring::Generation;
use tenure::names::{EnvName, KeyPath, RepositoryId};
use tenure::seal::{self, Comments, Known, Opener, Scope, Sealer};

fn thousand() -> String {
    let line = |n: usize| {
        let group = if n.is_multiple_of(20) { format!("service-{n}:\n") } else { String::new() };
        format!("{group}  key_{n}: T5xrZq0v9yB1c7uKd3Wf8mLh2sJgAe{n}\n")
    };
    (0..1_000).map(line).collect()
}

fn documents(criterion: &mut Criterion) {
    let clear = thousand();
    let env: EnvName = "prod".parse().expect("a plain name is a name");
    let repository = RepositoryId::from_random([7; 16]);
    let keys = [Generation::generate(&mut OsRng).value_key()];
    let none_clear = |_: &KeyPath| false;
    let scope = Scope {
        repository: &repository,
        env: &env,
        clear: &none_clear,
        comments: Comments::Sealed,
    };
    let sealer = Sealer { scope, current: &keys[0], opener: Opener(&keys) };
    let parse = |text| Document::parse(Format::Yaml, text).expect("plain YAML is taken");
    let seal = |document: &Document<'_>| {
        sealer.seal(document, Known::default(), &mut OsRng).expect("plain values are sealed")
    };
    let plain = parse(&clear);
    let sealed = seal(&plain);
    let document = parse(&sealed);

    criterion.bench_function("parse 1,000 values", |b| b.iter(|| parse(black_box(&sealed))));
    criterion.bench_function("hash 1,000 values", |b| b.iter(|| items(black_box(&document))));
    criterion.bench_function("seal 1,000 values", |b| b.iter(|| seal(black_box(&plain))));
    criterion.bench_function("open 1,000 values", |b| {
        b.iter(|| seal::open(black_box(&document), &scope, Opener(&keys)).expect("they open"));
    });
}

criterion_group!(benches, documents);
criterion_main!(benches);
