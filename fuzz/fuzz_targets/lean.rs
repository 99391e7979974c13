//! Frames of the lean protocol, as a function that writes to its runtime's socket could send them.
//!
//! A frame that is read is written again as a frame that reads the same, and no part of it is a frame already.

#![no_main]

use lanthorn_environment::lean::{decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(Some((frame, taken))) = decode(bytes) else { return };
    assert!(taken <= bytes.len());
    assert_eq!(decode(&bytes[..taken]), Ok(Some((frame, taken))));
    assert_eq!(decode(&bytes[..taken - 1]), Ok(None));

    let mut again = Vec::new();
    encode(&frame, &mut again);
    assert_eq!(decode(&again), Ok(Some((frame, taken))));
});
