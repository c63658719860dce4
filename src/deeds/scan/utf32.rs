//! Texts of four bytes a letter are read as UTF-8: nobody else reads them. Others come through as they are.

use std::io::{self, Read};

/// How a letter is made of its bytes.
type Order = fn([u8; 4]) -> u32;

/// How many bytes tell.
const HEAD: usize = 256;

/// Reads a text, and undoes UTF-32.
pub(super) struct Readable<'r> {
    from: io::Chain<io::Cursor<Vec<u8>>, &'r mut dyn Read>,
    /// How its letters are made of four bytes; none of a text of another kind.
    letter: Option<Order>,
    /// Bytes of a letter that is not whole yet.
    rest: Vec<u8>,
    /// What was decoded and not asked for yet.
    ready: io::Cursor<Vec<u8>>,
}

impl<'r> Readable<'r> {
    /// Begins a text.
    ///
    /// # Errors
    /// Those of reading it.
    pub(super) fn new(from: &'r mut dyn Read) -> io::Result<Self> {
        let mut head = Vec::new();
        from.take(HEAD as u64).read_to_end(&mut head)?;
        let letter = order(&head);
        let from = io::Cursor::new(head).chain(from);
        Ok(Self { from, letter, rest: Vec::new(), ready: io::Cursor::default() })
    }
}

impl Read for Readable<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(letter) = self.letter else { return self.from.read(into) };
        loop {
            let read = self.ready.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            let mut bytes = std::mem::take(&mut self.rest);
            if (&mut self.from).take(4 << 10).read_to_end(&mut bytes)? == 0 {
                return Ok(0);
            }
            let (letters, rest) = bytes.as_chunks::<4>();
            self.rest = rest.to_vec();
            let letters = letters.iter().map(|it| char::from_u32(letter(*it)));
            let text: String =
                letters.map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            self.ready = io::Cursor::new(text.into_bytes());
        }
    }
}

/// Knows UTF-32 by its mark, or by each of its first letters being a Latin one with three zeros.
fn order(head: &[u8]) -> Option<Order> {
    let letters = head.as_chunks::<4>().0;
    let is_latin = |it: u32| matches!(it, 0x09 | 0x0A | 0x0D | 0x20..=0x7E | 0xA0..=0xFF);
    let all =
        |order: Order| letters.len() >= 4 && letters.iter().all(|letter| is_latin(order(*letter)));
    let orders: [(Order, &[u8]); 2] =
        [(u32::from_le_bytes, b"\xFF\xFE\0\0"), (u32::from_be_bytes, b"\0\0\xFE\xFF")];
    let is_one = |(order, mark): &(Order, &[u8])| head.starts_with(mark) || all(*order);
    orders.into_iter().find(is_one).map(|(order, _)| order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<u8> {
        let mut read = Vec::new();
        Readable::new(&mut &*bytes).unwrap().read_to_end(&mut read).unwrap();
        read
    }

    #[test]
    fn utf_32_is_undone_and_nothing_else() {
        let text = "a line of words, schlüssel and 😀\n".repeat(400);
        let wide = |to: fn(u32) -> [u8; 4], text: &str| -> Vec<u8> {
            text.chars().flat_map(|letter| to(u32::from(letter))).collect()
        };
        for to in [u32::to_le_bytes, u32::to_be_bytes] {
            assert_eq!(read(&wide(to, &text[..30])), text.as_bytes()[..30]);
            let marked = format!("\u{feff}{text}");
            assert_eq!(read(&wide(to, &marked)), marked.as_bytes());
            assert_eq!(read(&[wide(to, &marked), b"x".to_vec()].concat()), marked.as_bytes());
        }
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for other in [text.as_bytes(), &utf_16, &[0; 4096], b"", b"\0\0\0a"] {
            assert_eq!(read(other), other);
        }
    }
}
