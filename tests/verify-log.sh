#!/usr/bin/env bash
# A second opinion on a log, without tenure: verify-log.sh REPOSITORY ALLOWED-SIGNERS [ROOT]
#
# Checks of each entry: its name, its id, that its parents are there, its root, and its signature by a key of
# `by` for log@tenure over sha512. Prints a line for each fault; exits 0 where there is none, else 1.
# ALLOWED-SIGNERS is what `tenure log signers` prints: all keys of all policies ever in force.
#
# It does not check: the grammar beyond these fields; which policy a key stands in, and who may what; times;
# the touch of a security key and the size of an RSA key; policies, keyrings, files; what is in git's history.
set -euo pipefail
export LC_ALL=C

repository=${1:?'the folder of a repository'}
signers=$(realpath "${2:?'a file of allowed signers'}")
pinned=${3-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$repository"

faults=0
fault() {
    printf '%s: %s\n' "$1" "$2"
    faults=1
}

# What `key = "…"` says in the payload at hand; `kind = "seal"` lists come after it and repeat no such name.
field() { sed -n "/^\[\[/q; s/^$1 = \"\(.*\)\"\$/\1/p" "$scratch/payload" | head -n 1; }

# SSHSIG names its namespace, a reserved empty text, and its hash, each with its length.
wanted=$(printf '\0\0\0\nlog@tenure\0\0\0\0\0\0\0\6sha512' | od -An -v -tx1 | tr -d ' \n')

# First all ids: a parent may stand in a later file.
declare -A ids
files=()
found=()
while IFS= read -r -d '' file; do
    if [ -L "$file" ] || [ ! -f "$file" ]; then
        fault "$file" 'is no plain file'
        continue
    fi
    if [ "$(grep -a -c '^-----BEGIN SSH SIGNATURE-----$' "$file")" != 1 ] ||
        [ "$(tail -n 1 "$file")" != '-----END SSH SIGNATURE-----' ]; then
        fault "$file" 'has not one signature, at its end'
        continue
    fi
    id=$(sed '/^-----BEGIN SSH SIGNATURE-----$/,$d' "$file" | sha256sum | cut -c 1-64)
    ids[$id]=$file
    files+=("$file")
    found+=("$id")
done < <(find .secrets/log -mindepth 1 ! -type d -print0 | sort -z)

inits=()
roots=()
for at in "${!files[@]}"; do
    file=${files[$at]} id=${found[$at]}
    sed '/^-----BEGIN SSH SIGNATURE-----$/,$d' "$file" >"$scratch/payload"
    sed -n '/^-----BEGIN SSH SIGNATURE-----$/,$p' "$file" >"$scratch/signature"
    by=$(field by)
    stamp=$(sed -n '/^\[\[/q; s/^time = "\(.*\)"$/\1/p' "$scratch/payload" | tr -d ':-')

    name=.secrets/log/${stamp:0:4}-${stamp:4:2}/$stamp-${id:0:16}.entry
    [ "$file" = "$name" ] || fault "$file" "its bytes are those of $name"

    if [ "$(field kind)" = init ]; then
        inits+=("$id")
    else
        roots+=("$(field root) $file")
        parents=$(sed -n '/^\[\[/q; s/^parents = \[\(.*\)\]$/\1/p' "$scratch/payload" | tr -d '," ' | fold -w 64)
        [ -n "$parents" ] || fault "$file" 'names no parent'
        for parent in $parents; do
            [ -n "${ids[$parent]-}" ] || fault "$file" "its parent $parent is not there"
        done
    fi

    blob=$(sed '/^-----/d' "$scratch/signature" | base64 -d 2>"$scratch/why" | od -An -v -tx1 | tr -d ' \n')
    if ! [[ $by =~ ^[a-z0-9][a-z0-9_-]*$ && $blob == *$wanted* ]]; then
        fault "$file" 'is not signed for log@tenure over sha512'
    elif ! ssh-keygen -Y verify -f "$signers" -I "$by" -n log@tenure -s "$scratch/signature" \
        <"$scratch/payload" >"$scratch/why" 2>&1; then
        fault "$file" "is not signed by a key of $by"
    fi
done

[ ${#inits[@]} = 1 ] || fault .secrets/log "has ${#inits[@]} first entries"
root=${pinned:-${inits[0]-}}
[ "${inits[0]-}" = "$root" ] || fault .secrets/log "does not begin with $root"
for line in "${roots[@]}"; do
    [ "${line%% *}" = "$root" ] || fault "${line#* }" 'is of another root'
done
[ "$faults" != 0 ] || echo "${#ids[@]} entries: ids, parents, root and signatures hold"
exit "$faults"
