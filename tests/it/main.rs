//! The binaries together.
