//! Pages of the catalog.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| simfront_fuzz::packages(body));
