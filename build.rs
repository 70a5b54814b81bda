//! Tells cargo what the compiler cannot see: files that macros embed from folders.

fn main() {
    // `sqlx::migrate!` notices changed files, not added ones.
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=locales");
    println!("cargo:rerun-if-changed=static");
}
