//! Style and script, under names that hold a hash of what they hold: a browser keeps them for good, and a new version has
//! another name.

/// Packed by build.rs: every browser takes gzip, and nobody else asks for these.
const STYLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/page.css.gz"));
const SCRIPT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/page.js.gz"));
const ICON: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/page.svg.gz"));
const STYLE_HASH: u64 = hash(STYLE);
const SCRIPT_HASH: u64 = hash(SCRIPT);
const ICON_HASH: u64 = hash(ICON);

/// FNV-1a: it has to tell versions apart, not to withstand anybody.
const fn hash(mut bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    while let [byte, rest @ ..] = bytes {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        bytes = rest;
    }
    hash
}

/// The style's name below `/assets/`.
#[must_use]
pub fn style() -> String {
    format!("page.{STYLE_HASH:016x}.css")
}

/// The script's.
#[must_use]
pub fn script() -> String {
    format!("page.{SCRIPT_HASH:016x}.js")
}

/// The icon's.
#[must_use]
pub fn icon() -> String {
    format!("page.{ICON_HASH:016x}.svg")
}

/// The type of what is called `name`, and its text as gzip.
#[must_use]
pub fn find(name: &str) -> Option<(&'static str, &'static [u8])> {
    if name == style() {
        Some(("text/css; charset=utf-8", STYLE))
    } else if name == script() {
        Some(("text/javascript; charset=utf-8", SCRIPT))
    } else if name == icon() {
        Some(("image/svg+xml", ICON))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_found_by_the_names_that_pages_have_and_by_no_others() {
        for name in [style(), script(), icon()] {
            assert!(find(&name).unwrap().1.starts_with(b"\x1f\x8b\x08"), "{name}");
        }
        for name in ["", "page.css", "page.0000000000000000.css", "../Cargo.toml", "page.js"] {
            assert_eq!(find(name), None, "{name}");
        }
        assert_ne!(STYLE_HASH, SCRIPT_HASH);
    }

    #[test]
    fn assets_are_small_and_bring_nothing_from_elsewhere() {
        for text in [include_str!("assets/page.css"), include_str!("assets/page.js")] {
            assert!(text.len() <= 8 * 1024, "{}", text.len());
            for word in ["http:", "https:", "@import", "url(", "eval(", "innerHTML"] {
                assert!(!text.contains(word), "{word}");
            }
        }
    }
}
