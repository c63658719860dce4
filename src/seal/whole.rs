//! Files sealed whole: ordinary armored age files, to one generation. Stock `age` opens them.

use std::io::{Read as _, Write as _};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use zeroize::Zeroizing;

use super::SealError;
use crate::secret::Plaintext;

const BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// Tells whether bytes look like a file that is sealed whole.
#[must_use]
pub fn is_whole(bytes: &[u8]) -> bool {
    bytes.starts_with(BEGIN)
}

/// Seals a file to a generation.
///
/// # Errors
/// [`SealError::WholeFailed`] when age does.
pub fn seal_whole(plain: &[u8], recipient: &age::x25519::Recipient) -> Result<Vec<u8>, SealError> {
    let failed = |_| SealError::WholeFailed;
    let recipient: &dyn age::Recipient = recipient;
    let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient))
        .map_err(|_| SealError::WholeFailed)?;
    let mut out = Vec::new();
    let armor = ArmoredWriter::wrap_output(&mut out, Format::AsciiArmor).map_err(failed)?;
    let mut writer = encryptor.wrap_output(armor).map_err(failed)?;
    writer.write_all(plain).map_err(failed)?;
    writer.finish().and_then(ArmoredWriter::finish).map_err(failed)?;
    Ok(out)
}

/// Opens a file that is sealed whole.
///
/// # Errors
/// [`SealError::WholeRefused`] when the key is another's or a byte was changed.
pub fn open_whole(bytes: &[u8], identity: &dyn age::Identity) -> Result<Plaintext, SealError> {
    let refused = |_| SealError::WholeRefused;
    let decryptor =
        age::Decryptor::new(ArmoredReader::new(bytes)).map_err(|_| SealError::WholeRefused)?;
    let mut reader =
        decryptor.decrypt(std::iter::once(identity)).map_err(|_| SealError::WholeRefused)?;
    // The plaintext is shorter than the armored file: room for it at once leaves no copy behind.
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader.read_to_end(&mut out).map_err(refused)?;
    Ok(Plaintext::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opens_with_its_generation_only() {
        let (mine, other) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
        let sealed = seal_whole(b"\0\xffbytes", &mine.to_public()).unwrap();
        assert!(is_whole(&sealed));
        assert_eq!(open_whole(&sealed, &mine).unwrap().expose(), b"\0\xffbytes");
        assert_eq!(open_whole(&sealed, &other).map(|_| ()), Err(SealError::WholeRefused));
        let mut cut = sealed.clone();
        cut.truncate(sealed.len() / 2);
        assert_eq!(open_whole(&cut, &mine).map(|_| ()), Err(SealError::WholeRefused));
    }
}
