//! Bodies of webhooks.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| simfront_fuzz::webhooks(body));
