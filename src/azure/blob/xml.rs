//! What is read of storage's XML: the text in an element of a known name.
//!
//! Its answers are flat and machine-made, and a dozen texts are all that is wanted of them: a parser of the whole of XML
//! (roxmltree) would be 40 KB more in the component. So no tree is built, nothing is expanded but characters, and
//! whatever is not as storage writes it is nothing at all. The tests hold this to what that parser reads.

/// The insides of the elements of this name, each without an attribute of its own, one after the other.
pub(super) fn elements<'a>(document: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (begin, end) = (["<", name, ">"].concat(), ["</", name, ">"].concat());
    let mut rest = document;
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_once(begin.as_str())?;
        let (inside, behind) = behind.split_once(end.as_str())?;
        rest = behind;
        Some(inside)
    })
}

/// The text in the first element of this name; none where others stand in it.
pub(super) fn text(document: &str, name: &str) -> Option<String> {
    let mut parts = elements(document, name).next()?.split('&');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (escaped, plain) = part.split_once(';')?;
        text.push(character(escaped)?);
        text.push_str(plain);
    }
    // Of what stood there itself; an escaped one is text.
    (!elements(document, name).next()?.contains('<')).then_some(text)
}

fn character(escaped: &str) -> Option<char> {
    Some(match escaped {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = escaped.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_a_parser(document: &str, name: &str) -> Option<String> {
        let document = roxmltree::Document::parse(document).ok()?;
        let element = document.descendants().find(|node| node.has_tag_name(name))?;
        element.text().map(str::to_owned)
    }

    fn escaped(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }

    #[test]
    fn what_is_not_as_storage_writes_it_is_nothing() {
        for document in [
            "",
            "<Code>",
            "<Code>x",
            "</Code>x<Code>",
            "<Code a=\"1\">x</Code>",
            "<Code><b>x</b></Code>",
            "<Code><![CDATA[x]]></Code>",
            "<Code>&nbsp;</Code>",
            "<Code>&amp</Code>",
            "<Code>&#xD800;</Code>",
            "<Code>&#99999999999;</Code>",
            "<code>x</code>",
        ] {
            assert_eq!(text(document, "Code"), None, "{document}");
        }
        assert_eq!(text("<E><Code>&#65;&#x42;&quot;&apos;</Code></E>", "Code").as_deref(), Some("AB\"'"));
        assert_eq!(text("<E><Code></Code></E>", "Code").as_deref(), Some(""));
    }

    proptest! {
        #[test]
        fn any_texts_are_read_as_a_parser_reads_them(one in "[ -~äß€\u{1f600}]{1,30}", other in "[ -~]{1,30}") {
            let document = format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><R a=\"b\"><B><Name>{}</Name></B><B><Name>{}</Name></B><Code /></R>",
                escaped(&one),
                escaped(&other),
            );
            prop_assert_eq!(text(&document, "Name"), by_a_parser(&document, "Name"));
            let all: Vec<_> = elements(&document, "B").map(|blob| text(blob, "Name").unwrap()).collect();
            prop_assert_eq!(all, [one, other]);
            prop_assert_eq!(text(&document, "Code"), by_a_parser(&document, "Code"));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(document in "(<|>|/|&|;|#|x|Code|[0-9a-f]|.){0,60}") {
            _ = text(&document, "Code");
        }
    }
}
