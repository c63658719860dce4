# Shortcuts; `.ci/run` is the one list of checks.

# Lists what there is.
default:
    @just --list

# All checks, as in CI.
ci:
    .ci/run

# Formats the code.
fmt:
    cargo fmt

# Formatting, clippy and the documentation's links.
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --document-private-items --locked

# All tests, or those whose name contains the words.
test *words:
    cargo test --locked {{ words }}

# Licences, advisories, bans. Needs cargo-deny.
deny:
    cargo deny check
