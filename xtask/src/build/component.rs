//! A component's sections, as far as its main module is taken out and another put in its place. All else stays as it is:
//! the component knows its modules by their order, and them by the names and types of their imports and exports.

use std::ops::Range;

use anyhow::{Context, Result, ensure};

/// `\0asm`, and the version and layer of a component (a module's is 1 and 0).
const PREAMBLE: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const CUSTOM: u8 = 0;
const MODULE: u8 = 1;
/// The custom section with names for the eyes of whoever takes a component apart, as it begins: 12 KB.
const NAMES: &[u8] = b"\x0ecomponent-name";

struct Section {
    id: u8,
    /// With its id and length.
    whole: Range<usize>,
    content: Range<usize>,
}

/// The main module of a component: the largest; the others tie it to its imports.
pub(super) fn main_module(component: &[u8]) -> Result<&[u8]> {
    let sections = sections(component)?;
    Ok(&component[main(&sections)?.content.clone()])
}

/// The component with this as its main module, and without names.
pub(super) fn with_main_module(component: &[u8], module: &[u8]) -> Result<Vec<u8>> {
    let sections = sections(component)?;
    let old = main(&sections)?;
    let mut new = PREAMBLE.to_vec();
    for section in &sections {
        if section.whole == old.whole {
            new.push(MODULE);
            push_length(module.len(), &mut new);
            new.extend_from_slice(module);
        } else if section.id != CUSTOM || !component[section.content.clone()].starts_with(NAMES) {
            new.extend_from_slice(&component[section.whole.clone()]);
        }
    }
    Ok(new)
}

fn main(sections: &[Section]) -> Result<&Section> {
    let modules = sections.iter().filter(|section| section.id == MODULE);
    modules.max_by_key(|module| module.content.len()).context("there is no module in the component")
}

fn sections(component: &[u8]) -> Result<Vec<Section>> {
    ensure!(component.starts_with(&PREAMBLE), "this is no component");
    let (mut sections, mut at) = (Vec::new(), PREAMBLE.len());
    while let Some(&id) = component.get(at) {
        let (length, start) = length(component, at + 1).context("a section has no length")?;
        let content = start..start + length;
        ensure!(content.end <= component.len(), "the component ends within a section");
        sections.push(Section { id, whole: at..content.end, content: content.clone() });
        at = content.end;
    }
    Ok(sections)
}

/// Seven bits to the byte, the lowest first; returns where it ends, too.
fn length(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut length = 0;
    for shift in (0..35).step_by(7) {
        let byte = usize::from(*bytes.get(at)?);
        length |= (byte & 0x7f) << shift;
        at += 1;
        if byte < 0x80 {
            return Some((length, at));
        }
    }
    None
}

fn push_length(mut length: usize, to: &mut Vec<u8>) {
    while length >= 0x80 {
        to.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    to.push(length as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(sections: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = PREAMBLE.to_vec();
        for (id, content) in sections {
            bytes.push(*id);
            push_length(content.len(), &mut bytes);
            bytes.extend_from_slice(content);
        }
        bytes
    }

    #[test]
    fn the_largest_module_is_replaced_and_all_around_it_stays() {
        let old = [7; 300];
        let of = |module: &[u8]| component(&[(7, b"type"), (1, module), (1, b"shim"), (2, b"instance")]);
        assert_eq!(main_module(&of(&old)).unwrap(), old);
        for new in [&[8; 20_000][..], &[8; 127], &[8; 128], b"smaller"] {
            assert_eq!(with_main_module(&of(&old), new).unwrap(), of(new));
        }
    }

    #[test]
    fn names_are_left_out_and_other_custom_sections_are_not() {
        let with = component(&[(0, b"\x0ecomponent-name..."), (1, b"module"), (0, b"\x09producers...")]);
        let without = component(&[(1, b"module"), (0, b"\x09producers...")]);
        assert_eq!(with_main_module(&with, b"module").unwrap(), without);
    }

    #[test]
    fn what_is_no_whole_component_is_refused() {
        let whole = component(&[(1, b"module")]);
        let module = [b"\0asm\x01\0\0\0", &whole[8..]].concat();
        for (bytes, why) in [
            (&module[..], "this is no component"),
            (&whole[..whole.len() - 1], "ends within a section"),
            (&whole[..9], "no length"),
            (&component(&[(7, b"type")]), "no module"),
        ] {
            let error = format!("{:#}", main_module(bytes).unwrap_err());
            assert!(error.contains(why), "{error}");
        }
    }
}
