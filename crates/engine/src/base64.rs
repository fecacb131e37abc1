//! Bytes as text: Base64, as packages and the Web API carry files.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes as Base64, with padding.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) as usize & 63;
            text.push(if place > chunk.len() { '=' } else { char::from(ALPHABET[digit]) });
        }
    }
    text
}

/// Reads Base64, with line ends or without; `None` where the text is none.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    whole(text).ok()
}

/// Returns the position, from 1, of the first character that Base64 has no place for; `None` where all of them fit.
pub fn fault(text: &str) -> Option<usize> {
    whole(text).err()
}

fn whole(text: &str) -> Result<Vec<u8>, usize> {
    let mut decoder = Decoder { bytes: Vec::with_capacity(text.len() / 4 * 3), ..Decoder::default() };
    decoder.take(text.as_bytes());
    decoder.finished()
}

/// Reads Base64 that comes in pieces, with line ends or without.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    bits: u32,
    count: u32,
    /// How many characters have come.
    position: usize,
    /// Where padding began, behind which nothing else may come.
    padding: Option<usize>,
    fault: Option<usize>,
}

impl Decoder {
    /// Takes the next piece.
    pub fn take(&mut self, piece: &[u8]) {
        if self.fault.is_some() {
            return;
        }
        for byte in piece {
            // Characters count, not bytes.
            self.position += usize::from(byte & 0xC0 != 0x80);
            match (value(*byte), byte) {
                (Some(digit), _) if self.padding.is_none() => {
                    self.bits = self.bits << 6 | u32::from(digit);
                    self.count += 6;
                    if self.count >= 8 {
                        self.count -= 8;
                        self.bytes.push((self.bits >> self.count & 255) as u8);
                    }
                }
                (_, b'=') => drop(self.padding.get_or_insert(self.position)),
                (_, blank) if blank.is_ascii_whitespace() => {}
                _ => {
                    self.fault = self.padding.or(Some(self.position));
                    return;
                }
            }
        }
    }

    /// Returns the bytes, or the position, from 1, of the first character that Base64 has no place for.
    pub fn finished(self) -> Result<Vec<u8>, usize> {
        self.fault.map_or(Ok(self.bytes), Err)
    }
}

fn value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_both_ways() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(decode("Zm9v\r\nYmFy").as_deref(), Some(&b"foobar"[..]));
        assert_eq!((decode("not base64!"), fault("not base64!")), (None, Some(11)));
        assert_eq!(fault("Zm9v\r\nYg=="), None);
        assert_eq!((fault("Zg==Zg"), fault("ü"), fault("Zg==\n")), (Some(3), Some(1), None));
    }
}
