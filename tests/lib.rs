//! Empty: cargo asks every package for a library or a program, and this one only has tests, which begin in `main.rs`.
