# The scene of every bench, sourced by them: the program, a folder and a home of their own. Set before: `programs`, what
# is needed beside cargo, git, ssh-keygen and python3; `examples`, what is built beside the program. Set after: `built`,
# `tenure`, `python`, `work`.
set -euo pipefail

for program in cargo git ssh-keygen python3 ${programs:-}; do
    command -v "$program" >/dev/null || { echo "missing: $program" >&2; exit 1; }
done

if [ -z "${TENURE:-}" ]; then
    cargo build --release --locked --bin tenure >&2
    for example in ${examples:-}; do cargo build --release --locked --example "$example" >&2; done
fi
built=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release
tenure=${TENURE:-$built/tenure}
# The hooks look for it there.
PATH=$(cd "$(dirname "$tenure")" && pwd):$PATH
# By its own path: a shim may look for its settings in the home that is left here.
python=$(python3 -c 'import sys; print(sys.executable)')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_STATE_HOME=$work/home/.local/state
export GIT_CONFIG_NOSYSTEM=1
unset TENURE_IDENTITY TENURE_IDENTITY_FILE TENURE_IDENTITY_CMD TENURE_ROOT
mkdir -p -m 700 "$HOME/.ssh"
git config --global user.name ana
git config --global user.email ana@example.com
ssh-keygen -q -t ed25519 -N '' -C bench -f "$HOME/.ssh/id_ed25519"
