//! Passwords and passphrases: characters and words, each as likely as the others.

use diceware_wordlists::EFF_LONG_WORDLIST;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::Alphabet;
use crate::secret::Plaintext;

/// Makes a password. It begins and ends with a letter or digit where the alphabet is ours, so that it is no
/// option and no end of a sentence.
pub(super) fn password(
    length: usize,
    alphabet: &Alphabet,
    rng: &mut dyn CryptoRngCore,
) -> Plaintext {
    let all = alphabet.characters();
    let edges = match alphabet {
        Alphabet::Set(_) => all,
        Alphabet::Usual | Alphabet::Alnum | Alphabet::Symbols => Alphabet::Alnum.characters(),
    };
    loop {
        let mut out = Zeroizing::new(Vec::with_capacity(length));
        while out.len() < length {
            let from = if out.is_empty() || out.len() + 1 == length { edges } else { all };
            out.push(from[below(from.len(), rng)]);
        }
        // Thrown away as a whole, so that no place is more likely to have a symbol than another.
        if *alphabet != Alphabet::Symbols || has_every_class(&out) {
            return Plaintext::from(out);
        }
    }
}

fn has_every_class(text: &[u8]) -> bool {
    let classes: [fn(&u8) -> bool; 4] = [
        u8::is_ascii_uppercase,
        u8::is_ascii_lowercase,
        u8::is_ascii_digit,
        u8::is_ascii_punctuation,
    ];
    classes.iter().all(|class| text.iter().any(class))
}

/// Makes a passphrase of words of the EFF's long list, without the four that have the sign between words in
/// them: 12.9 bits each.
pub(super) fn passphrase(count: usize, rng: &mut dyn CryptoRngCore) -> Plaintext {
    let longest = EFF_LONG_WORDLIST.iter().map(|word| word.len()).max().unwrap_or_default();
    let mut out = Zeroizing::new(Vec::with_capacity(count * (longest + 1)));
    let mut words = 0;
    while words < count {
        let word = EFF_LONG_WORDLIST[below(EFF_LONG_WORDLIST.len(), rng)];
        if word.contains('-') {
            continue;
        }
        if words > 0 {
            out.push(b'-');
        }
        out.extend_from_slice(word.as_bytes());
        words += 1;
    }
    Plaintext::from(out)
}

/// Draws a number below `limit`, which is at most 65,536, each as likely as the others: draws past the last
/// whole multiple of it are thrown away.
fn below(limit: usize, rng: &mut dyn CryptoRngCore) -> usize {
    let fair = (1 << 16) / limit * limit;
    loop {
        let mut drawn = Zeroizing::new([0; 2]);
        rng.fill_bytes(drawn.as_mut_slice());
        let drawn = usize::from(u16::from_be_bytes(*drawn));
        if drawn < fair {
            return drawn % limit;
        }
    }
}
