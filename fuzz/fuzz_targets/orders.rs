//! Answers of one object.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| simfront_fuzz::orders(body));
