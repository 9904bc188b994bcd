#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| stage::fuzz::journal(text));
