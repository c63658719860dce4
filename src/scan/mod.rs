//! Text and rules in, hits out: what must not get into git in clear.

pub mod managed;
