use super::*;
use uuid::Uuid;

const CX: SerdeContext<'_> = SerdeContext { topic: "t", headers: &crate::NO_HEADERS };

/// Writes and reads back; returns the bytes.
fn bytes<T: PartialEq + std::fmt::Debug>(serde: &impl Serde<T>, value: T) -> Vec<u8> {
    let mut out = b"before".to_vec();
    assert_eq!(serde.serialize(&CX, &value, &mut out).unwrap(), Wrote::Bytes);
    let bytes = out.split_off(6);
    assert_eq!(out, b"before", "a serde appends");
    assert_eq!(serde.deserialize(&CX, Some(&bytes)).unwrap(), value);
    bytes
}

fn default_bytes<T: DefaultSerde + PartialEq + std::fmt::Debug>(value: T) -> Vec<u8> {
    bytes(&T::default_serde(), value)
}

fn refusal<T: std::fmt::Debug>(serde: &impl Serde<T>, bytes: Option<&[u8]>) -> String {
    serde.deserialize(&CX, bytes).unwrap_err().to_string()
}

#[test]
fn numbers_are_java_s() {
    assert_eq!(default_bytes(-2i16), [0xff, 0xfe]);
    assert_eq!(default_bytes(258i32), [0, 0, 1, 2]);
    assert_eq!(default_bytes(-1i64), [0xff; 8]);
    assert_eq!(default_bytes(1_700_000_000_000i64), [0, 0, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0]);
    assert_eq!(default_bytes(u32::MAX), [0xff; 4]);
    assert_eq!(default_bytes(7u64), default_bytes(7i64));
    assert_eq!(default_bytes(u64::MAX), default_bytes(-1i64));
    assert_eq!(default_bytes(1.5f32), [0x3f, 0xc0, 0, 0]);
    assert_eq!(default_bytes(-2.0f64), [0xc0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(default_bytes(true), [1]);
    assert_eq!(default_bytes(false), [0]);
}

#[test]
fn text_and_bytes_are_java_s() {
    assert_eq!(default_bytes("größe".to_owned()), "größe".as_bytes());
    assert_eq!(default_bytes(Arc::<str>::from("a")), b"a");
    assert_eq!(default_bytes(String::new()), b"");
    assert_eq!(default_bytes(vec![0u8, 255]), [0, 255]);
    assert_eq!(default_bytes(Arc::<[u8]>::from([1u8])), [1]);
    assert_eq!(default_bytes(Uuid::from_u128(0xdead_beef)), b"00000000-0000-0000-0000-0000deadbeef");
    assert_eq!(UuidSerde.deserialize(&CX, Some(b"00000000-0000-0000-0000-0000DEADBEEF")).unwrap(), Uuid::from_u128(0xdead_beef));
}

#[test]
fn wrong_lengths_are_named() {
    assert_eq!(refusal::<i64>(&I64Serde, Some(b"12345")), "expected 8 bytes for i64, got 5");
    assert_eq!(refusal::<i16>(&I16Serde, Some(b"")), "expected 2 bytes for i16, got 0");
    assert_eq!(refusal::<bool>(&BoolSerde, Some(b"ab")), "expected 1 byte for bool, got 2");
    assert_eq!(refusal::<bool>(&BoolSerde, Some(&[2])), "expected byte 00 or 01 for bool, got 02");
    assert_eq!(refusal::<Uuid>(&UuidSerde, Some(b"dead")), "expected 36 bytes for Uuid, got 4");
    assert!(refusal::<String>(&StringSerde, Some(&[0xff])).contains("invalid utf-8"));
}

#[test]
fn null_needs_room() {
    assert_eq!(refusal::<String>(&StringSerde, None), "null where `String` has no room for it: use `Option<String>`");
    assert_eq!(refusal::<i64>(&I64Serde, None), "null where `i64` has no room for it: use `Option<i64>`");
    let serde = Option::<i64>::default_serde();
    assert_eq!(serde.deserialize(&CX, None).unwrap(), None);
    assert_eq!(serde.serialize(&CX, &None, &mut Vec::new()).unwrap(), Wrote::Null);
    assert_eq!(bytes(&serde, Some(1)), [0, 0, 0, 0, 0, 0, 0, 1]);
    let unit = <()>::default_serde();
    unit.deserialize(&CX, Some(b"anything")).unwrap();
    unit.deserialize(&CX, None).unwrap();
    let mut out = Vec::new();
    assert_eq!(unit.serialize(&CX, &(), &mut out).unwrap(), Wrote::Null);
    assert!(out.is_empty());
}

#[test]
fn canonical_only_where_bytes_and_values_correspond() {
    assert_eq!(String::default_serde().canonical_id(), Some(TypeId::of::<StringSerde>()));
    assert_eq!(Option::<String>::default_serde().canonical_id(), String::default_serde().canonical_id());
    assert_eq!(Arc::<str>::default_serde().canonical_id(), String::default_serde().canonical_id(), "the same bytes");
    assert_ne!(i64::default_serde().canonical_id(), u64::default_serde().canonical_id());
    assert_eq!(f64::default_serde().canonical_id(), None);
    assert_eq!(Uuid::default_serde().canonical_id(), None);
    assert_eq!(<()>::default_serde().canonical_id(), None);
    assert_eq!(Serde::<i64>::canonical_id(&JsonSerde::<i64>::new()), None);
}

#[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
struct Order {
    id: u64,
    note: Option<String>,
}

#[test]
fn json_bincode_and_postcard() {
    let order = Order { id: 300, note: Some("x".into()) };
    assert_eq!(bytes(&JsonSerde::new(), order.clone()), br#"{"id":300,"note":"x"}"#);
    assert_eq!(default_bytes(Json(order.clone())), br#"{"id":300,"note":"x"}"#);
    assert_eq!(bytes(&BincodeSerde::new(), order.clone()), [251, 44, 1, 1, 1, b'x']);
    assert_eq!(default_bytes(Bincode(order.clone())), [251, 44, 1, 1, 1, b'x']);
    assert_eq!(bytes(&PostcardSerde::new(), order.clone()), [0xac, 0x02, 1, 1, b'x']);
    assert_eq!(default_bytes(Postcard(order)), [0xac, 0x02, 1, 1, b'x']);
    assert!(refusal::<Order>(&JsonSerde::new(), Some(b"{")).contains("EOF"));
    assert!(refusal::<u8>(&BincodeSerde::new(), Some(&[1, 2])).contains("1 bytes left over"));
    assert!(refusal::<u8>(&PostcardSerde::new(), Some(&[1, 2])).contains("1 bytes left over"));
    assert!(refusal::<Order>(&PostcardSerde::new(), Some(&[1, 1, 5])).contains("end of buffer"));
    assert!(refusal::<Order>(&PostcardSerde::new(), None).contains("no room for it"));
}

#[test]
fn lists_are_java_s() {
    let variable = ListSerde::new(StringSerde);
    let two = vec!["a".to_owned(), "bc".to_owned()];
    assert_eq!(bytes(&variable, two), [&[1, 0, 0, 0, 2, 0, 0, 0, 1][..], b"a", &[0, 0, 0, 2], b"bc"].concat());
    let nullable = ListSerde::new(OptionSerde::new(StringSerde));
    assert_eq!(bytes(&nullable, vec![None, Some("a".into())]), [&[1, 0, 0, 0, 2, 255, 255, 255, 255, 0, 0, 0, 1][..], b"a"].concat());
    let constant = ListSerde::constant_size(OptionSerde::new(I16Serde), 2);
    assert_eq!(bytes(&constant, vec![Some(1i16), None]), [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1]);
    assert_eq!(bytes(&constant, vec![]), [0; 9]);
    assert_eq!(bytes(&ListSerde::new(OptionSerde::new(I16Serde)), vec![Some(1), None]), bytes(&constant, vec![Some(1), None]));
    let shared: Arc<dyn Serde<f64>> = f64::default_serde();
    assert_eq!(bytes(&ListSerde::new(shared), vec![0.0, 0.0]), [&[0, 0, 0, 0, 0, 0, 0, 0, 2][..], &[0; 16]].concat());
    assert_eq!(bytes(&ListSerde::new(UuidSerde), vec![Uuid::nil()])[..9], [0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(bytes(&ListSerde::new(BoolSerde), vec![true]), [1, 0, 0, 0, 1, 0, 0, 0, 1, 1], "as Java's list of booleans");
    assert_eq!(ListSerde::new(I16Serde).deserialize(&CX, Some(&[0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 2])).unwrap(), [1, 2]);
    assert!(refusal(&variable, Some(&[1, 0, 0, 0, 9])).contains("ends 4 bytes too early"));
    assert!(refusal(&variable, Some(&[1, 0, 0, 0, 0, 7])).contains("left over"));
    assert!(refusal(&constant, Some(&[0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1])).contains("expected 2 items of 2 bytes"));
    assert!(refusal(&variable, Some(&[1, 0x80, 0, 0, 0])).contains("out of range"));
}

#[test]
fn windowed_keys_are_java_s() {
    let serde = TimeWindowedSerde::new(StringSerde, 10_000);
    let key = Windowed::new("k".to_owned(), Window::new(60_000, 70_000));
    assert_eq!(bytes(&serde, key.clone()), [0x6b, 0, 0, 0, 0, 0, 0, 0xea, 0x60]);
    assert_eq!(key.to_string(), "[k@60000/70000]");
    let changelog = TimeWindowedSerde::new(StringSerde, 10_000).for_changelog();
    assert_eq!(bytes(&changelog, key), [0x6b, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 0, 0, 0, 0]);
    let session = SessionWindowedSerde::new(StringSerde);
    let key = Windowed::new("k".to_owned(), Window::new(1000, 5000));
    assert_eq!(bytes(&session, key), [0x6b, 0, 0, 0, 0, 0, 0, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 3, 0xe8]);
    let late = serde.deserialize(&CX, Some(&i64::MAX.to_be_bytes())).unwrap();
    assert_eq!(late.window, Window::new(i64::MAX, i64::MAX), "an end that does not fit is clamped");
    assert_eq!(refusal(&serde, Some(b"1234567")), "expected at least 8 bytes for a windowed key, got 7");
    assert_eq!(refusal(&session, Some(b"123456789")), "expected at least 16 bytes for a windowed key, got 9");
}
