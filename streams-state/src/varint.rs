//! Numbers of variable length as Kafka writes them, with the sign in their lowest bit.

/// Appends a number.
pub fn write(number: i32, out: &mut Vec<u8>) {
    let mut left = ((number << 1) ^ (number >> 31)).cast_unsigned();
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

/// Appends a length; `None` where it is longer than such a number tells, which nothing in a record is.
#[must_use]
pub fn write_length(length: usize, out: &mut Vec<u8>) -> Option<()> {
    write(i32::try_from(length).ok()?, out);
    Some(())
}

/// The same before what `out` has from `at` on.
#[must_use]
pub fn insert_length(length: usize, at: usize, out: &mut Vec<u8>) -> Option<()> {
    let end = out.len();
    write_length(length, out)?;
    let written = out.len() - end;
    out[at..].rotate_right(written);
    Some(())
}

/// The number that `bytes` begin with, and what follows it; `None` where it does not end.
pub fn read(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let mut number = 0_u32;
    for (at, &byte) in bytes.iter().take(5).enumerate() {
        number |= u32::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let sign = (number & 1).cast_signed();
            return Some(((number >> 1).cast_signed() ^ -sign, &bytes[at + 1..]));
        }
    }
    None
}

/// The bytes behind the length that `bytes` begin with, and what follows them; `Some(None)` for the length -1.
pub fn read_bytes(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    match read(bytes)? {
        (-1, rest) => Some((None, rest)),
        (length, rest) => {
            let (read, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some((Some(read), rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_javas() {
        for (number, bytes) in [
            (0, &[0][..]),
            (-1, &[1]),
            (1, &[2]),
            (63, &[0x7e]),
            (64, &[0x80, 1]),
            (-65, &[0x81, 1]),
            (100, &[0xc8, 1]),
            (i32::MAX, &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
            (i32::MIN, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ] {
            let mut out = Vec::new();
            write(number, &mut out);
            assert_eq!(out, bytes, "{number}");
            out.push(7);
            assert_eq!(read(&out), Some((number, &[7][..])));
        }
        assert_eq!(read(&[0x80; 6]), None);
        assert_eq!(read(&[0x80]), None);
    }

    #[test]
    fn lengths_stand_before_what_they_tell() {
        let mut out = b"before".to_vec();
        out.extend_from_slice(&[7; 100]);
        assert!(insert_length(100, 6, &mut out).is_some());
        assert_eq!(out[..9], *b"before\xc8\x01\x07");
        assert_eq!(read_bytes(&out[6..]), Some((Some(&[7; 100][..]), &[][..])));
        assert_eq!(read_bytes(&[1, 9]), Some((None, &[9][..])));
        for damaged in [&[4, 9][..], &[3], &[], &[0xff]] {
            assert_eq!(read_bytes(damaged), None);
        }
    }
}
