//! Padding: a token does not tell a PIN from a password. Design, section 3.

use zeroize::Zeroizing;

/// Up to this many bytes the step is [`STEP`]; above, lengths follow Padmé (PURBs, PoPETs 2019, section 4).
const FINE: usize = 256;
const STEP: usize = 32;

/// The padded length of a content of `len` bytes (its u32 length included).
fn padded(len: usize) -> usize {
    if len <= FINE {
        return len.next_multiple_of(STEP);
    }
    let exponent = len.ilog2();
    let bits = exponent.ilog2() + 1;
    let mask = (1_usize << (exponent - bits)) - 1;
    (len + mask) & !mask
}

/// Gives u32 length (little-endian), the bytes, and zeros; none if the value is too long.
pub(super) fn pad(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let len = u32::try_from(value.len()).ok().filter(|len| *len <= u32::MAX / 2)?;
    let total = padded(value.len() + 4);
    let mut out = Zeroizing::new(Vec::with_capacity(total));
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(value);
    out.resize(total, 0);
    Some(out)
}

/// Takes the padding off; none if it is not exactly what [`pad`] makes.
pub(super) fn unpad(padded_value: &[u8]) -> Option<&[u8]> {
    let (len, rest) = padded_value.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
    let (value, zeros) = rest.split_at_checked(len)?;
    let right = padded(len + 4) == padded_value.len() && zeros.iter().all(|b| *b == 0);
    right.then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_values_look_alike() {
        for len in 0..=28 {
            assert_eq!(pad(&vec![7; len]).unwrap().len(), 32);
        }
        assert_eq!(pad(&[7; 29]).unwrap().len(), 64);
        assert_eq!(pad(&[7; 252]).unwrap().len(), 256);
        assert_eq!(pad(&[7; 253]).unwrap().len(), 272);
        assert_eq!(pad(&[7; 10_000]).unwrap().len(), 10_240);
    }

    #[test]
    fn other_padding_is_refused() {
        let good = pad(b"abc").unwrap().to_vec();
        let mut dirty = good.clone();
        *dirty.last_mut().unwrap() = 1;
        let mut long = good.clone();
        long.extend([0; 32]);
        let mut lies = good.clone();
        lies[0] = 200;
        for bad in [&dirty, &long, &lies, &good[..31].to_vec(), &vec![]] {
            assert_eq!(unpad(bad), None);
        }
    }

    proptest! {
        #[test]
        fn padding_comes_off(value in prop::collection::vec(any::<u8>(), 0..2000)) {
            let with = pad(&value).unwrap();
            prop_assert_eq!(unpad(&with), Some(value.as_slice()));
            prop_assert!(with.len() <= value.len() + 4 + 32.max(value.len() / 8));
        }
    }
}
